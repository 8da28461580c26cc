// What a process's worker and the page's switchboard say to each other, over one port per worker.

import type { ClockSetting } from '../scaled-clock.ts';
import type { Gate } from '../trace.ts';
import type { StampedRecord } from '../traces.ts';

export type ToWorker =
  | { type: 'clock'; setting: ClockSetting }
  | { type: 'hold'; gates: readonly Gate[] }
  | { type: 'want'; gates: readonly Gate[] }
  | { type: 'release'; id: number }
  /** A client connects to an address served here. */
  | { type: 'accept'; address: string; peer: string; port: MessagePort }
  /** The answer to a dial; without a port: nobody there. */
  | { type: 'dialled'; dial: number; peer?: string; port?: MessagePort }
  /** This process's end of a named channel with a peer. */
  | { type: 'channel'; name: string; peer: string; port: MessagePort }
  | { type: 'peer'; peer: string; up: boolean }
  | { type: 'cut'; peer: string; cut: boolean };

export type ToPage =
  | { type: 'trace'; records: StampedRecord[] }
  | { type: 'arrived'; id: number; record: StampedRecord }
  | { type: 'serve'; address: string }
  | { type: 'unserve'; address: string }
  | { type: 'dial'; dial: number; address: string }
  | { type: 'open'; name: string; peer: string };

/** What a worker is given when it starts, beside its component's own configuration. */
export interface WorkerBirth {
  name: string;
  clock: ClockSetting;
  /** The clock never runs faster than this. */
  maxRate?: number;
  /** Name of this process's storage; unique per cluster and process. */
  disk: string;
  cuts: string[];
}
