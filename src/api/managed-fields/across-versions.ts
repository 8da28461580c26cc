// Ownership of fields where owners speak of several versions of one object: each entry of managedFields names fields as its own apiVersion has them
// (structured-merge-diff, merge/update.go, with the fieldmanager's versionConverter).
//
// Invariants: what an owner has is compared with a write in the owner's version, so a field that another version calls by another name is known again; entries
// stay in the version in which they were written; those of a version that is served no more are dropped.

import type { JSONSchemaProps } from '../generated/types.ts';
import { equalJson } from '../patch/json-patch.ts';
import { newBadRequest } from '../status.ts';
import { FieldSet } from './field-set.ts';
import { type ApplyWrite, type Conflict, refuseConflicts, strip, viewFor } from './index.ts';
import { syncLastApplied } from './last-applied.ts';
import { entryFor, isOwner, type ManagedObject, type Owner, readOwners, withoutOwners, writeOwners } from './owners.ts';
import { type Comparison, compare, fieldsOf, merge, remove, type View } from './typed.ts';

/** A version in which an object can be seen. */
export interface Version {
  /** Schema type, and the schema of a custom resource. */
  type: string;
  schema?: JSONSchemaProps;
  /** The object, given in any version, in this one. */
  convert(object: ManagedObject): Promise<ManagedObject>;
}

/** The version of an apiVersion, or undefined if it is not served. */
export type Versions = (apiVersion: string) => Version | undefined;

/** The versions, other than the object's own, in which somebody owns fields of it. */
export function foreignVersions(object: ManagedObject): string[] {
  const named = (object.metadata.managedFields ?? []).map(({ apiVersion }) => apiVersion ?? object.apiVersion);
  return named.every((apiVersion) => apiVersion === object.apiVersion)
    ? []
    : [...new Set(named)].filter((apiVersion) => apiVersion !== object.apiVersion);
}

/** How a write looks in other versions; those that are not served are left out. */
export async function compareElsewhere(
  before: ManagedObject,
  after: ManagedObject,
  foreign: readonly string[],
  versions: Versions,
): Promise<Map<string, Comparison>> {
  const out = new Map<string, Comparison>();
  for (const apiVersion of foreign) {
    const version = versions(apiVersion);
    if (!version) continue;
    const [old, now] = [await version.convert(before), await version.convert(after)];
    out.set(apiVersion, compare(viewFor(version), withoutOwners(old), withoutOwners(now)));
  }
  return out;
}

interface Seen {
  view: View;
  to(object: object): Promise<object>;
}

/** As applyConfiguration, for a live object whose owners speak of more versions than the configuration's. */
export async function applyAcrossVersions<T extends ManagedObject>(
  config: T,
  live: T,
  write: ApplyWrite,
  versions: Versions,
): Promise<T> {
  if (config.metadata?.managedFields !== undefined) throw newBadRequest('metadata.managedFields must be nil');
  const seen = (apiVersion: string): Seen | undefined => {
    const version = versions(apiVersion);
    return version && { view: viewFor(version), to: (object) => version.convert(object as ManagedObject) };
  };
  const view = viewFor(write);
  const base = withoutOwners(live);
  const applied = strip(fieldsOf(view, config), write);
  const merged = merge(view, base, config) as object;
  const owners = readOwners(live.metadata).filter(({ entry }) => seen(entry.apiVersion ?? ''));
  const mine = owners.find(({ entry }) => isOwner(entry, write, 'Apply', config.apiVersion));
  const others = owners.filter((owner) => owner !== mine);
  const result = mine ? await prune(merged, mine, others, applied, config.apiVersion, seen) : merged;

  const foreign = [...new Set(others.map(({ entry }) => entry.apiVersion ?? ''))].filter(
    (apiVersion) => apiVersion !== config.apiVersion,
  );
  const differences = await compareElsewhere(base as T, result as T, foreign, versions);
  differences.set(config.apiVersion, compare(view, base, result));
  const conflicts: Conflict[] = [];
  const left = others.map((owner) => {
    const { added, modified, removed } = differences.get(owner.entry.apiVersion ?? '') as Comparison;
    const fields = owner.fields.intersection(modified.union(added));
    if (!fields.empty) conflicts.push({ owner, fields });
    return { ...owner, fields: owner.fields.difference(fields).difference(removed) };
  });
  refuseConflicts(conflicts, view, live, write);
  const unchanged =
    mine?.fields.equals(applied) && mine.entry.apiVersion === config.apiVersion && equalJson(base, result);
  const entry = unchanged && mine ? mine.entry : entryFor(write, 'Apply', config.apiVersion);
  return syncLastApplied(writeOwners(result as T, [...left, { entry, fields: applied }]), config, write.manager);
}

/**
 * Takes from the merged object what its manager applied before and names no longer: first as the version has it in which that was applied, then in each
 * version in which somebody owns something, where what is theirs comes back.
 */
async function prune(
  merged: object,
  mine: Owner,
  others: readonly Owner[],
  applied: FieldSet,
  apiVersion: string,
  seen: (apiVersion: string) => Seen | undefined,
): Promise<object> {
  const last = mine.entry.apiVersion ?? '';
  const owned = (version: string): FieldSet =>
    others
      .filter(({ entry }) => entry.apiVersion === version)
      .reduce((set, { fields }) => set.union(fields), version === apiVersion ? applied : FieldSet.none);
  const rest = new Set([...others.map(({ entry }) => entry.apiVersion ?? ''), apiVersion]);
  rest.delete(last);
  const first = seen(last) as Seen;
  let pruned = remove(first.view, await first.to(merged), mine.fields, owned(last)) as object;
  for (const version of rest) {
    const { view, to } = seen(version) as Seen;
    const [whole, part] = [await to(merged), await to(pruned)];
    const kept = fieldsOf(view, part).union(owned(version));
    pruned = remove(view, whole, fieldsOf(view, whole).difference(kept), kept) as object;
  }
  const own = seen(apiVersion);
  return own ? own.to(pruned) : pruned;
}
