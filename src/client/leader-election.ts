// One of several replicas leads, by holding a Lease. Upstream: client-go tools/leaderelection with a LeaseLock.
//
// Invariants: a candidate takes the lease over only after watching it unchanged for a whole lease duration on its own clock (so clock skew between processes does
// not matter); a leader that cannot renew within the renew deadline, which is shorter, stops leading first. Writes are compare-and-swap on the Lease.

import type { Lease, LeaseSpec } from '../api/generated/types.ts';
import { rfc3339Micro, sleep, timeoutSignal } from '../env/clock.ts';
import type { Env } from '../env/env.ts';
import { jittered } from './backoff.ts';
import { isNotFound } from './errors.ts';
import type { EventRecorder } from './event-recorder.ts';
import { leases, withKind } from './resources.ts';
import type { RestClient } from './rest-client.ts';

export interface LeaderElectionOptions {
  env: Env;
  client: RestClient;
  /** The Lease: "kube-system" / "kube-scheduler". */
  namespace: string;
  name: string;
  /** Who we are: unique per process and start. */
  identity: string;
  /** Upstream's defaults: 15 s, 10 s, 2 s. */
  leaseDurationMs?: number;
  renewDeadlineMs?: number;
  retryPeriodMs?: number;
  /** Runs while we lead; the signal aborts when we no longer do. Election goes on when it has ended. */
  onStartedLeading: (signal: AbortSignal) => Promise<void>;
  /** Told whenever another holder is seen, ourselves included. */
  onNewLeader?: (identity: string) => void;
  /** Writes upstream's LeaderElection Events about the Lease. */
  recorder?: EventRecorder;
}

// Share by which waiting between tries is lengthened at random.
const jitterShare = 1.2;

/** Stands for election until the signal aborts: waits, leads, loses, waits again. A lease in hand is released on the way out. */
export async function runLeaderElection(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const elector = new LeaderElector(options);
  while (!signal.aborted) {
    if (!(await elector.acquire(signal))) return;
    const term = new AbortController();
    const work = options.onStartedLeading(term.signal);
    await elector.renew(signal);
    term.abort(new Error('leader election lost'));
    await work;
    await elector.release();
  }
}

export class LeaderElector {
  readonly #options: LeaderElectionOptions &
    Required<Pick<LeaderElectionOptions, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs'>>;
  #observed: Lease | undefined;
  #observedAt = 0;
  #reported = '';

  constructor(options: LeaderElectionOptions) {
    this.#options = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, ...options };
  }

  /** Whether the lease, as last seen, is ours. */
  isLeader(): boolean {
    return this.#observed?.spec.holderIdentity === this.#options.identity;
  }

  /** Tries until the lease is ours (true) or the signal aborts (false). */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { env, retryPeriodMs } = this.#options;
    while (!signal.aborted) {
      if (await this.#attempt(signal)) return true;
      await sleep(env.clock, jittered(env.random, retryPeriodMs, jitterShare), signal).catch(() => {});
    }
    return false;
  }

  /** Renews until that fails for the renew deadline, or the lease is another's, or the signal aborts. */
  async renew(signal: AbortSignal): Promise<void> {
    const { env, retryPeriodMs, renewDeadlineMs } = this.#options;
    let renewedAt = env.clock.now();
    while (!signal.aborted) {
      await sleep(env.clock, retryPeriodMs, signal).catch(() => {});
      if (signal.aborted) return;
      const left = renewedAt + renewDeadlineMs - env.clock.now();
      if (left <= 0) break;
      const startedAt = env.clock.now();
      const deadline = timeoutSignal(env.clock, left);
      const renewed = await this.#attempt(AbortSignal.any([signal, deadline.signal]));
      deadline.cancel();
      if (renewed) renewedAt = startedAt;
      else if (!this.isLeader()) break;
    }
    if (!signal.aborted) this.#note('stopped leading', 'the lease could not be renewed in time');
  }

  /** Gives the lease up, if it is still ours, so that a successor need not wait it out. Failure is harmless. */
  async release(): Promise<void> {
    const { env, client } = this.#options;
    const lease = this.#observed;
    if (!lease || !this.isLeader()) return;
    const now = rfc3339Micro(env.clock.now());
    const spec: LeaseSpec = {
      leaseTransitions: lease.spec.leaseTransitions,
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      holderIdentity: '',
    };
    const timeout = timeoutSignal(env.clock, this.#options.renewDeadlineMs);
    try {
      this.#observe(await client.update(leases, { ...lease, spec }, { signal: timeout.signal }));
      this.#note('stopped leading', 'released the lease');
    } catch {
      this.#observed = undefined;
    } finally {
      timeout.cancel();
    }
  }

  /** One try to take or keep the lease. False also for every error: the next try may do better. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { env } = this.#options;
    const timeout = timeoutSignal(env.clock, this.#options.renewDeadlineMs);
    const either = AbortSignal.any([signal, timeout.signal]);
    try {
      return await this.#tryAcquireOrRenew(either);
    } catch {
      return false;
    } finally {
      timeout.cancel();
    }
  }

  async #tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { env, client, namespace, name, identity, leaseDurationMs } = this.#options;
    const nowText = () => rfc3339Micro(env.clock.now());
    const spec: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: leaseDurationMs / 1000,
      acquireTime: nowText(),
      renewTime: nowText(),
      leaseTransitions: 0,
    };
    // The leader renews what it wrote last, without reading; if that was stale it reads.
    if (this.#observed && this.isLeader()) {
      const { acquireTime, leaseTransitions } = this.#observed.spec;
      const renewal = { ...this.#observed, spec: { ...spec, acquireTime, leaseTransitions } };
      try {
        this.#observe(await client.update(leases, renewal, { signal }));
        return true;
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
    let lease: Lease;
    try {
      lease = await client.get(leases, { namespace, name }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#observe(await client.create(leases, { metadata: { namespace, name }, spec }, { signal }));
      return true;
    }
    if (this.#observed?.metadata.resourceVersion !== lease.metadata.resourceVersion) this.#observe(lease);
    const holder = lease.spec.holderIdentity ?? '';
    const heldMs = (lease.spec.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
    if (holder !== '' && holder !== identity && this.#observedAt + heldMs > env.clock.now()) return false;
    const transitions = lease.spec.leaseTransitions ?? 0;
    const ours = holder === identity;
    const taken = {
      ...lease,
      spec: {
        ...lease.spec,
        ...spec,
        acquireTime: ours ? lease.spec.acquireTime : spec.acquireTime,
        leaseTransitions: ours ? transitions : transitions + 1,
      },
    };
    this.#observe(await client.update(leases, taken, { signal }));
    return true;
  }

  #observe(lease: Lease): void {
    const { env, identity, onNewLeader } = this.#options;
    this.#observed = lease;
    this.#observedAt = env.clock.now();
    const holder = lease.spec.holderIdentity ?? '';
    if (holder === this.#reported) return;
    this.#reported = holder;
    if (holder === '') return;
    if (holder === identity) this.#note('became leader', 'the lease was free or had run out');
    onNewLeader?.(holder);
  }

  #note(will: string, why: string): void {
    const { env, namespace, name, identity, recorder } = this.#options;
    const lease = this.#observed;
    if (lease) recorder?.event(withKind(leases, lease), 'Normal', 'LeaderElection', `${identity} ${will}`);
    env.trace.record({
      gate: 'leader',
      subject: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        namespace,
        name,
        resourceVersion: lease?.metadata.resourceVersion,
      },
      causes: [{ reason: why }],
      saw: { transitions: lease?.spec.leaseTransitions ?? 0 },
      will: `${identity} ${will}`,
    });
  }
}
