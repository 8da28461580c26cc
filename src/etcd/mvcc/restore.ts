// From the versions a disk or a message holds to what a store is made of: entries by key, events by revision. Versions come in runs, each ascending by key (a snapshot
// has one, segments of one have several); runs are merged rather than sorted anew.

import type { Entry, Version } from './store.ts';

/** All versions by key, each key's ascending. A run ends where the next key is smaller. */
export function gatherEntries(versions: Iterable<Version>): Entry[] {
  const runs: Entry[][] = [];
  let run: Entry[] = [];
  let entry: Entry | undefined;
  for (const version of versions) {
    if (entry?.key === version.key) {
      entry.versions.push(version);
      continue;
    }
    if (entry && version.key < entry.key) {
      runs.push(run);
      run = [];
    }
    entry = { key: version.key, versions: [version] };
    run.push(entry);
  }
  // the newest are the shortest, as a rule
  for (let older = runs.pop(); older; older = runs.pop()) run = merge(older, run);
  for (const { versions: own } of run) if (own.length > 1 && !ascends(own)) own.sort(byRevision);
  return run;
}

/** The versions in the order they were made. `range`: how many revisions there are from `first` on. */
export function sortEvents(versions: readonly Version[], first: number, range: number): Version[] {
  // a revision has one version at least, so counting costs no more than there is
  const starts = new Uint32Array(range + 1);
  for (const { modRevision } of versions) starts[modRevision - first + 1] = (starts[modRevision - first + 1] ?? 0) + 1;
  for (let i = 1; i <= range; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
  const events = new Array<Version>(versions.length);
  let ordered = true;
  for (const version of versions) {
    const at = starts[version.modRevision - first] as number;
    starts[version.modRevision - first] = at + 1;
    events[at] = version;
    if (version.sub > 0) ordered = false;
  }
  return ordered ? events : events.sort(byRevision);
}

function merge(older: Entry[], newer: Entry[]): Entry[] {
  const out: Entry[] = [];
  let at = 0;
  for (const entry of newer) {
    for (let next = older[at]; next && next.key < entry.key; next = older[++at]) out.push(next);
    const same = older[at]?.key === entry.key ? older[at++] : undefined;
    out.push(same ? { key: entry.key, versions: [...same.versions, ...entry.versions] } : entry);
  }
  for (; at < older.length; at++) out.push(older[at] as Entry);
  return out;
}

function byRevision(a: Version, b: Version): number {
  return a.modRevision - b.modRevision || a.sub - b.sub;
}

function ascends(versions: readonly Version[]): boolean {
  for (let i = 1; i < versions.length; i++)
    if (byRevision(versions[i - 1] as Version, versions[i] as Version) > 0) return false;
  return true;
}
