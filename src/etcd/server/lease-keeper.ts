// The leader's side of leases: starts their time when it takes office, ends those that ran out, and notes the remainder of long ones in the log, so that the next
// leader does not begin them anew.
//
// Invariants: a renewal is answered only by one whose leadership a quorum confirmed after it was asked for, and after everything earlier leaders decided was
// applied; a lease is ended only by a command of the term in which it ran out. So none ends before the time last promised to its holder.

import type { EtcdError } from '../client/types.ts';
import { etcdError } from '../errors.ts';
import type { LeaseCheckpoint } from './commands.ts';
import type { Replica } from './replica.ts';
import type { State } from './state.ts';

/** ms between checkpoints, as etcd's lease checkpoint interval. */
const defaultCheckpointInterval = 300_000;
/** Most leases ended per tick, as etcd's revoke rate. */
const revokeLimit = 500;

export interface LeaseHost {
  readonly state: State;
  readonly replica: Replica | undefined;
  /** Cluster time by this member's clock. */
  now(): number;
}

export class LeaseKeeper {
  private readonly host: LeaseHost;
  private readonly checkpointInterval: number;
  private readonly revoking = new Set<string>();
  private lastCheckpoint = 0;
  /** Checkpoints proposed and not yet applied. */
  private checkpointing = 0;

  constructor(host: LeaseHost, checkpointInterval = defaultCheckpointInterval) {
    this.host = host;
    this.checkpointInterval = checkpointInterval;
  }

  /** `extend`: ms for which nobody may have led. */
  roleChanged(leads: boolean, extend: number): void {
    const { lessor } = this.host.state;
    if (leads === lessor.isPrimary) return;
    const now = this.host.now();
    if (leads) {
      lessor.promote(now, extend);
      this.lastCheckpoint = now;
    } else lessor.demote();
  }

  tick(): void {
    const { state, replica } = this.host;
    if (!state.lessor.isPrimary || !replica) return;
    const now = this.host.now();
    for (const { id } of state.lessor.expired(now, revokeLimit)) {
      if (this.revoking.has(id)) continue;
      this.revoking.add(id);
      replica.proposeAsLeader({ leaseRevoke: { ID: id } }, () => this.revoking.delete(id));
    }
    if (now - this.lastCheckpoint < this.checkpointInterval) return;
    this.lastCheckpoint = now;
    const checkpoints: LeaseCheckpoint[] = state.lessor
      .list()
      .filter((lease) => lease.ttl * 1000 > this.checkpointInterval && lease.expiry > now)
      .map((lease) => ({ ID: lease.id, remainingTTL: Math.ceil((lease.expiry - now) / 1000) }));
    if (checkpoints.length > 0) this.checkpoint(replica, checkpoints, () => {});
  }

  private checkpoint(replica: Replica, checkpoints: LeaseCheckpoint[], done: (error?: EtcdError) => void): void {
    this.checkpointing++;
    replica.proposeAsLeader({ leaseCheckpoint: { checkpoints } }, (outcome) => {
      this.checkpointing--;
      done('error' in outcome ? outcome.error : undefined);
    });
  }

  /** Begins a lease anew; answers seconds, 0 if there is no such lease, or notLeader. */
  renew(id: string, done: (answer: number | EtcdError) => void): void {
    const { replica, state } = this.host;
    if (replica?.raft.role !== 'leader') {
      done(etcdError('notLeader'));
      return;
    }
    replica.readIndex((error) => {
      if (error || !state.lessor.isPrimary) {
        done(error ?? etcdError('notLeader'));
        return;
      }
      const ttl = state.lessor.renew(id, this.host.now());
      const noted = (state.lessor.get(id)?.remainingTtl ?? 0) > 0 || this.checkpointing > 0;
      if (ttl === undefined || !noted) done(ttl ?? 0);
      // the next leader must not count from what was left before
      else this.checkpoint(replica, [{ ID: id, remainingTTL: 0 }], (failure) => done(failure ?? ttl));
    });
  }
}
