// Field ownership: server-side apply and the managedFields of every other write (k8s.io/apimachinery/pkg/util/managedfields).
//
// A manager is a name with an operation, an API version and a subresource. Applying takes what the configuration names, takes away what the manager
// applied before and no longer names, and refuses to change what others own unless forced. Other writes take what they change.
// Invariants: objects given are not changed; an entry's time moves only when its fields do; nobody owns the fields that the server sets.

import { decodeTyped, isObject } from '../decode.ts';
import type { JSONSchemaProps, ManagedFieldsEntry, ObjectMeta } from '../generated/types.ts';
import { equalJson } from '../patch/json-patch.ts';
import { findType } from '../schema/schema.ts';
import { newApplyConflict, newBadRequest, quote } from '../status.ts';
import { FieldSet, formatFieldPath } from './field-set.ts';
import { type Comparison, compare, extract, fieldsOf, merge, remove, viewOf, viewOfSchema } from './typed.ts';

export { FieldSet, formatFieldPath } from './field-set.ts';

export interface ManagedObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface Write {
  /** Schema type, "Deployment"; any other name means an object without schema, whose lists are atomic. */
  type: string;
  /** The schema of a custom resource. */
  schema?: JSONSchemaProps;
  manager: string;
  /** metav1.Time of the write. */
  time: string;
  /** "status", "scale"; empty for the object itself. */
  subresource?: string;
  /** Top-level fields that this endpoint does not write, such as status: nobody comes to own them through it. */
  resetFields?: readonly string[];
  /** How the write looks in other versions in which fields are owned. Owners of a version that is not here are dropped; left out: there are none. */
  elsewhere?: ReadonlyMap<string, Comparison>;
}

export interface Owner {
  entry: ManagedFieldsEntry;
  fields: FieldSet;
}

const serverFields = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];
const strippedMetadata: ReadonlySet<string> = new Set(serverFields.map((name) => `f:${name}`));
/** More managers that only update are joined into one (capmanagers.go). */
const maxUpdateManagers = 10;

/** Without what nobody owns, and what this write does not come to own. */
export function strip(set: FieldSet, { resetFields = [] }: Write): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [key, child] of set.children) {
    if (key === 'f:apiVersion' || key === 'f:kind' || resetFields.includes(key.slice(2))) continue;
    if (key !== 'f:metadata') children.set(key, child);
    else if (child.children.size > 0) {
      const kept = [...child.children].filter(([name]) => !strippedMetadata.has(name));
      if (kept.length > 0) children.set(key, new FieldSet(false, new Map(kept)));
    }
  }
  return new FieldSet(set.self, children);
}

export const readOwners = (metadata: ObjectMeta): Owner[] =>
  (metadata.managedFields ?? []).map((entry) => ({ entry, fields: FieldSet.fromJson(entry.fieldsV1) }));

export function isOwner(entry: ManagedFieldsEntry, write: Write, operation: string, apiVersion: string): boolean {
  return (
    entry.manager === write.manager &&
    entry.operation === operation &&
    (entry.subresource ?? '') === (write.subresource ?? '') &&
    (operation === 'Apply' || entry.apiVersion === apiVersion)
  );
}

export const entryFor = (write: Write, operation: string, apiVersion: string): ManagedFieldsEntry => ({
  manager: write.manager,
  operation,
  apiVersion,
  time: write.time,
  fieldsType: 'FieldsV1',
  ...(write.subresource ? { subresource: write.subresource } : {}),
});

/** Entries in upstream's order: applies before updates, older before newer, then by name. */
export function writeOwners<T extends ManagedObject>(object: T, owners: readonly Owner[]): T {
  const kept = joinOldUpdates(owners.filter((owner) => !owner.fields.empty));
  const entries = kept.map(({ entry, fields }): ManagedFieldsEntry => ({ ...entry, fieldsV1: fields.toJson() }));
  const order = (entry: ManagedFieldsEntry) =>
    `${entry.operation === 'Apply' ? 0 : 1} ${entry.operation === 'Apply' ? '' : (entry.time ?? '')} ${entry.manager ?? ''} ${entry.apiVersion ?? ''} ${entry.subresource ?? ''}`;
  entries.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const { managedFields: _old, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata } as T;
}

function joinOldUpdates(owners: readonly Owner[]): readonly Owner[] {
  const updates = owners.filter(({ entry }) => entry.operation === 'Update' && !entry.subresource);
  const surplus = updates.length - maxUpdateManagers;
  if (surplus <= 0) return owners;
  const oldest = [...updates]
    .sort((a, b) => ((a.entry.time ?? '') < (b.entry.time ?? '') ? -1 : 1))
    .slice(0, surplus + 1);
  const [first] = oldest;
  if (!first) return owners;
  const joined: Owner = {
    entry: { ...first.entry, manager: 'ancient-changes' },
    fields: oldest.reduce((set, owner) => set.union(owner.fields), FieldSet.none),
  };
  return [...owners.filter((owner) => !oldest.includes(owner)), joined];
}

export const withoutOwners = (object: object): object => {
  const metadata = (object as ManagedObject).metadata as ObjectMeta | undefined;
  if (!metadata?.managedFields) return object;
  const { managedFields: _gone, ...rest } = metadata;
  return { ...object, metadata: rest };
};

const blanks = new Map<string, object>();

/** The object of a type with nothing set: what a new object is compared with. */
function blank(type: string, apiVersion: string): object {
  if (!findType(type)) return { apiVersion, metadata: {}, spec: {}, status: {} };
  let known = blanks.get(type);
  if (!known) {
    known = decodeTyped(type, {}).object;
    blanks.set(type, known);
  }
  return { ...known, apiVersion };
}

/** `fields` over `object` as an apply would lay them, without a thought for who owns what. */
export const layOver = (of: Pick<Write, 'type' | 'schema'>, object: object, fields: object): unknown =>
  merge(viewFor(of), object, fields);

export const viewFor = ({ type, schema }: Pick<Write, 'type' | 'schema'>) =>
  schema ? viewOfSchema(schema, true) : viewOf(type);

/** Ownership after a create, update or patch that is no apply: `old` is absent for a create. Returns `object` with its managedFields. */
export function updateManagedFields<T extends ManagedObject>(
  object: T,
  old: ManagedObject | undefined,
  write: Write,
): T {
  // An empty list in a write means "forget who owns what" (kubectl apply's way back).
  if (Array.isArray(object.metadata.managedFields) && object.metadata.managedFields.length === 0 && old)
    return writeOwners(object, []);
  const given = object.metadata.managedFields ? readOwners(object.metadata) : old ? readOwners(old.metadata) : [];
  const difference = compare(
    viewFor(write),
    withoutOwners(old ?? blank(write.type, object.apiVersion)),
    withoutOwners(object),
  );
  const changed = difference.modified.union(difference.added);
  const mine = strip(changed, write);
  const owners: Owner[] = [];
  let found = false;
  for (const owner of given) {
    if (isOwner(owner.entry, write, 'Update', object.apiVersion)) {
      found = true;
      const fields = owner.fields.union(mine).difference(difference.removed);
      owners.push({ entry: fields.equals(owner.fields) ? owner.entry : { ...owner.entry, time: write.time }, fields });
      continue;
    }
    const { apiVersion = object.apiVersion } = owner.entry;
    const seen = apiVersion === object.apiVersion || !write.elsewhere ? difference : write.elsewhere.get(apiVersion);
    if (!seen) continue;
    const taken = seen === difference ? mine : strip(seen.modified.union(seen.added), write);
    owners.push({ ...owner, fields: owner.fields.difference(taken).difference(seen.removed) });
  }
  if (!found && !mine.empty) owners.push({ entry: entryFor(write, 'Update', object.apiVersion), fields: mine });
  return writeOwners(object, owners);
}

export interface ApplyWrite extends Write {
  force: boolean;
}

/**
 * Applies `config` (sparse, as written by the user) over `live` (absent for a create). The result is untyped: decode and default it, then pass it on;
 * its managedFields are final. Throws the 409 that lists every conflict.
 */
export function applyConfiguration<T extends ManagedObject>(config: T, live: T | undefined, write: ApplyWrite): T {
  if (config.metadata?.managedFields !== undefined) throw newBadRequest('metadata.managedFields must be nil');
  const view = viewFor(write);
  const base = live ? withoutOwners(live) : undefined;
  const applied = strip(fieldsOf(view, config), write);
  const merged = base ? merge(view, base, config) : config;
  const difference = compare(view, base ?? {}, merged);
  const changed = difference.modified.union(difference.added);
  let owners = live ? readOwners(live.metadata) : [];
  if (live && owners.length === 0) {
    const fields = strip(
      compare(view, blank(write.type, live.apiVersion), base).added.union(fieldsOf(view, base)),
      write,
    );
    owners = [{ entry: { ...entryFor(write, 'Update', live.apiVersion), manager: 'before-first-apply' }, fields }];
  }
  const isMine = (owner: Owner) => isOwner(owner.entry, write, 'Apply', config.apiVersion);
  const mine = owners.find(isMine);
  const others: Owner[] = [];
  const conflicts: { owner: Owner; fields: FieldSet }[] = [];
  for (const owner of owners) {
    if (isMine(owner)) continue;
    const fields = owner.fields.intersection(changed);
    if (!fields.empty) conflicts.push({ owner, fields });
    others.push({ ...owner, fields: owner.fields.difference(fields) });
  }
  if (conflicts.length > 0 && !write.force) throw conflictError(conflicts);
  const keep = others.reduce((set, owner) => set.union(owner.fields), applied);
  const result = (mine ? remove(view, merged, mine.fields, keep) : merged) as T;
  const unchanged =
    mine?.fields.equals(applied) && mine.entry.apiVersion === config.apiVersion && base && equalJson(base, result);
  const entry = unchanged && mine ? mine.entry : entryFor(write, 'Apply', config.apiVersion);
  // What went away with this apply is nobody's any more.
  const gone = base ? compare(view, base, result).removed : FieldSet.none;
  const left = others.map((owner) => ({ ...owner, fields: owner.fields.difference(gone) }));
  return writeOwners(result, [...left, { entry, fields: applied }]);
}

function describeManager({ entry }: Owner): string {
  const manager = `${quote(entry.manager ?? '')}${entry.subresource ? ` with subresource ${quote(entry.subresource)}` : ''}`;
  if (entry.operation !== 'Update') return manager;
  return `${manager} using ${entry.apiVersion}${entry.time ? ` at ${entry.time}` : ''}`;
}

export function conflictError(conflicts: readonly { owner: Owner; fields: FieldSet }[]) {
  const list = conflicts.flatMap(({ owner, fields }) =>
    [...fields.paths()].map((path) => ({ manager: describeManager(owner), field: formatFieldPath(path) })),
  );
  const causes = list.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field,
  }));
  const [first] = list;
  if (list.length === 1 && first)
    return newApplyConflict(causes, `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.field}`);
  const lines: string[] = [];
  for (const manager of [...new Set(list.map((conflict) => conflict.manager))].sort()) {
    lines.push(`conflicts with ${manager}:`);
    for (const conflict of list) if (conflict.manager === manager) lines.push(`- ${conflict.field}`);
  }
  return newApplyConflict(causes, `Apply failed with ${list.length} conflicts: ${lines.join('\n')}`);
}

/** What `manager` applied to `object`, as a sparse configuration. */
export function extractApplied(
  object: ManagedObject,
  type: string,
  manager: string,
  subresource = '',
): object | undefined {
  const owner = readOwners(object.metadata).find(
    ({ entry }) =>
      entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === subresource,
  );
  if (!owner) return undefined;
  const part = extract(viewOf(type), withoutOwners(object), owner.fields);
  const { apiVersion, kind, metadata } = object;
  const inner = isObject(part) ? part : {};
  const named = { name: metadata.name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) };
  return { apiVersion, kind, ...inner, metadata: { ...named, ...(inner['metadata'] as object | undefined) } };
}
