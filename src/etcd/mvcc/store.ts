// The multi-version key-value store: every put and delete makes a version, numbered (revision, sub); reads choose the revision at which they look.
// Purely in memory and synchronous; durable because the raft log and snapshots (../raft, ../wal) rebuild it. After etcd's mvcc package.
//
// Invariants: `events` holds every version of revisions (compactRevision, currentRevision], in order; a key's versions ascend; a write transaction that changes
// something makes exactly one revision; after compaction a key keeps, of the revisions up to the compacted one, only the version that is visible there.

import { ownCopy } from '../bytes.ts';
import { etcdError } from '../errors.ts';
import { KeyIndex } from './key-index.ts';
import { gatherEntries, sortEvents } from './restore.ts';

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

export interface Entry {
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

/** Holds old versions in place; void once the store was filled anew. */
export interface Pin {
  readonly holds: boolean;
  release(): void;
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
  private readonly pins = new Set<object>();
  private sweepTo = -1;
  /** Deletions that compaction took out of the index, newest of each key: what is on disk from before is void by them. */
  private readonly graves = new Map<string, Version>();
  /** Values that are parts of larger texts: those of versions up to that revision; bytes of all that were and of those that went. */
  private borrowed = { upTo: 0, bytes: 0, gone: 0 };
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
    if (this.pins.size === 0) this.sweep();
  }

  /** Keeps old versions in place, so that a snapshot can be read in pieces while writes go on. */
  pin(): Pin {
    const { pins } = this;
    const pin: Pin = {
      get holds() {
        return pins.has(pin);
      },
      release: () => {
        if (pins.delete(pin) && pins.size === 0) this.sweep();
      },
    };
    pins.add(pin);
    return pin;
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

  /** Deletions later than `after` that are in the index no more, by key. */
  *buried(after: number): Generator<Version> {
    const keys = [...this.graves.keys()].sort();
    for (const key of keys) {
      const grave = this.graves.get(key);
      if (grave && grave.modRevision > after) yield grave;
    }
  }

  /** Nothing on disk is older than `revision` any more that a deletion up to it would have to void. */
  forgetBuried(revision: number): void {
    for (const [key, { modRevision }] of this.graves) if (modRevision <= revision) this.graves.delete(key);
  }

  /**
   * Empties the store and fills it with versions, in runs that ascend by key (then by revision); what a compaction at `compactRevision` does not leave may be among
   * them. Values may be parts of larger texts.
   */
  restore(currentRevision: number, compactRevision: number, versions: Iterable<Version>): void {
    this.sizeInUse = 0;
    this.pins.clear();
    this.graves.clear();
    this.sweepTo = -1;
    this.currentRevision = currentRevision;
    this.compactRevision = compactRevision;
    const entries: Entry[] = [];
    const events: Version[] = [];
    for (const entry of gatherEntries(versions)) {
      this.cutVersions(entry, compactRevision);
      if (entry.versions.length === 0) continue;
      entries.push(entry);
      for (const version of entry.versions) {
        if (version.modRevision > compactRevision) events.push(version);
        this.sizeInUse += cost(version);
      }
    }
    this.index.fill(entries);
    const first = Math.max(0, compactRevision + 1);
    this.events = sortEvents(events, first, currentRevision + 1 - first);
    this.size = this.sizeInUse;
    this.borrowed = { upTo: currentRevision, bytes: this.sizeInUse, gone: 0 };
  }

  /** Drops of an entry what a compaction does not leave. Returns the bytes that takes. */
  private cutVersions(entry: Entry, compacted: number): number {
    const keep = firstKept(entry.versions, compacted);
    if (keep === 0) return 0;
    let bytes = 0;
    for (let i = 0; i < keep; i++) {
      const version = entry.versions[i] as Version;
      bytes += cost(version);
      if (version.modRevision <= this.borrowed.upTo) this.borrowed.gone += cost(version);
    }
    const last = entry.versions[keep - 1] as Version;
    if (last.version === 0) this.graves.set(last.key, last);
    entry.versions = entry.versions.slice(keep);
    return bytes;
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
      this.sizeInUse -= this.cutVersions(entry, upTo);
      if (entry.versions.length === 0) this.index.delete(key);
    }
    if (this.borrowed.gone * 2 > this.borrowed.bytes) this.own();
  }

  /** Gives values memory of their own: half of what they are parts of is of no use any more. */
  private own(): void {
    const { upTo } = this.borrowed;
    this.borrowed = { upTo: 0, bytes: 0, gone: 0 };
    this.index.scan('', undefined, ({ versions }) => {
      for (const version of versions) {
        if (version.modRevision > upTo) break;
        Object.assign(version, { value: ownCopy(version.value) });
      }
      return undefined;
    });
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
