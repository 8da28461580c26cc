// Leases: which exist, which keys hang on them, and, on the leader only, when they run out. After etcd's lessor.
//
// Invariants: existence and attached keys are replicated state and change only by applied commands; expiry times are the leader's own, lost with its
// leadership and started anew (from the checkpointed remainder) by the next leader, so that no lease ends before its time.

export interface Lease {
  readonly id: string;
  /** Granted time to live, seconds. */
  readonly ttl: number;
  /** Checkpointed remainder, seconds; 0: none. */
  remainingTtl: number;
  readonly keys: Set<string>;
  /** Cluster time at which it runs out; Infinity unless this member leads. */
  expiry: number;
}

/** Longest and shortest time to live, seconds. */
export const maxLeaseTtl = 9_000_000_000;

export class Lessor {
  private readonly leases = new Map<string, Lease>();
  private primary = false;

  get isPrimary(): boolean {
    return this.primary;
  }

  get(id: string): Lease | undefined {
    return this.leases.get(id);
  }

  list(): Lease[] {
    return [...this.leases.values()];
  }

  grant(id: string, ttl: number, now: number): Lease {
    const lease: Lease = { id, ttl, remainingTtl: 0, keys: new Set(), expiry: Infinity };
    if (this.primary) lease.expiry = now + ttl * 1000;
    this.leases.set(id, lease);
    return lease;
  }

  /** Forgets a lease; the caller deletes its keys. */
  remove(id: string): void {
    this.leases.delete(id);
  }

  attach(id: string, key: string): void {
    this.leases.get(id)?.keys.add(key);
  }

  detach(id: string, key: string): void {
    if (id !== '0') this.leases.get(id)?.keys.delete(key);
  }

  /** Notes what a lease had left, for the next leader; 0: all of it. The one who leads goes on by its own account. */
  checkpoint(id: string, remainingTtl: number): void {
    const lease = this.leases.get(id);
    if (lease) lease.remainingTtl = remainingTtl;
  }

  /** On the leader: begins the lease anew. Returns its time to live, or undefined if there is none (or it has run out). */
  renew(id: string, now: number): number | undefined {
    const lease = this.leases.get(id);
    if (!lease || lease.expiry <= now) return undefined;
    lease.expiry = now + lease.ttl * 1000;
    return lease.ttl;
  }

  /** This member leads from now: every lease gets its remainder, plus `extend` ms for the time in which nobody led. */
  promote(now: number, extend: number): void {
    this.primary = true;
    for (const lease of this.leases.values())
      lease.expiry = now + (lease.remainingTtl > 0 ? lease.remainingTtl : lease.ttl) * 1000 + extend;
  }

  demote(): void {
    this.primary = false;
    for (const lease of this.leases.values()) lease.expiry = Infinity;
  }

  /** On the leader: leases that have run out, up to `limit`. */
  expired(now: number, limit: number): Lease[] {
    const out: Lease[] = [];
    if (!this.primary) return out;
    for (const lease of this.leases.values()) {
      if (lease.expiry > now) continue;
      out.push(lease);
      if (out.length >= limit) break;
    }
    return out;
  }

  /** Seconds left, as timeToLive answers: whole, rounded down, at least 0. */
  remaining(lease: Lease, now: number): number {
    return lease.expiry === Infinity ? lease.ttl : Math.max(0, Math.floor((lease.expiry - now) / 1000));
  }

  clear(): void {
    this.leases.clear();
  }

  /** Puts back what a snapshot held; keys are attached by the store's versions. */
  restore(id: string, ttl: number, remainingTtl: number): void {
    this.leases.set(id, { id, ttl, remainingTtl, keys: new Set(), expiry: Infinity });
  }
}
