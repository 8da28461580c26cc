// One worker per pod: its syncs never overlap, and it goes through sync -> terminating -> terminated -> finished and never back. Upstream: pkg/kubelet/pod_workers.go.
//
// Invariants: once termination began no container of the pod is started again; a pod is finished only when nothing of it runs and its volumes are gone;
// a failed step is tried again with backoff; what asked for a sync while one ran makes one more sync, with all its causes.

import type { Pod } from '../../api/generated/types.ts';
import { causeOf } from '../../client/keys.ts';
import type { Cancel } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import type { Cause } from '../../env/trace.ts';
import { gracePeriodOf } from './pod.ts';

export type WorkerPhase = 'sync' | 'terminating' | 'terminated' | 'finished';

export interface KillRequest {
  /** Overrides the pod's grace. */
  graceSeconds?: number;
  /** Written into the pod's status when it is done: eviction, deadline. */
  reason?: string;
  message?: string;
}

export interface SyncRequest {
  uid: string;
  /** Undefined: only the runtime knows the pod (the API's object went while nobody looked). */
  pod: Pod | undefined;
  causes: Cause[];
  kill: KillRequest | undefined;
}

export interface SyncOutcome {
  /** All containers have ended for good. */
  terminal: boolean;
  /** Cluster ms until the next look; undefined: the usual resync. */
  requeueAfterMs?: number;
}

/** The steps, in Kubelet. */
export interface PodSyncer {
  syncPod(request: SyncRequest): Promise<SyncOutcome>;
  syncTerminatingPod(request: SyncRequest): Promise<void>;
  syncTerminatedPod(request: SyncRequest): Promise<void>;
  /** The worker has finished; `removed`: the API's object is gone too. */
  onFinished(uid: string, pod: Pod | undefined, removed: boolean): void;
  onError(request: SyncRequest, error: unknown): void;
  /** Somebody deleted the pod again with less grace while it is being stopped. */
  onGraceShortened(pod: Pod): void;
}

interface Worker {
  uid: string;
  pod: Pod | undefined;
  phase: WorkerPhase;
  kill: KillRequest | undefined;
  removed: boolean;
  causes: Cause[];
  dirty: boolean;
  running: boolean;
  timer: Cancel | undefined;
  failures: number;
}

const maxCauses = 32;
const minErrorWait = 1000;
const maxErrorWait = 60_000;

export class PodWorkers {
  private readonly env: Env;
  private readonly syncer: PodSyncer;
  private readonly resyncMs: number;
  private readonly workers = new Map<string, Worker>();
  private stopped = false;

  constructor(env: Env, syncer: PodSyncer, resyncMs: number) {
    this.env = env;
    this.syncer = syncer;
    this.resyncMs = resyncMs;
  }

  /** A new or changed pod. */
  update(pod: Pod): void {
    const worker = this.worker(pod.metadata.uid ?? '');
    const shortened =
      worker.phase === 'terminating' && worker.pod !== undefined && gracePeriodOf(pod) < gracePeriodOf(worker.pod);
    worker.pod = pod;
    if (shortened) this.syncer.onGraceShortened(pod);
    const ended =
      pod.metadata.deletionTimestamp !== undefined ||
      pod.status?.phase === 'Failed' ||
      pod.status?.phase === 'Succeeded';
    if (ended && worker.phase === 'sync') worker.phase = 'terminating';
    this.enqueue(worker, causeOf(pod));
  }

  /** Takes a pod that is not to run here at all (rejected, or ended long ago): there is nothing to do for it. */
  finish(pod: Pod): void {
    const worker = this.worker(pod.metadata.uid ?? '');
    worker.pod = pod;
    worker.phase = 'finished';
  }

  /** The API's object is gone. */
  remove(pod: Pod): void {
    const worker = this.workers.get(pod.metadata.uid ?? '');
    if (!worker) return;
    worker.removed = true;
    if (worker.phase === 'finished') {
      this.forget(worker);
      return;
    }
    if (worker.phase === 'sync') worker.phase = 'terminating';
    this.enqueue(worker, causeOf(pod));
  }

  /** Stops a pod that only the runtime knows. */
  killOrphan(uid: string): void {
    const worker = this.worker(uid);
    if (worker.pod) return;
    worker.removed = true;
    worker.phase = 'terminating';
    this.enqueue(worker, { reason: 'orphan' });
  }

  /** Ends a pod on the node's own account. */
  kill(uid: string, kill: KillRequest): void {
    const worker = this.workers.get(uid);
    if (worker?.phase !== 'sync') return;
    worker.kill = kill;
    worker.phase = 'terminating';
    this.enqueue(worker, { reason: kill.reason ?? 'kill' });
  }

  /** Asks for another look at a pod. */
  poke(uid: string, cause: Cause): void {
    const worker = this.workers.get(uid);
    if (worker && worker.phase !== 'finished') this.enqueue(worker, cause);
  }

  has(uid: string): boolean {
    return this.workers.has(uid);
  }

  phase(uid: string): WorkerPhase | undefined {
    return this.workers.get(uid)?.phase;
  }

  /** Pods that run or may run, newest version each. */
  active(): Pod[] {
    return [...this.workers.values()].flatMap((worker) =>
      worker.pod && worker.phase !== 'finished' ? [worker.pod] : [],
    );
  }

  couldHaveRunningContainers(uid: string): boolean {
    const phase = this.workers.get(uid)?.phase;
    return phase === 'sync' || phase === 'terminating';
  }

  stop(): void {
    this.stopped = true;
    for (const worker of this.workers.values()) worker.timer?.();
  }

  private worker(uid: string): Worker {
    let worker = this.workers.get(uid);
    if (!worker) {
      worker = {
        uid,
        pod: undefined,
        phase: 'sync',
        kill: undefined,
        removed: false,
        causes: [],
        dirty: false,
        running: false,
        timer: undefined,
        failures: 0,
      };
      this.workers.set(uid, worker);
    }
    return worker;
  }

  private enqueue(worker: Worker, cause: Cause): void {
    if (this.stopped || worker.phase === 'finished') return;
    worker.causes.push(cause);
    if (worker.causes.length > maxCauses) worker.causes.shift();
    worker.dirty = true;
    worker.timer?.();
    worker.timer = undefined;
    if (!worker.running) void this.work(worker);
  }

  private later(worker: Worker, milliseconds: number): void {
    worker.timer?.();
    if (this.stopped) return;
    worker.timer = this.env.clock.after(milliseconds, () => {
      worker.timer = undefined;
      this.enqueue(worker, { reason: 'timer' });
    });
  }

  private async work(worker: Worker): Promise<void> {
    worker.running = true;
    while (worker.dirty && !this.stopped) {
      worker.dirty = false;
      const request: SyncRequest = {
        uid: worker.uid,
        pod: worker.pod,
        causes: worker.causes.splice(0),
        kill: worker.kill,
      };
      try {
        await this.step(worker, request);
        worker.failures = 0;
      } catch (error) {
        if (this.stopped) break;
        this.syncer.onError(request, error);
        this.later(worker, Math.min(maxErrorWait, minErrorWait * 2 ** worker.failures++));
      }
    }
    worker.running = false;
  }

  private async step(worker: Worker, request: SyncRequest): Promise<void> {
    switch (worker.phase) {
      case 'sync': {
        const outcome = await this.syncer.syncPod(request);
        if (worker.phase !== 'sync') worker.dirty = true;
        else if (outcome.terminal) {
          worker.phase = 'terminating';
          worker.dirty = true;
        } else if (!worker.dirty) this.later(worker, Math.min(outcome.requeueAfterMs ?? this.resyncMs, this.resyncMs));
        return;
      }
      case 'terminating':
        await this.syncer.syncTerminatingPod(request);
        worker.phase = 'terminated';
        worker.dirty = true;
        return;
      case 'terminated':
        await this.syncer.syncTerminatedPod(request);
        worker.phase = 'finished';
        this.syncer.onFinished(worker.uid, worker.pod, worker.removed);
        if (worker.removed) this.workers.delete(worker.uid);
        return;
      case 'finished':
        return;
    }
  }

  private forget(worker: Worker): void {
    worker.timer?.();
    this.workers.delete(worker.uid);
    this.syncer.onFinished(worker.uid, worker.pod, true);
  }
}
