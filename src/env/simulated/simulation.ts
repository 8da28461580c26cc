// The simulated host: any number of processes in one thread, on virtual time, with seeded randomness and a network and disks that fail on command.
// The same seed and the same calls give the same run, event by event; a failing run is replayed from its seed.
//
// How time passes: events (timers, deliveries) lie in one heap. The loop takes those due at the earliest time, runs them, lets every promise they settled
// run to its end (one turn of the real event loop), and goes on. No component waits for real time or real I/O, so nothing else can happen in between.

import type { Cancel, Clock } from '../clock.ts';
import { cryptoIdle } from '../crypto.ts';
import type { Disk } from '../disk.ts';
import type { Env } from '../env.ts';
import { type Random, seededRandom } from '../random.ts';
import { TimerHeap } from '../timer-heap.ts';
import type { Gate } from '../trace.ts';
import { ProcessTrace, type StampedRecord } from '../traces.ts';
import { SimulatedNetwork } from './simulated-network.ts';

export interface SimulationOptions {
  seed?: number;
  /** Cluster time at the beginning, ms since the epoch. */
  start?: number;
  /** One-way network delay in ms. */
  latency?: { min: number; max: number };
  /** Chances in [0, 1) for each channel message. */
  faults?: { loss?: number; duplicate?: number; reorder?: number };
  /** Makes or reopens the disk of a process; disks outlive kills. */
  disk?: (process: string, simulation: Simulation) => Disk;
  /** Receives every trace record as it is made. */
  onTrace?: (record: StampedRecord) => void;
  /** A component waits at a held gate. */
  onArrived?: (process: string, localId: number, record: StampedRecord) => void;
}

interface Process {
  name: string;
  env: Env;
  trace: ProcessTrace;
  alive: boolean;
  /** ms its clock is ahead. */
  skew: number;
}

const noDisk = (): never => {
  throw new Error('this simulation was given no disks (SimulationOptions.disk)');
};

export class Simulation {
  readonly seed: number;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly #options: SimulationOptions;
  readonly #events = new TimerHeap();
  readonly #processes = new Map<string, Process>();
  #now: number;
  #held: readonly Gate[] = [];

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.seed = options.seed ?? 1;
    this.random = seededRandom(this.seed);
    this.#now = options.start ?? Date.UTC(2026, 0, 1);
    this.network = new SimulatedNetwork(
      { now: () => this.#now, after: (ms, callback) => this.after(ms, callback) },
      this.random,
      options.latency ?? { min: 0.2, max: 2 },
      options.faults ?? {},
    );
  }

  /** Virtual time, ms since the epoch. */
  now(): number {
    return this.#now;
  }

  /** Schedules something outside any process: a fault, a check. */
  after(milliseconds: number, callback: () => void): Cancel {
    return this.#events.add(this.#now + Math.max(0, milliseconds), callback);
  }

  /** Brings up a process: a new incarnation if that name ran before (kill it first). */
  env(name: string): Env {
    if (this.#processes.get(name)?.alive) throw new Error(`${name} is running; kill it first`);
    const process: Process = { name, alive: true, skew: 0 } as Process;
    const clock: Clock = {
      now: () => this.#now + process.skew,
      after: (ms, callback) =>
        this.after(ms, () => {
          if (process.alive) callback();
        }),
    };
    // each process draws from its own source, so that one component's extra draw does not shift everybody's
    const random = seededRandom(Math.floor(this.random.next() * 0x100000000));
    process.trace = new ProcessTrace(name, clock, random, {
      append: (record) => this.#options.onTrace?.(record),
      arrived: (localId, record) => {
        if (this.#options.onArrived) this.#options.onArrived(name, localId, record);
        else process.trace.release(localId);
      },
    });
    process.trace.hold(this.#held);
    const disk = this.#options.disk;
    process.env = {
      name,
      clock,
      random,
      network: this.network.up(name),
      get disk() {
        return disk ? disk(name, self) : noDisk();
      },
      trace: process.trace,
    };
    const self = this;
    this.#processes.set(name, process);
    return process.env;
  }

  /** Ends a process at once: no timer, delivery or answer of this incarnation happens any more. Its disk stays. */
  kill(name: string): void {
    const process = this.#processes.get(name);
    if (!process?.alive) return;
    process.alive = false;
    this.network.down(name);
  }

  isAlive(name: string): boolean {
    return this.#processes.get(name)?.alive ?? false;
  }

  /** Sets how far a process's clock is ahead (negative: behind), in ms. */
  skew(name: string, milliseconds: number): void {
    const process = this.#processes.get(name);
    if (process) process.skew = milliseconds;
  }

  /** The gates of a process, for a conductor. */
  gates(name: string): ProcessTrace | undefined {
    return this.#processes.get(name)?.trace;
  }

  /** Gates that processes started from now on hold from the beginning. */
  holdInNewProcesses(gates: readonly Gate[]): void {
    this.#held = gates;
  }

  /** Runs `milliseconds` of virtual time. */
  async run(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    while ((this.#events.nextDue ?? Number.POSITIVE_INFINITY) <= end) await this.#advance();
    this.#now = end;
  }

  /** Runs until `condition` holds, asked after every event; false if it does not within `limit` ms of virtual time. */
  async runUntil(condition: () => boolean, limit: number): Promise<boolean> {
    const end = this.#now + limit;
    await settle();
    while (!condition()) {
      const due = this.#events.nextDue;
      if (due === undefined || due > end) {
        this.#now = end;
        return condition();
      }
      await this.#advance();
    }
    return true;
  }

  /** Runs until a promise settles; rejects if it does not within `limit` ms of virtual time. */
  async finish<T>(promise: Promise<T>, limit = 600_000): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    if (!(await this.runUntil(() => settled, limit))) {
      throw new Error(`not finished after ${limit} ms of virtual time (seed ${this.seed})`);
    }
    return promise;
  }

  async #advance(): Promise<void> {
    this.#now = Math.max(this.#now, this.#events.nextDue as number);
    for (let event = this.#events.take(this.#now); event; event = this.#events.take(this.#now)) event();
    await settle();
  }
}

const channel = typeof setImmediate === 'undefined' ? new MessageChannel() : undefined;

/** Lets every settled promise run, and what the platform computes for them end. */
async function settle(): Promise<void> {
  await turn();
  while (!cryptoIdle()) await turn();
}

/** One turn of the real event loop. */
function turn(): Promise<void> {
  if (!channel) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(null);
  });
}
