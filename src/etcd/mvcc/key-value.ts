// A version of a key as the API shows it.

import type { KeyValue } from '../api/types.ts';
import type { Version } from './store.ts';

/** Zero values are left out; a tombstone shows its key and the revision of the deletion. */
export function toKeyValue(version: Version, keysOnly = false): KeyValue {
  const kv: KeyValue = { key: version.key };
  if (version.createRevision) kv.createRevision = version.createRevision;
  kv.modRevision = version.modRevision;
  if (version.version) kv.version = version.version;
  if (version.value && !keysOnly) kv.value = version.value;
  if (version.lease !== '0') kv.lease = version.lease;
  return kv;
}
