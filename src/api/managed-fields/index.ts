// Field ownership: server-side apply and the managedFields of every other write (k8s.io/apimachinery/pkg/util/managedfields).
//
// A manager is a name with an operation, an API version and a subresource. Applying takes what the configuration names, takes away what the manager
// applied before and no longer names, and refuses to change what others own unless forced. Other writes take what they change.
// Invariants: objects given are not changed; an entry's time moves only when its fields do; nobody owns the fields that the server sets.

import { decodeTyped, isObject } from '../decode.ts';
import type { JSONSchemaProps } from '../generated/types.ts';
import { equalJson } from '../patch/json-patch.ts';
import { findType } from '../schema/schema.ts';
import { newApplyConflict, newBadRequest, quote } from '../status.ts';
import { FieldSet, formatFieldPath } from './field-set.ts';
import { lastAppliedCovers, syncLastApplied } from './last-applied.ts';
import {
  entryFor,
  foldOldUpdates,
  givenOwners,
  isOwner,
  type ManagedObject,
  type Owner,
  readOwners,
  type Who,
  withoutOwners,
  writeOwners,
} from './owners.ts';
import {
  type Comparison,
  compare,
  extract,
  fieldsOf,
  merge,
  remove,
  type View,
  viewOf,
  viewOfSchema,
} from './typed.ts';

export { FieldSet, formatFieldPath } from './field-set.ts';
export { type ManagedObject, managedFieldsProblem } from './owners.ts';
export { typeErrors } from './type-errors.ts';

export interface Write extends Who {
  /** Schema type, "Deployment"; any other name means an object without schema, whose lists are atomic. */
  type: string;
  /** The schema of a custom resource. */
  schema?: JSONSchemaProps;
  /** Top-level fields that this endpoint does not write, such as status: nobody comes to own them through it. */
  resetFields?: readonly string[];
  /** How the write looks in other versions in which fields are owned. Owners of a version that is not here are dropped; left out: there are none. */
  elsewhere?: ReadonlyMap<string, Comparison>;
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
  const given = givenOwners(object, old, write.subresource);
  // Who was never tracked, or asked to be forgotten, is tracked again from the first apply on (skipnonapplied.go).
  if (old && given.length === 0) return writeOwners(object, []);
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
  return writeOwners(object, foldOldUpdates(owners));
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
  const changed = strip(difference.modified.union(difference.added), write);
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
  const conflicts: Conflict[] = [];
  for (const owner of owners) {
    if (isMine(owner)) continue;
    const fields = owner.fields.intersection(changed);
    if (!fields.empty) conflicts.push({ owner, fields });
    others.push({ ...owner, fields: owner.fields.difference(fields) });
  }
  if (live) refuseConflicts(conflicts, view, live, write);
  const keep = others.reduce((set, owner) => set.union(owner.fields), applied);
  const result = (mine ? remove(view, merged, mine.fields, keep) : merged) as T;
  const unchanged =
    mine?.fields.equals(applied) && mine.entry.apiVersion === config.apiVersion && base && equalJson(base, result);
  const entry = unchanged && mine ? mine.entry : entryFor(write, 'Apply', config.apiVersion);
  // What went away with this apply is nobody's any more.
  const gone = base ? compare(view, base, result).removed : FieldSet.none;
  const left = others.map((owner) => ({ ...owner, fields: owner.fields.difference(gone) }));
  return syncLastApplied(writeOwners(result, [...left, { entry, fields: applied }]), config, write.manager);
}

/** Throws the 409, unless the apply is forced or takes over what kubectl applied from the client's side before. */
export function refuseConflicts(
  conflicts: readonly Conflict[],
  view: View,
  live: ManagedObject,
  { force, manager }: ApplyWrite,
): void {
  if (conflicts.length === 0 || force) return;
  const covered = lastAppliedCovers(view, live, manager);
  const left = conflicts.map(({ owner, fields }) => ({ owner, fields: fields.difference(covered) }));
  const standing = left.filter(({ fields }) => !fields.empty);
  if (standing.length > 0) throw conflictError(standing);
}

/** Fields that an apply would change and that are another's. */
export interface Conflict {
  owner: Owner;
  fields: FieldSet;
}

function describeManager({ entry }: Owner): string {
  const manager = `${quote(entry.manager ?? '')}${entry.subresource ? ` with subresource ${quote(entry.subresource)}` : ''}`;
  if (entry.operation !== 'Update') return manager;
  return `${manager} using ${entry.apiVersion}${entry.time ? ` at ${entry.time}` : ''}`;
}

function conflictError(conflicts: readonly Conflict[]) {
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
