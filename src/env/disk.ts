// Durable storage of one process: named append-only logs and small named records (the raft hard state, snapshots).
//
// Invariant: when a promise returned by append or put has resolved, what it wrote survives the death of the process, the tab and the browser.
// Appends resolve in the order in which they were made; a record is read back whole or not at all (each carries a checksum; a torn tail is cut on open,
// and damage before the tail is an error: what was acknowledged is missing).

import type { Closable } from './network.ts';

export interface Disk {
  /** Opens a log, creating it if it is not there. One opener at a time. */
  openLog(name: string): Promise<Log>;
  /** A named blob, or undefined. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Replaces a named blob, atomically. */
  put(name: string, value: Uint8Array): Promise<void>;
  delete(name: string): Promise<void>;
  /** Names of the blobs, in order. */
  list(): Promise<string[]>;
  /** Forgets everything this process ever wrote. */
  wipe(): Promise<void>;
}

export interface LogRecord {
  /** 1, 2, 3, ... in the order of appending; never reused, also not after a cut. */
  readonly index: number;
  readonly data: Uint8Array;
}

export interface Log extends Closable {
  /** Every record that survived, in order. Rejects with CorruptLogError when a record before the last is damaged. */
  read(): Promise<LogRecord[]>;
  /** Appends one record durably; resolves with its index. */
  append(data: Uint8Array): Promise<number>;
  /** Drops records with index < `first` (after a snapshot made them superfluous). */
  dropBefore(first: number): Promise<void>;
  /** Drops records with index >= `first`. */
  dropFrom(first: number): Promise<void>;
}

/** A log holds a damaged record with others after it: not a crash's doing, and not to be trusted any more. */
export class CorruptLogError extends Error {
  constructor(log: string, index: number) {
    super(`log ${log}: record ${index} is damaged and is not the last`);
    this.name = 'CorruptLogError';
  }
}
