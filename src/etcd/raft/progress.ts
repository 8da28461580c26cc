// What a leader knows of one follower, and how much it may send it.
//
// probe: the point of agreement is unknown; one append at a time. replicate: appends are pipelined, at most `maxInflight` unanswered.
// snapshot: the follower needs a snapshot; nothing is sent until it has it.

export const maxInflight = 256;

export class Progress {
  /** Highest index known to be on the follower's disk. */
  match = 0;
  /** Next index to send. */
  next: number;
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** In probe: an append is out. */
  probeSent = false;
  pendingSnapshot = 0;
  /** Heard from since the last quorum check. */
  recentActive = false;
  /** Heartbeats answered since the last progress while something was out. */
  stale = 0;
  /** When the newest heartbeat it answered was sent, by the leader's clock. */
  answered = -Infinity;
  /** Last index of each unanswered append. */
  inflight: number[] = [];

  constructor(next: number) {
    this.next = next;
  }

  get paused(): boolean {
    if (this.state === 'probe') return this.probeSent;
    if (this.state === 'snapshot') return true;
    return this.inflight.length >= maxInflight;
  }

  become(state: 'probe' | 'replicate' | 'snapshot'): void {
    const pending = this.pendingSnapshot;
    this.probeSent = false;
    this.inflight = [];
    this.pendingSnapshot = 0;
    if (state === 'probe') this.next = this.state === 'snapshot' ? Math.max(this.match, pending) + 1 : this.match + 1;
    if (state === 'replicate') this.next = this.match + 1;
    this.state = state;
  }

  /** The follower has everything up to `index`. Returns whether that is news. */
  update(index: number): boolean {
    const news = index > this.match;
    if (news) {
      this.match = index;
      this.probeSent = false;
      this.stale = 0;
    }
    this.next = Math.max(this.next, index + 1);
    return news;
  }

  /** The follower refused the append after `rejected`; `hint` is where it may agree. Returns false if the refusal is stale. */
  decrease(rejected: number, hint: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      return true;
    }
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.probeSent = false;
    return true;
  }

  /** Notes that appends up to `index` were answered. */
  freeTo(index: number): void {
    let n = 0;
    while (n < this.inflight.length && (this.inflight[n] as number) <= index) n++;
    if (n > 0) this.inflight.splice(0, n);
  }
}
