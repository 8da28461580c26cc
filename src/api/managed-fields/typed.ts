// Objects seen through their schema for server-side apply: which fields they set, how two differ, how one is laid over another, what to take away.
//
// Lists are atomic (one leaf), sets of scalars (v: keys) or maps by key fields (k: keys); objects are granular unless the schema calls them atomic.
// A list of maps whose items lack their keys, or repeat them, counts as atomic.

import { isObject, setOwn } from '../decode.ts';
import type { JSONSchemaProps } from '../generated/types.ts';
import { cloneJson, equalJson } from '../patch/json-patch.ts';
import { type FieldSchema, findType, type Shape, type TypeSchema } from '../schema/schema.ts';
import { FieldSet } from './field-set.ts';

/** What the walk knows about a value. */
export interface View {
  readonly type?: TypeSchema;
  readonly shape?: Shape;
  readonly field?: Pick<FieldSchema, 'listType' | 'mapKeys'> & { readonly always?: boolean };
  /** A custom resource's schema; `root` for that of the whole object. */
  readonly schema?: JSONSchemaProps;
  readonly root?: boolean;
}

/** What is known of a value by a structural schema. */
export function viewOfSchema(schema: JSONSchemaProps, root = false): View {
  const listType = schema['x-kubernetes-list-type'] as FieldSchema['listType'];
  const atomicMap = schema['x-kubernetes-map-type'] === 'atomic';
  return {
    schema,
    field: {
      ...(schema.type === 'array' ? { listType: listType ?? 'atomic' } : atomicMap ? { listType: 'atomic' } : {}),
      mapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    },
    ...(root && { root }),
  };
}

function schemaChild(view: View, name: string): View {
  if (view.root && name === 'metadata') return viewOf('ObjectMeta');
  const { properties, additionalProperties } = view.schema ?? {};
  const child = properties && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  return isObject(child) ? viewOfSchema(child as JSONSchemaProps) : {};
}

export const viewOf = (type: string): View => {
  const schema = findType(type);
  return schema ? { type: schema } : {};
};

function viewOfShape(shape: Shape, field?: FieldSchema): View {
  const type = shape.kind === 'object' ? findType(shape.type) : undefined;
  return { shape, ...(type ? { type } : {}), ...(field ? { field } : {}) };
}

export const childView = (view: View, name: string): View => {
  if (view.schema) return schemaChild(view, name);
  if (view.type) {
    const field = view.type.byName.get(name);
    return field ? viewOfShape(field.shape, field) : {};
  }
  return view.shape?.kind === 'map' ? viewOfShape(view.shape.values) : {};
};
export const itemView = (view: View): View => {
  if (view.schema) return isObject(view.schema.items) ? viewOfSchema(view.schema.items as JSONSchemaProps) : {};
  return view.shape?.kind === 'list' ? viewOfShape(view.shape.items) : {};
};

/** Names declared by the schema; the entries of a plain map are not. */
const isDeclared = (view: View, name: string): boolean => {
  if (view.schema)
    return Object.hasOwn(view.schema.properties ?? {}, name) || (view.root === true && rootFields.includes(name));
  return view.type?.byName.has(name) ?? false;
};
const rootFields = ['apiVersion', 'kind', 'metadata'];

/** Objects that own their fields one by one. Values without a schema (custom resources) do so too. */
function isGranular(view: View, value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  if (view.field?.listType === 'atomic' || view.type?.atomic) return false;
  return view.shape?.kind !== 'any' && view.shape?.kind !== 'scalar';
}

/** The items of an associative list by their key, or undefined when the list is one leaf. */
function itemsOf(view: View, value: unknown): Map<string, unknown> | undefined {
  const listType = view.field?.listType;
  if (!Array.isArray(value) || (listType !== 'map' && listType !== 'set')) return undefined;
  const out = new Map<string, unknown>();
  for (const element of value) {
    const key = itemKey(view, element);
    if (key === undefined || out.has(key)) return undefined;
    out.set(key, element);
  }
  return out;
}

/** What an item of an associative list is known by (v:... in a set, k:... in a map); undefined if it cannot be one. */
export function itemKey(view: View, element: unknown): string | undefined {
  if (view.field?.listType === 'set')
    return isObject(element) || Array.isArray(element) ? undefined : `v:${JSON.stringify(element)}`;
  if (!isObject(element)) return undefined;
  const inner = itemView(view);
  const keys: Record<string, unknown> = {};
  for (const name of [...(view.field?.mapKeys ?? [])].sort()) {
    const part = element[name] ?? inner.type?.byName.get(name)?.default ?? inner.schema?.properties?.[name]?.default;
    if (part !== undefined) keys[name] = part;
  }
  return Object.keys(keys).length === 0 ? undefined : `k:${JSON.stringify(keys)}`;
}

/** The fields that a configuration sets. */
export function fieldsOf(view: View, value: unknown): FieldSet {
  const items = itemsOf(view, value);
  if (items) {
    if (items.size === 0) return FieldSet.leaf;
    const entries = [...items].map(([key, item]): [string, FieldSet] => [
      key,
      FieldSet.leaf.union(fieldsOf(itemView(view), item)),
    ]);
    return FieldSet.of(false, entries);
  }
  if (!isGranular(view, value)) return FieldSet.leaf;
  const entries = Object.keys(value).map((name): [string, FieldSet] => {
    const child = value[name];
    const set = fieldsOf(childView(view, name), child);
    const own = child === null || (isObject(child) && Object.keys(child).length === 0) || !isDeclared(view, name);
    return [`f:${name}`, own ? FieldSet.leaf.union(set) : set];
  });
  return FieldSet.of(false, entries);
}

export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** Everything at and under a value, containers included: what appears or goes with it. */
function allOf(view: View, value: unknown): FieldSet {
  const items = itemsOf(view, value);
  if (items)
    return FieldSet.of(
      true,
      [...items].map(([key, item]): [string, FieldSet] => [key, allOf(itemView(view), item)]),
    );
  if (!isGranular(view, value)) return FieldSet.leaf;
  return FieldSet.of(
    true,
    Object.keys(value).map((name): [string, FieldSet] => [`f:${name}`, allOf(childView(view, name), value[name])]),
  );
}

const same: Comparison = { added: FieldSet.none, modified: FieldSet.none, removed: FieldSet.none };

/** The parts of a comparison as its members become known. */
class Gathered {
  readonly #children: Record<keyof Comparison, Map<string, FieldSet> | undefined> = {
    added: undefined,
    modified: undefined,
    removed: undefined,
  };

  put(part: keyof Comparison, key: string, set: FieldSet): void {
    if (set.empty) return;
    this.#children[part] ??= new Map();
    this.#children[part].set(key, set);
  }

  /** Of what is there before and after. */
  putAll(key: string, comparison: Comparison): void {
    if (comparison === same) return;
    this.put('added', key, comparison.added);
    this.put('modified', key, comparison.modified);
    this.put('removed', key, comparison.removed);
  }

  get comparison(): Comparison {
    const { added, modified, removed } = this.#children;
    if (!added && !modified && !removed) return same;
    const set = (children: Map<string, FieldSet> | undefined) =>
      children ? new FieldSet(false, children) : FieldSet.none;
    return { added: set(added), modified: set(modified), removed: set(removed) };
  }
}

/** How `now` differs from `old`. */
export function compare(view: View, old: unknown, now: unknown): Comparison {
  if (old === now) return same;
  if (isGranular(view, old) && isGranular(view, now)) return compareObjects(view, old, now);
  if (equalJson(old, now)) return same;
  const before = itemsOf(view, old);
  const after = before && itemsOf(view, now);
  if (!before || !after) return { ...same, modified: FieldSet.leaf };
  const child = itemView(view);
  const out = new Gathered();
  for (const [key, value] of after) {
    if (before.has(key)) out.putAll(key, compare(child, before.get(key), value));
    else out.put('added', key, newlyAdded(child, value));
  }
  for (const [key, value] of before) if (!after.has(key)) out.put('removed', key, allOf(child, value));
  return out.comparison;
}

function compareObjects(view: View, old: Record<string, unknown>, now: Record<string, unknown>): Comparison {
  const out = new Gathered();
  for (const name of Object.keys(now)) {
    const value = now[name];
    if (!Object.hasOwn(old, name)) out.put('added', `f:${name}`, newlyAdded(childView(view, name), value));
    else if (old[name] !== value) out.putAll(`f:${name}`, compare(childView(view, name), old[name], value));
  }
  for (const name of Object.keys(old))
    if (!Object.hasOwn(now, name)) out.put('removed', `f:${name}`, allOf(childView(view, name), old[name]));
  return out.comparison;
}

/** A list that is always written was there before, empty: only its items are new. */
function newlyAdded(view: View, value: unknown): FieldSet {
  const added = allOf(view, value);
  return view.field?.always && added.children.size > 0 ? new FieldSet(false, added.children) : added;
}

/** `config` laid over `live`. */
export function merge(view: View, live: unknown, config: unknown): unknown {
  if (live === undefined || live === null) return cloneJson(config);
  const [liveItems, configItems] = [itemsOf(view, live), itemsOf(view, config)];
  if (liveItems && configItems) {
    const out = new Map(liveItems);
    for (const [key, item] of configItems) out.set(key, merge(itemView(view), liveItems.get(key), item));
    return [...out.values()];
  }
  if (!isGranular(view, live) || !isGranular(view, config)) return cloneJson(config);
  const out: Record<string, unknown> = { ...live };
  for (const name of Object.keys(config))
    setOwn(out, name, merge(childView(view, name), Object.hasOwn(live, name) ? live[name] : undefined, config[name]));
  return out;
}

/** `value` without what `last` names and `keep` does not (nor anything under it). */
export function remove(view: View, value: unknown, last: FieldSet, keep: FieldSet): unknown {
  const stays = (key: string) => !last.children.has(key) || keep.children.has(key);
  const deeper = (key: string, child: View, item: unknown) => {
    const mine = last.children.get(key);
    return mine ? remove(child, item, mine, keep.children.get(key) ?? FieldSet.none) : item;
  };
  const items = itemsOf(view, value);
  if (items) return [...items].filter(([key]) => stays(key)).map(([key, item]) => deeper(key, itemView(view), item));
  if (!isGranular(view, value)) return value;
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(value))
    if (stays(`f:${name}`)) setOwn(out, name, deeper(`f:${name}`, childView(view, name), value[name]));
  return out;
}

/** The part of `value` that `set` names: what one manager applied (client-go's Extract). */
export function extract(view: View, value: unknown, set: FieldSet): unknown {
  const items = itemsOf(view, value);
  if (items)
    return [...items]
      .filter(([key]) => set.children.has(key))
      .map(([key, item]) => extract(itemView(view), item, set.children.get(key) as FieldSet));
  if (!isGranular(view, value) || (set.self && set.children.size === 0)) return value;
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const mine = set.children.get(`f:${name}`);
    if (mine) setOwn(out, name, extract(childView(view, name), value[name], mine));
  }
  return out;
}
