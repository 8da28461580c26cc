// The Trace of a real process: stamps records with time, name and span, hands them on in batches, and makes the component wait at gates that are held.

import type { Clock } from './clock.ts';
import { type Random, randomHex } from './random.ts';
import type { Gate, Trace, TraceContext, TraceRecord } from './trace.ts';

/** A record with who, when and where in the causal web. Same shape as trace/event.ts's UnplacedEvent. */
export interface StampedRecord extends TraceRecord {
  time: number;
  component: string;
  traceId: string;
  spanId: string;
}

/** Where a process's trace goes. */
export interface TraceSink {
  /** Called with records in order. The sink may keep them for a while to send many at once. */
  append(record: StampedRecord): void;
  /** A component now waits at a gate; `release(localId)` lets it on. */
  arrived(localId: number, record: StampedRecord): void;
}

/** Gates that are recorded only when somebody asked for them: too many otherwise. */
const onDemand: ReadonlySet<Gate> = new Set<Gate>(['raft send']);

export class ProcessTrace implements Trace {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sink: TraceSink;
  #held: ReadonlySet<Gate> = new Set();
  #wanted: ReadonlySet<Gate> = new Set();
  readonly #waiting = new Map<number, () => void>();
  #nextId = 1;

  constructor(name: string, clock: Clock, random: Random, sink: TraceSink) {
    this.#name = name;
    this.#clock = clock;
    this.#random = random;
    this.#sink = sink;
  }

  span(parent?: TraceContext): TraceContext {
    return { traceId: parent?.traceId ?? randomHex(this.#random, 32), spanId: randomHex(this.#random, 16) };
  }

  record(record: TraceRecord): void {
    this.#sink.append(this.#stamp(record));
  }

  gate(record: TraceRecord): Promise<void> | undefined {
    const stamped = this.#stamp(record);
    this.#sink.append(stamped);
    if (!this.#held.has(record.gate)) return undefined;
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#sink.arrived(id, stamped);
    });
  }

  wants(gate: Gate): boolean {
    return !onDemand.has(gate) || this.#wanted.has(gate);
  }

  /** Which gates to hold from now on. Those already waiting stay until released. */
  hold(gates: readonly Gate[]): void {
    this.#held = new Set(gates);
  }

  /** Which of the costly gates somebody reads now. */
  want(gates: readonly Gate[]): void {
    this.#wanted = new Set(gates);
  }

  release(localId: number): void {
    const resolve = this.#waiting.get(localId);
    this.#waiting.delete(localId);
    resolve?.();
  }

  #stamp(record: TraceRecord): StampedRecord {
    const { context, ...rest } = record;
    const span = context ?? this.span();
    return { ...rest, time: this.#clock.now(), component: this.#name, traceId: span.traceId, spanId: span.spanId };
  }
}
