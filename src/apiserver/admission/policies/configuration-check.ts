// What an ApplyConfiguration of a MutatingAdmissionPolicy may set: fields that the object's schema declares, and no list, map or struct that can only be set as a
// whole, since laying such over an object would drop what others have put there (policy/mutating/patch: ApplyStructuredMergeDiff).

import type { JSONSchemaProps } from '../../../api/generated/types.ts';
import { findType, type Shape } from '../../../api/schema/schema.ts';
import type { ResourceInfo } from '../../registry/resource.ts';

/** What is known of a value. */
type Node =
  | { kind: 'struct'; atomic: boolean; field(name: string): Node | undefined }
  | { kind: 'map'; atomic: boolean; values: Node }
  | { kind: 'list'; atomic: boolean; items: Node; keys: readonly string[] }
  | { kind: 'leaf' };

const leaf: Node = { kind: 'leaf' };

function nodeOfType(name: string, atomic = false): Node {
  const type = findType(name);
  if (!type) return leaf;
  return {
    kind: 'struct',
    atomic: atomic || type.atomic,
    field(child) {
      const found = type.byName.get(child);
      return found && nodeOfShape(found.shape, found.listType, found.mapKeys);
    },
  };
}

function nodeOfShape(shape: Shape, listType: string | undefined, keys: readonly string[]): Node {
  switch (shape.kind) {
    case 'object':
      return nodeOfType(shape.type, listType === 'atomic');
    case 'map':
      return { kind: 'map', atomic: listType === 'atomic', values: nodeOfShape(shape.values, undefined, []) };
    case 'list':
      return {
        kind: 'list',
        atomic: listType !== 'map' && listType !== 'set',
        items: nodeOfShape(shape.items, undefined, []),
        keys: listType === 'map' ? keys : [],
      };
    default:
      return leaf;
  }
}

function nodeOfSchema(schema: JSONSchemaProps, root = false): Node {
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  const { items, properties, additionalProperties: others } = schema;
  if (schema.type === 'array') {
    const listType = schema['x-kubernetes-list-type'];
    const keys = listType === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [];
    const each = items ? nodeOfSchema(items as JSONSchemaProps) : leaf;
    return { kind: 'list', atomic: listType !== 'map' && listType !== 'set', items: each, keys };
  }
  if (typeof others === 'object' && others !== null)
    return { kind: 'map', atomic, values: nodeOfSchema(others as JSONSchemaProps) };
  if (!properties || schema['x-kubernetes-preserve-unknown-fields']) return leaf;
  return {
    kind: 'struct',
    atomic,
    field(name) {
      if (root && name === 'metadata') return nodeOfType('ObjectMeta');
      if (root && (name === 'kind' || name === 'apiVersion')) return leaf;
      const child = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return child && nodeOfSchema(child);
    },
  };
}

interface Found {
  undeclared: string[];
  atomic: string[];
}

/** `at` is the path by index, `named` that by the keys of lists. */
function walk(node: Node, value: unknown, at: string, named: string, found: Found): void {
  if (Array.isArray(value)) {
    if (node.kind !== 'list') return;
    if (node.atomic) found.atomic.push(at);
    for (const [i, item] of value.entries()) {
      const keys = node.keys.map((key) => `${key}=${JSON.stringify((item as Record<string, unknown> | null)?.[key])}`);
      walk(node.items, item, `${at}[${i}]`, `${named}[${keys.length > 0 ? keys.join(',') : i}]`, found);
    }
    return;
  }
  if (typeof value !== 'object' || value === null || node.kind === 'leaf' || node.kind === 'list') return;
  if (node.atomic) found.atomic.push(at);
  for (const [name, child] of Object.entries(value)) {
    const known = node.kind === 'map' ? node.values : node.field(name);
    if (known) walk(known, child, `${at}.${name}`, `${named}.${name}`, found);
    else found.undeclared.push(`${named}.${name}: field not declared in schema`);
  }
}

/** What is wrong with a configuration for an object of the resource (or of the schema type that is sent to one of its subresources), or undefined. */
export function configurationProblem(
  resource: Pick<ResourceInfo, 'type' | 'schema'>,
  configuration: unknown,
): string | undefined {
  const found: Found = { undeclared: [], atomic: [] };
  const node = resource.schema ? nodeOfSchema(resource.schema, true) : nodeOfType(resource.type);
  walk(node, configuration, '', '', found);
  const { undeclared, atomic } = found;
  if (undeclared.length > 0) {
    const list =
      undeclared.length === 1 ? undeclared[0] : `errors:\n${undeclared.map((each) => `  ${each}`).join('\n')}`;
    return `error applying patch: failed to convert patch object to typed object: ${list}`;
  }
  return atomic.length > 0
    ? `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`
    : undefined;
}
