// What one record of the write-ahead log holds: the hard state, and all entries that queued up while the last record was being written, packed into one string.
// The same packing carries entries in messages, so that a batch is packed once.
//
// A record: "<term> <vote> <commit>[ <snapshot index>:<snapshot term>]\n" then packed entries. Packed entries: "<term>.<index>.<kind>.<length>,...\n" then their data, end to end.

import type { Entry, HardState } from '../raft/types.ts';

export interface WalRecord {
  hardState: HardState;
  entries: Entry[];
  /** Set when the log starts over after a snapshot: everything before this record is void. */
  reset?: { index: number; term: number };
}

let packedFor: readonly Entry[] = [];
let packedText = '';

/** Entries as one string. Packing the same run of entries again is free. */
export function packEntries(entries: readonly Entry[]): string {
  const first = entries[0];
  if (!first) return '\n';
  const same = packedFor.length === entries.length && packedFor[0] === first && packedFor.at(-1) === entries.at(-1);
  if (same) return packedText;
  const head: string[] = [];
  const data: string[] = [];
  for (const entry of entries) {
    head.push(`${entry.term}.${entry.index}.${entry.kind}.${entry.data.length}`);
    data.push(entry.data);
  }
  packedFor = entries;
  packedText = `${head.join(',')}\n${data.join('')}`;
  return packedText;
}

export function unpackEntries(text: string, from = 0): Entry[] {
  const headEnd = text.indexOf('\n', from);
  if (headEnd < 0) throw new RangeError('packed entries without a head');
  if (headEnd === from) return [];
  let at = headEnd + 1;
  const entries = text
    .slice(from, headEnd)
    .split(',')
    .map((item): Entry => {
      const [term, index, kind, length] = item.split('.').map(Number) as [number, number, number, number];
      const data = text.slice(at, at + length);
      at += length;
      return { term, index, kind: kind === 1 ? 1 : 0, data };
    });
  if (at !== text.length) throw new RangeError('packed entries of the wrong length');
  return entries;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeRecord(record: WalRecord): Uint8Array {
  const { term, vote, commit } = record.hardState;
  const reset = record.reset ? ` ${record.reset.index}:${record.reset.term}` : '';
  return encoder.encode(`${term} ${vote} ${commit}${reset}\n${packEntries(record.entries)}`);
}

export function decodeRecord(data: Uint8Array): WalRecord {
  const text = decoder.decode(data);
  const lineEnd = text.indexOf('\n');
  const [term, vote, commit, reset] = text.slice(0, lineEnd).split(' ') as [string, string, string, string | undefined];
  const record: WalRecord = {
    hardState: { term: Number(term), vote, commit: Number(commit) },
    entries: unpackEntries(text, lineEnd + 1),
  };
  if (reset) {
    const [index, at] = reset.split(':').map(Number) as [number, number];
    record.reset = { index, term: at };
  }
  return record;
}

/** The log that a sequence of records leaves behind: later records replace entries of earlier ones from their first index on. */
export function replay(records: Iterable<WalRecord>): {
  hardState: HardState;
  entries: Entry[];
  reset: { index: number; term: number };
} {
  let hardState: HardState = { term: 0, vote: '', commit: 0 };
  let entries: Entry[] = [];
  let reset = { index: 0, term: 0 };
  for (const record of records) {
    hardState = record.hardState;
    if (record.reset) {
      reset = record.reset;
      entries = [];
    }
    const first = record.entries[0];
    if (!first) continue;
    const base = entries[0]?.index ?? first.index;
    if (first.index < base || first.index > base + entries.length) entries = [];
    else entries.length = first.index - base;
    for (const entry of record.entries) entries.push(entry);
  }
  return { hardState, entries, reset };
}
