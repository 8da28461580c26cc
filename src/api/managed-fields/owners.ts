// metadata.managedFields as a list of owners: read, judged, put in order and written (apimachinery, util/managedfields/internal: managedfields.go, capmanagers.go).
//
// Invariant: an owner is a manager with an operation, a subresource and, unless it applies, an API version; there is one entry for each.

import { isObject } from '../decode.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../generated/types.ts';
import { quote } from '../status.ts';
import { FieldSet } from './field-set.ts';

export interface ManagedObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Who writes, through which subresource ('' or absent: the object itself), when (metav1.Time). */
export interface Who {
  manager: string;
  time: string;
  subresource?: string;
}

export interface Owner {
  entry: ManagedFieldsEntry;
  fields: FieldSet;
}

/** More managers that only update are joined into one for each version. */
const maxUpdateManagers = 10;
const oldUpdates = 'ancient-changes';

export const readOwners = (metadata: ObjectMeta): Owner[] =>
  (metadata.managedFields ?? []).map((entry) => ({ entry, fields: FieldSet.fromJson(entry.fieldsV1) }));

/** Why a list of entries cannot be read, or undefined. */
export function managedFieldsProblem(entries: readonly ManagedFieldsEntry[] | undefined): string | undefined {
  for (const [i, { operation, apiVersion, fieldsType, fieldsV1 }] of (entries ?? []).entries()) {
    if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`';
    if (!apiVersion) return 'apiVersion must not be empty';
    if (!fieldsType) return `missing fieldsType in managed fields entry ${i}`;
    if (fieldsType !== 'FieldsV1') return `invalid fieldsType ${quote(fieldsType)} in managed fields entry ${i}`;
    if (fieldsV1 !== undefined && !isObject(fieldsV1)) return 'error decoding set';
  }
  return undefined;
}

/** An empty list, or a list of one empty entry: "forget who owns what". */
const isReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries !== undefined &&
  (entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] as object).length === 0));

/** The owners that a write starts from: those it brings along if they make sense, else those of the live object. */
export function givenOwners(object: ManagedObject, old: ManagedObject | undefined, subresource = ''): Owner[] {
  const live = () =>
    old && managedFieldsProblem(old.metadata.managedFields) === undefined ? readOwners(old.metadata) : [];
  if (subresource !== '') return live();
  const { managedFields } = object.metadata;
  if (isReset(managedFields)) return [];
  if (!managedFields || managedFieldsProblem(managedFields) !== undefined) return live();
  return readOwners(object.metadata);
}

export function isOwner(entry: ManagedFieldsEntry, write: Who, operation: string, apiVersion: string): boolean {
  return (
    entry.manager === write.manager &&
    entry.operation === operation &&
    (entry.subresource ?? '') === (write.subresource ?? '') &&
    (operation === 'Apply' || entry.apiVersion === apiVersion)
  );
}

export const entryFor = (write: Who, operation: string, apiVersion: string): ManagedFieldsEntry => ({
  manager: write.manager,
  operation,
  apiVersion,
  time: write.time,
  fieldsType: 'FieldsV1',
  ...(write.subresource ? { subresource: write.subresource } : {}),
});

const byText = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

/** Entries in upstream's order: applies before updates, older before newer, then by name. */
export function writeOwners<T extends ManagedObject>(object: T, owners: readonly Owner[]): T {
  const kept = owners.filter((owner) => !owner.fields.empty);
  const entries = kept.map(({ entry, fields }): ManagedFieldsEntry => ({ ...entry, fieldsV1: fields.toJson() }));
  entries.sort(
    (a, b) =>
      byText(a.operation, b.operation) ||
      byText(a.time, b.time) ||
      byText(a.manager, b.manager) ||
      byText(a.apiVersion, b.apiVersion) ||
      byText(a.subresource, b.subresource),
  );
  const { managedFields: _old, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata } as T;
}

/** Joins the oldest of those who update into one owner for each version, until there are few enough. */
export function foldOldUpdates(owners: readonly Owner[]): readonly Owner[] {
  const updates = owners.filter(({ entry, fields }) => entry.operation === 'Update' && !fields.empty);
  if (updates.length <= maxUpdateManagers) return owners;
  const gone = new Set<Owner>();
  const first = new Map<string, Owner>();
  const joined = new Map<string, Owner>();
  let left = updates.length;
  updates.sort((a, b) => byText(a.entry.time, b.entry.time) || byText(a.entry.manager, b.entry.manager));
  for (const owner of updates) {
    if (left <= maxUpdateManagers) break;
    const { apiVersion = '', time } = owner.entry;
    const before = joined.get(apiVersion) ?? first.get(apiVersion);
    if (!before) {
      first.set(apiVersion, owner);
      continue;
    }
    gone.add(before).add(owner);
    const entry: ManagedFieldsEntry = {
      manager: oldUpdates,
      operation: 'Update',
      apiVersion,
      ...(time && { time }),
      fieldsType: 'FieldsV1',
    };
    joined.set(apiVersion, { entry, fields: before.fields.union(owner.fields) });
    left--;
  }
  return [...owners.filter((owner) => !gone.has(owner)), ...joined.values()];
}

export const withoutOwners = (object: object): object => {
  const metadata = (object as ManagedObject).metadata as ObjectMeta | undefined;
  if (!metadata?.managedFields) return object;
  const { managedFields: _gone, ...rest } = metadata;
  return { ...object, metadata: rest };
};
