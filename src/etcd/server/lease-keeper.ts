// The leader's side of leases: starts their time when it takes office, ends those that ran out, and notes the remainder of long ones in the log, so that the next
// leader does not begin them anew.

import type { LeaseCheckpoint } from './commands.ts';
import type { EtcdMember } from './member.ts';

/** ms between checkpoints, as etcd's lease checkpoint interval. */
const checkpointInterval = 300_000;
/** Most leases ended per tick, as etcd's revoke rate. */
const revokeLimit = 500;

export class LeaseKeeper {
  private readonly member: EtcdMember;
  private readonly revoking = new Set<string>();
  private lastCheckpoint = 0;

  constructor(member: EtcdMember) {
    this.member = member;
  }

  /** `extend`: ms for which nobody may have led. */
  roleChanged(leads: boolean, extend: number): void {
    const { lessor } = this.member.state;
    if (leads === lessor.isPrimary) return;
    const now = this.member.clock.now();
    if (leads) {
      lessor.promote(now, extend);
      this.lastCheckpoint = now;
    } else lessor.demote();
  }

  tick(): void {
    const { state, clock } = this.member;
    if (!state.lessor.isPrimary) return;
    const now = clock.now();
    for (const { id } of state.lessor.expired(now, revokeLimit)) {
      if (this.revoking.has(id)) continue;
      this.revoking.add(id);
      this.member
        .propose({ leaseRevoke: { ID: id } })
        .catch(() => {})
        .finally(() => this.revoking.delete(id));
    }
    if (now - this.lastCheckpoint < checkpointInterval) return;
    this.lastCheckpoint = now;
    const checkpoints: LeaseCheckpoint[] = state.lessor
      .list()
      .filter((lease) => lease.ttl * 1000 > checkpointInterval && lease.expiry > now)
      .map((lease) => ({ ID: lease.id, remainingTTL: Math.ceil((lease.expiry - now) / 1000) }));
    if (checkpoints.length > 0) this.member.propose({ leaseCheckpoint: { checkpoints } }).catch(() => {});
  }

  /** A lease begins anew; a checkpointed remainder is void then. */
  renew(id: string): number {
    const { state, clock } = this.member;
    const remainder = state.lessor.get(id)?.remainingTtl ?? 0;
    const ttl = state.lessor.renew(id, clock.now());
    if (ttl === undefined) return 0;
    if (remainder > 0)
      this.member.propose({ leaseCheckpoint: { checkpoints: [{ ID: id, remainingTTL: 0 }] } }).catch(() => {});
    return ttl;
  }
}
