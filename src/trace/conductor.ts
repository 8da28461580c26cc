// The conductor pauses the cluster and lets it go on one gate at a time. Processes report at which gates they wait; the conductor says which one may pass.
//
// Invariants: while paused every held gate of every process waits here, in order of arrival; `step` releases exactly one; `resume` releases all, in order.
// A process that dies takes its waiting gates with it.

import type { Gate } from '../env/trace.ts';
import type { UnplacedEvent } from './event.ts';

/** A component standing at a gate. */
export interface WaitingGate {
  /** Unique while it waits. */
  id: number;
  event: UnplacedEvent;
}

/** The conductor's line to one process. */
export interface GateKeeper {
  /** Which gates to hold from now on; none to hold nothing (those already waiting are then released by id). */
  hold(gates: readonly Gate[]): void;
  release(localId: number): void;
}

export const steppableGates: readonly Gate[] = [
  'write',
  'watch event',
  'dequeue',
  'reconcile',
  'schedule',
  'bind',
  'sync pod',
  'runtime',
  'sync proxy',
];

export interface ConductorState {
  paused: boolean;
  /** Gates being held while paused. */
  gates: readonly Gate[];
  waiting: readonly WaitingGate[];
  /** Gates let through one by one since the pause began. */
  steps: number;
}

export class Conductor {
  readonly #keepers = new Map<string, GateKeeper>();
  readonly #subscribers = new Set<(state: ConductorState) => void>();
  #state: ConductorState = { paused: false, gates: steppableGates, waiting: [], steps: 0 };
  #localIds = new Map<number, { process: string; localId: number }>();
  #nextId = 1;
  /** Called when pausing and resuming, to stop and restart the clocks of all processes. */
  onPause: (paused: boolean) => void = () => {};

  get state(): ConductorState {
    return this.#state;
  }

  subscribe(subscriber: (state: ConductorState) => void): () => void {
    this.#subscribers.add(subscriber);
    subscriber(this.#state);
    return () => this.#subscribers.delete(subscriber);
  }

  #set(change: Partial<ConductorState>): void {
    this.#state = { ...this.#state, ...change };
    for (const subscriber of this.#subscribers) subscriber(this.#state);
  }

  /** A process came up. */
  attach(process: string, keeper: GateKeeper): void {
    this.#keepers.set(process, keeper);
    if (this.#state.paused) keeper.hold(this.#state.gates);
  }

  /** A process is gone, with whatever waited in it. */
  detach(process: string): void {
    this.#keepers.delete(process);
    const gone = new Set([...this.#localIds].filter(([, at]) => at.process === process).map(([id]) => id));
    for (const id of gone) this.#localIds.delete(id);
    this.#set({ waiting: this.#state.waiting.filter((gate) => !gone.has(gate.id)) });
  }

  /** A process stands at a gate. If the pause ended in the meantime it is let through at once. */
  arrived(process: string, localId: number, event: UnplacedEvent): void {
    if (!this.#state.paused) {
      this.#keepers.get(process)?.release(localId);
      return;
    }
    const id = this.#nextId++;
    this.#localIds.set(id, { process, localId });
    this.#set({ waiting: [...this.#state.waiting, { id, event }] });
  }

  /** Stops the cluster's clock and holds gates. */
  pause(gates: readonly Gate[] = this.#state.gates): void {
    const wasPaused = this.#state.paused;
    for (const keeper of this.#keepers.values()) keeper.hold(gates);
    this.#set({ paused: true, gates, steps: wasPaused ? this.#state.steps : 0 });
    if (!wasPaused) this.onPause(true);
  }

  /** Lets one waiting gate through: the given one, or the one that waits longest. Returns it, or undefined if nothing waits. */
  step(id?: number): WaitingGate | undefined {
    const gate = id === undefined ? this.#state.waiting[0] : this.#state.waiting.find((waiting) => waiting.id === id);
    if (!gate) return undefined;
    this.#set({ waiting: this.#state.waiting.filter((waiting) => waiting !== gate), steps: this.#state.steps + 1 });
    this.#release(gate);
    return gate;
  }

  /** Restarts the clock and lets everything go on. */
  resume(): void {
    if (!this.#state.paused) return;
    const waiting = this.#state.waiting;
    for (const keeper of this.#keepers.values()) keeper.hold([]);
    this.#set({ paused: false, waiting: [] });
    this.onPause(false);
    for (const gate of waiting) this.#release(gate);
  }

  #release(gate: WaitingGate): void {
    const at = this.#localIds.get(gate.id);
    this.#localIds.delete(gate.id);
    if (at) this.#keepers.get(at.process)?.release(at.localId);
  }
}
