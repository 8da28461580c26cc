// Disks in memory: for tests, and for clusters that need not outlive the page. With `delay` they take time to write, and a crash then does to the writes
// that were not yet acknowledged what a power cut does: each is there, missing or torn, and nothing after the first that is not there survives.
//
// Invariants: what was acknowledged is there after a crash; after open() an earlier opener of the same disk can do no more harm.

import type { Disk, Log, LogRecord } from '../disk.ts';
import type { Random } from '../random.ts';

export interface MemoryDiskOptions {
  /** Calls back when a write is done. Left out: at once. */
  delay?: (callback: () => void) => void;
  /** Decides what a crash leaves of unacknowledged writes. Left out: nothing. */
  random?: Random;
}

export interface MemoryDisks {
  /** Opens a process's disk, as after a crash of whoever had it open. */
  open(process: string): Disk;
  /** Loses a process's disk. */
  wipe(process: string): void;
}

interface LogState {
  records: LogRecord[];
  next: number;
}

interface DiskState {
  logs: Map<string, LogState>;
  blobs: Map<string, Uint8Array>;
  /** Writes under way, oldest first. */
  pending: { apply: () => void }[];
  opener: object | undefined;
}

export function createMemoryDisks(options: MemoryDiskOptions = {}): MemoryDisks {
  const disks = new Map<string, DiskState>();
  return {
    open(process) {
      let state = disks.get(process);
      if (!state) {
        state = { logs: new Map(), blobs: new Map(), pending: [], opener: undefined };
        disks.set(process, state);
      }
      crash(state, options.random);
      return new MemoryDisk(state, options);
    },
    wipe(process) {
      disks.delete(process);
    },
  };
}

/** Of the writes under way, a prefix of random length happened. */
function crash(state: DiskState, random: Random | undefined): void {
  const survivors = random ? Math.floor(random.next() * (state.pending.length + 1)) : 0;
  for (const write of state.pending.slice(0, survivors)) write.apply();
  state.pending = [];
}

class MemoryDisk implements Disk {
  private readonly state: DiskState;
  private readonly options: MemoryDiskOptions;
  private readonly token = {};

  constructor(state: DiskState, options: MemoryDiskOptions) {
    this.state = state;
    this.options = options;
    state.opener = this.token;
  }

  async openLog(name: string): Promise<Log> {
    let log = this.state.logs.get(name);
    if (!log) {
      log = { records: [], next: 1 };
      this.state.logs.set(name, log);
    }
    const it = log;
    return {
      read: async () => [...it.records],
      append: async (data) => {
        const copy = data.slice();
        const index = it.next++;
        await this.write(() => it.records.push({ index, data: copy }));
        return index;
      },
      dropBefore: (first) =>
        this.write(() => {
          it.records = it.records.filter((record) => record.index >= first);
        }),
      dropFrom: (first) =>
        this.write(() => {
          it.records = it.records.filter((record) => record.index < first);
        }),
      close: () => {},
    };
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.state.blobs.get(name)?.slice();
  }

  put(name: string, value: Uint8Array): Promise<void> {
    const copy = value.slice();
    return this.write(() => this.state.blobs.set(name, copy));
  }

  delete(name: string): Promise<void> {
    return this.write(() => this.state.blobs.delete(name));
  }

  async list(): Promise<string[]> {
    return [...this.state.blobs.keys()].sort();
  }

  wipe(): Promise<void> {
    return this.write(() => {
      this.state.blobs.clear();
      for (const log of this.state.logs.values()) log.records = [];
    });
  }

  /** Resolves when the write is durable; never, if the process crashes before. */
  private write(apply: () => unknown): Promise<void> {
    if (this.state.opener !== this.token) return new Promise(() => {});
    const { delay } = this.options;
    if (!delay) {
      apply();
      return Promise.resolve();
    }
    const { pending } = this.state;
    const write = { apply: () => void apply() };
    pending.push(write);
    return new Promise((resolve) => {
      delay(() => {
        if (this.state.opener !== this.token) return;
        // writes end in the order in which they began
        const at = this.state.pending.indexOf(write);
        if (at < 0) return resolve();
        for (const done of this.state.pending.splice(0, at + 1)) done.apply();
        resolve();
      });
    });
  }
}
