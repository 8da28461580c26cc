// Paths to fields as rules and selectable fields write them: .spec.color, .labels['a.b'] (apiextensions-apiserver's cel.ValidFieldPath).

import { valuesOf } from '../../api/cel/schema-types.ts';
import type { FieldPath } from '../../api/field-error.ts';
import type { JSONSchemaProps } from '../../api/generated/types.ts';

export interface ResolvedPath {
  /** The names on the way; those of map entries are marked. */
  steps: readonly { name: string; key: boolean }[];
  schema: JSONSchemaProps;
  /** This path below another. */
  under(at: FieldPath): FieldPath;
}

export class PathError extends Error {}

/** Follows a path through a schema. Throws a PathError. */
export function resolveFieldPath(path: string, root: JSONSchemaProps, brackets = true): ResolvedPath {
  const steps: { name: string; key: boolean }[] = [];
  let schema = root;
  const go = (name: string) => {
    const { properties } = schema;
    if (properties) {
      const next = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (!next) throw new PathError('does not refer to a valid field');
      steps.push({ name, key: false });
      schema = next;
      return;
    }
    const values = valuesOf(schema);
    if (!values) throw new PathError('does not refer to a valid field');
    steps.push({ name, key: true });
    schema = values;
  };
  const pattern = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]|(.[^.[\]]*)/gy;
  for (const [all, dotted, quoted, other] of path.matchAll(pattern)) {
    if (dotted !== undefined) go(dotted);
    else if (all.startsWith('[') && !brackets) throw new PathError('array notation is not allowed');
    else if (quoted !== undefined) go(quoted.replace(/\\(.)/g, '$1'));
    else if (all === '.') throw new PathError('unexpected end of JSON path');
    else if (all.startsWith('[')) throw new PathError(`expected single quoted string but got ${all.slice(1)}`);
    else throw new PathError(`expected [ or . but got: ${other}`);
  }
  return {
    steps,
    schema,
    under: (at) => steps.reduce((sum, { name, key }) => (key ? sum.key(name) : sum.child(name)), at),
  };
}

/** The same, or undefined for a path that leads nowhere. */
export function fieldPathOf(path: string, root: JSONSchemaProps): ResolvedPath | undefined {
  try {
    return resolveFieldPath(path, root);
  } catch {
    return undefined;
  }
}
