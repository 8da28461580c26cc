// The multi-version key-value store: every put and delete makes a version, numbered (revision, sub); reads choose the revision at which they look.
// Purely in memory and synchronous; durable because the raft log and snapshots (../raft, ../wal) rebuild it. After etcd's mvcc package.
//
// Invariants: `events` holds every version of revisions (compactRevision, currentRevision], in order; a key's versions ascend; a write transaction that changes
// something makes exactly one revision; after compaction a key keeps, of the revisions up to the compacted one, only the version that is visible there.

import { etcdError } from '../errors.ts';
import { KeyIndex } from './key-index.ts';

/** One version of a key. `version` 0 is a tombstone: the deletion of the key. */
export interface Version {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly sub: number;
  readonly version: number;
  /** Lease id, "0" for none. */
  readonly lease: string;
}

interface Entry {
  readonly key: string;
  versions: Version[];
}

export interface ReadOptions {
  /** 0: the newest, also inside a transaction. */
  revision?: number;
  /** 0: no limit. */
  limit?: number;
  countOnly?: boolean;
}

/** What a version costs beyond its key and value, in the store's own account of its size. */
const versionOverhead = 64;

export class Store {
  currentRevision = 1;
  compactRevision = -1;
  /** Versions of the revisions after the compacted one, in order. Read-only to others. */
  events: Version[] = [];
  /** Bytes of all versions held. */
  sizeInUse = 0;
  /** Most bytes held since the last defragmentation: what a file that never shrinks by itself would measure. */
  size = 0;

  private readonly index = new KeyIndex<Entry>();
  private sub = 0;
  private pins = 0;
  private sweepTo = -1;
  private changes = 0;

  /** Number of keys known, tombstones included. */
  get keyCount(): number {
    return this.index.size;
  }

  /**
   * The pairs of a range as of a revision. `end` undefined: one key; '\0': every key from `key` on.
   * Throws futureRevision and compacted.
   */
  read(
    key: string,
    end: string | undefined,
    options: ReadOptions = {},
  ): { kvs: Version[]; count: number; revision: number } {
    const newest = this.changes > 0 ? this.currentRevision + 1 : this.currentRevision;
    const revision = options.revision && options.revision > 0 ? options.revision : newest;
    if (revision > newest) throw etcdError('futureRevision');
    if (revision < this.compactRevision) throw etcdError('compacted');
    const limit = options.limit ?? 0;
    const kvs: Version[] = [];
    let count = 0;
    const visit = (entry: Entry) => {
      const found = visibleAt(entry.versions, revision);
      if (!found) return;
      count++;
      if (!options.countOnly && (limit === 0 || kvs.length < limit)) kvs.push(found);
    };
    if (end === undefined) {
      const entry = this.index.get(key);
      if (entry) visit(entry);
    } else {
      this.index.scan(key, end === '\0' ? undefined : end, (entry) => {
        visit(entry);
        return undefined;
      });
    }
    return { kvs, count, revision: newest };
  }

  /** The newest version of a key, or undefined when it does not exist. */
  get(key: string): Version | undefined {
    const versions = this.index.get(key)?.versions;
    const last = versions?.[versions.length - 1];
    return last && last.version > 0 ? last : undefined;
  }

  /** Runs a write transaction; its changes share one revision. `body` must not throw once it has changed something. */
  write<T>(body: () => T): T {
    this.changes = 0;
    this.sub = 0;
    try {
      return body();
    } finally {
      if (this.changes > 0) this.currentRevision++;
      this.changes = 0;
    }
  }

  /** Inside write: sets a key. Returns the revision and the previous version. */
  put(key: string, value: string, lease: string): { revision: number; previous: Version | undefined } {
    const revision = this.currentRevision + 1;
    let entry = this.index.get(key);
    const last = entry?.versions[entry.versions.length - 1];
    const previous = last && last.version > 0 ? last : undefined;
    const version: Version = {
      key: entry ? entry.key : key,
      value,
      createRevision: previous ? previous.createRevision : revision,
      modRevision: revision,
      sub: this.sub++,
      version: previous ? previous.version + 1 : 1,
      lease,
    };
    if (entry) entry.versions.push(version);
    else {
      entry = { key, versions: [version] };
      this.index.insert(entry);
    }
    this.note(version);
    return { revision, previous };
  }

  /** Inside write: deletes the keys of a range. Returns what was there. */
  deleteRange(key: string, end: string | undefined): { revision: number; deleted: Version[] } {
    const { kvs } = this.read(key, end);
    for (const kv of kvs) {
      const tombstone: Version = {
        key: kv.key,
        value: '',
        createRevision: 0,
        modRevision: this.currentRevision + 1,
        sub: this.sub++,
        version: 0,
        lease: '0',
      };
      this.index.get(kv.key)?.versions.push(tombstone);
      this.note(tombstone);
    }
    return { revision: this.changes > 0 ? this.currentRevision + 1 : this.currentRevision, deleted: kvs };
  }

  private note(version: Version): void {
    this.changes++;
    this.events.push(version);
    this.sizeInUse += cost(version);
    if (this.sizeInUse > this.size) this.size = this.sizeInUse;
  }

  /** Forgets what only revisions before `revision` could see. Throws compacted and futureRevision. */
  compact(revision: number): void {
    if (revision <= this.compactRevision) throw etcdError('compacted');
    if (revision > this.currentRevision) throw etcdError('futureRevision');
    this.compactRevision = revision;
    this.sweepTo = revision;
    if (this.pins === 0) this.sweep();
  }

  /** Keeps old versions in place, so that a snapshot can be read in pieces while writes go on. Returns the release. */
  pin(): () => void {
    this.pins++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      if (--this.pins === 0) this.sweep();
    };
  }

  /** Gives freed space back: the size becomes what is in use. */
  defragment(): void {
    this.size = this.sizeInUse;
  }

  /** Position in `events` of the first version with modRevision >= revision. */
  eventsFrom(revision: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle] as Version).modRevision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The version of a key that was visible just before `revision`, if it is still held. */
  before(key: string, revision: number): Version | undefined {
    const versions = this.index.get(key)?.versions;
    return versions && revision - 1 >= this.compactRevision ? visibleAt(versions, revision - 1) : undefined;
  }

  /**
   * All versions with modRevision <= revision that a compaction at `compacted` leaves (whether or not they were swept already), by key from `from` (inclusive),
   * until `visit` returns false.
   */
  versions(from: string, revision: number, compacted: number, visit: (version: Version) => boolean | undefined): void {
    this.index.scan(from, undefined, ({ versions }) => {
      for (let i = firstKept(versions, compacted); i < versions.length; i++) {
        const version = versions[i] as Version;
        if (version.modRevision > revision) break;
        if (visit(version) === false) return false;
      }
      return undefined;
    });
  }

  /** Empties the store and fills it from a snapshot's versions, which come by key and then by revision. */
  restore(currentRevision: number, compactRevision: number, versions: Iterable<Version>): void {
    this.index.clear();
    this.events = [];
    this.sizeInUse = 0;
    this.size = 0;
    this.pins = 0;
    this.sweepTo = -1;
    this.currentRevision = currentRevision;
    this.compactRevision = compactRevision;
    let entry: Entry | undefined;
    for (const version of versions) {
      if (entry?.key === version.key) entry.versions.push(version);
      else {
        entry = { key: version.key, versions: [version] };
        this.index.insert(entry);
      }
      if (version.modRevision > compactRevision) this.events.push(version);
      this.sizeInUse += cost(version);
    }
    this.events.sort((a, b) => a.modRevision - b.modRevision || a.sub - b.sub);
    this.size = this.sizeInUse;
  }

  private sweep(): void {
    const upTo = this.sweepTo;
    if (upTo < 0) return;
    this.sweepTo = -1;
    const cut = this.eventsFrom(upTo + 1);
    const touched = new Set<string>();
    for (let i = 0; i < cut; i++) touched.add((this.events[i] as Version).key);
    this.events = this.events.slice(cut);
    for (const key of touched) {
      const entry = this.index.get(key);
      if (!entry) continue;
      const keep = firstKept(entry.versions, upTo);
      if (keep === 0) continue;
      for (let i = 0; i < keep; i++) this.sizeInUse -= cost(entry.versions[i] as Version);
      if (keep === entry.versions.length) this.index.delete(key);
      else entry.versions = entry.versions.slice(keep);
    }
  }
}

/** Position of the first version that a compaction at that revision leaves: the one visible there, or the first later one. */
function firstKept(versions: Version[], compacted: number): number {
  let keep = 0;
  while (keep + 1 < versions.length && (versions[keep + 1] as Version).modRevision <= compacted) keep++;
  const first = versions[keep] as Version;
  return first.version === 0 && first.modRevision <= compacted ? keep + 1 : keep;
}

function visibleAt(versions: Version[], revision: number): Version | undefined {
  for (let i = versions.length - 1; i >= 0; i--) {
    const version = versions[i] as Version;
    if (version.modRevision <= revision) return version.version > 0 ? version : undefined;
  }
  return undefined;
}

function cost(version: Version): number {
  return version.key.length + version.value.length + versionOverhead;
}
