// Pods waiting to be scheduled: active (next to be tried), backing off after a failure, and unschedulable until something changes that may help them.
// Upstream: pkg/scheduler/backend/queue.
//
// Invariants: a pod is in at most one of the three (or in flight, being tried); events that happen while it is in flight are not lost on it; a pod that
// failed waits 1 s, 2 s, 4 s ... at most 10 s before its next try; nothing stays unschedulable for more than five minutes without a try.

import type { Pod } from '../../api/generated/types.ts';
import type { Clock } from '../../env/clock.ts';
import type { ClusterEvent, QueuedPod } from '../framework/types.ts';
import { Heap } from './heap.ts';

const initialBackoff = 1000;
const maxBackoff = 10_000;
const maxUnschedulable = 5 * 60_000;

export interface QueueOptions {
  clock: Clock;
  less: (a: QueuedPod, b: QueuedPod) => boolean;
  /** A reason not to let the pod in at all (scheduling gates), or undefined. */
  gatedBy: (pod: Pod) => string | undefined;
  /** Whether an event may help a pod that these plugins rejected. */
  helps: (event: ClusterEvent, rejectedBy: ReadonlySet<string>) => boolean;
}

interface InFlight {
  queued: QueuedPod;
  /** What happened while it was being tried. */
  events: Set<ClusterEvent>;
  /** Its own spec changed meanwhile. */
  changed: boolean;
  latest: Pod | undefined;
  deleted: boolean;
}

export class SchedulingQueue {
  readonly #options: QueueOptions;
  readonly #active: Heap<QueuedPod>;
  readonly #backingOff = new Map<string, { queued: QueuedPod; cancel: () => void }>();
  readonly #unschedulable = new Map<string, { queued: QueuedPod; since: number }>();
  readonly #gated = new Map<string, QueuedPod>();
  readonly #inFlight = new Map<string, InFlight>();
  #wake: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#active = new Heap(options.less);
  }

  /** Sizes, for the inspector and metrics: pods by where they wait. */
  get sizes() {
    return {
      active: this.#active.size,
      backoff: this.#backingOff.size,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
      inFlight: this.#inFlight.size,
    };
  }

  /** A pod that is not bound appeared or changed. */
  set(pod: Pod): void {
    const uid = uidOf(pod);
    const inFlight = this.#inFlight.get(uid);
    if (inFlight) {
      if (specOf(inFlight.latest ?? inFlight.queued.pod) !== specOf(pod)) inFlight.changed = true;
      inFlight.latest = pod;
      return;
    }
    const waiting = this.#active.get(uid) ?? this.#backingOff.get(uid)?.queued;
    if (waiting) {
      waiting.pod = pod;
      return;
    }
    const rejected = this.#unschedulable.get(uid);
    if (rejected) {
      const changed = specOf(rejected.queued.pod) !== specOf(pod);
      rejected.queued.pod = pod;
      if (!changed) return;
      this.#unschedulable.delete(uid);
      this.#admit(rejected.queued);
      return;
    }
    const gated = this.#gated.get(uid);
    this.#gated.delete(uid);
    this.#admit(
      gated ? { ...gated, pod } : { pod, timestamp: this.#options.clock.now(), attempts: 0, rejectedBy: new Set() },
    );
  }

  /** A pod was deleted or bound by somebody else. */
  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backingOff.get(uid)?.cancel();
    this.#backingOff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
    const inFlight = this.#inFlight.get(uid);
    if (inFlight) inFlight.deleted = true;
  }

  /** The next pod to try; waits for one. Rejects with the signal's reason. */
  async pop(signal: AbortSignal): Promise<QueuedPod> {
    for (;;) {
      signal.throwIfAborted();
      const next = this.#active.pop();
      if (next) {
        next.attempts++;
        this.#inFlight.set(uidOf(next.pod), {
          queued: next,
          events: new Set(),
          changed: false,
          latest: undefined,
          deleted: false,
        });
        return next;
      }
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
      });
    }
  }

  /** The pod of an attempt is bound, or gone: nothing more to do. */
  done(uid: string): void {
    this.#inFlight.delete(uid);
  }

  /** An attempt failed. The pod waits for help (rejected by plugins) or for its backoff (anything else). */
  reject(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const uid = uidOf(queued.pod);
    const inFlight = this.#inFlight.get(uid);
    this.#inFlight.delete(uid);
    if (!inFlight || inFlight.deleted) return;
    const again: QueuedPod = {
      ...queued,
      pod: inFlight.latest ?? queued.pod,
      rejectedBy,
      timestamp: this.#options.clock.now(),
    };
    const helped = inFlight.changed || [...inFlight.events].some((event) => this.#options.helps(event, rejectedBy));
    if (rejectedBy.size === 0 || helped) this.#backOff(again);
    else this.#unschedulable.set(uid, { queued: again, since: this.#options.clock.now() });
  }

  /** Something happened in the cluster. */
  happened(event: ClusterEvent): void {
    for (const [uid, { queued }] of this.#unschedulable) {
      if (!this.#options.helps(event, queued.rejectedBy)) continue;
      this.#unschedulable.delete(uid);
      this.#backOff(queued);
    }
    for (const inFlight of this.#inFlight.values()) inFlight.events.add(event);
  }

  /** Gives pods that were rejected long ago another try. */
  flushStale(): void {
    const now = this.#options.clock.now();
    for (const [uid, { queued, since }] of this.#unschedulable) {
      if (now - since < maxUnschedulable) continue;
      this.#unschedulable.delete(uid);
      this.#admit(queued);
    }
  }

  /** Why a pod is kept out of the queue, if it is. */
  gateReason(pod: Pod): string | undefined {
    return this.#options.gatedBy(pod);
  }

  #admit(queued: QueuedPod): void {
    if (this.#options.gatedBy(queued.pod) !== undefined) {
      this.#gated.set(uidOf(queued.pod), queued);
      return;
    }
    this.#active.push(uidOf(queued.pod), queued);
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #backOff(queued: QueuedPod): void {
    const uid = uidOf(queued.pod);
    const wait =
      Math.min(initialBackoff * 2 ** Math.max(0, queued.attempts - 1), maxBackoff) -
      (this.#options.clock.now() - queued.timestamp);
    if (wait <= 0) {
      this.#admit(queued);
      return;
    }
    const cancel = this.#options.clock.after(wait, () => {
      const waiting = this.#backingOff.get(uid);
      this.#backingOff.delete(uid);
      if (waiting) this.#admit(waiting.queued);
    });
    this.#backingOff.set(uid, { queued, cancel });
  }
}

const uidOf = (pod: Pod) => pod.metadata.uid ?? '';

/** What of a pod matters to scheduling: a change of status alone is no reason to try again. */
function specOf(pod: Pod): string {
  return JSON.stringify([pod.spec, pod.metadata.labels, pod.metadata.annotations]);
}
