// What moves in the picture: each entry is one real trace event, drawn once. Nothing here is a canned animation: no event, no movement.
//
// Invariants: at most `most` signals are in flight, later ones are not drawn (the timeline has them all); heartbeats (leases, Events, raft's own) are no signals:
// they light up their link from one pulse to the next, because a cluster at rest beats all the time (measured: dots for them took half a core, a frame for each
// change 3 % of one).

import type { TraceEvent } from '../../trace/event.ts';
import type { TraceLog } from '../../trace/log.ts';
import { later } from './page-time.ts';

export interface Signal {
  id: number;
  from: string;
  to: string;
  tone: 'write' | 'store' | 'watch' | 'raft';
}

interface Found extends Omit<Signal, 'id'> {
  heartbeat: boolean;
}

const most = 24;
const travel = 700;
/** Steps too many to light anything up. */
const quiet: ReadonlySet<string> = new Set(['request', 'write', 'dequeue']);

export class Traffic {
  signals = $state.raw<readonly Signal[]>([]);
  /** Links (`linkKey`) that carried a heartbeat between the last two pulses. */
  beats = $state.raw<ReadonlySet<string>>(new Set());
  /** Processes that did something a moment ago, with what. */
  active = $state.raw<ReadonlyMap<string, string>>(new Map());
  #heard = new Set<string>();
  #nextId = 1;

  /** Draws what the log records from now on. `leader` names the store's leading member, `members` all of them. Returns a function that ends it. */
  follow(log: TraceLog, store: () => { leader: string | undefined; members: readonly string[] }): () => void {
    return log.subscribe((events) => {
      if (document.visibilityState === 'hidden') return;
      const found: Found[] = [];
      for (const event of events.slice(-most)) this.#read(event, log, store(), found);
      this.#send(found.filter(({ heartbeat }) => !heartbeat));
      for (const { heartbeat, from, to } of found) if (heartbeat) this.#heard.add(linkKey(from, to));
    });
  }

  #read(
    event: TraceEvent,
    log: TraceLog,
    store: { leader: string | undefined; members: readonly string[] },
    found: Found[],
  ): void {
    const heartbeat = isHeartbeat(event);
    if (event.gate === 'committed') {
      const writer = event.parentSpanId ? log.span(event.parentSpanId)[0]?.component : undefined;
      if (writer && writer !== event.component)
        found.push({ from: writer, to: event.component, tone: 'write', heartbeat });
      if (store.leader) found.push({ from: event.component, to: store.leader, tone: 'store', heartbeat });
    } else if (event.gate === 'watch event') {
      const server = this.#server(event);
      if (server) found.push({ from: server, to: event.component, tone: 'watch', heartbeat });
    } else if (event.gate === 'raft send') {
      const to = detailOf(event, 'to');
      const alive = detailOf(event, 'type') === 'MsgHeartbeat';
      if (to) found.push({ from: event.component, to, tone: 'raft', heartbeat: alive });
    } else if (!heartbeat && !quiet.has(event.gate) && !(event.gate === 'raft' && !event.will?.startsWith('be '))) {
      this.#flash(event.component, event.will ?? event.gate);
    }
  }

  #server(event: TraceEvent): string | undefined {
    return detailOf(event, 'server') ?? 'kube-apiserver-1';
  }

  #flash(process: string, what: string): void {
    this.active = new Map(this.active).set(process, what);
    later(900, () => {
      if (this.active.get(process) !== what) return;
      const next = new Map(this.active);
      next.delete(process);
      this.active = next;
    });
  }

  #send(found: readonly Found[]): void {
    const chosen = found.slice(0, Math.max(0, most - this.signals.length));
    if (chosen.length === 0) return;
    const sent = chosen.map(({ from, to, tone }) => ({ from, to, tone, id: this.#nextId++ }));
    this.signals = [...this.signals, ...sent];
    const ids = new Set(sent.map((signal) => signal.id));
    later(travel, () => {
      this.signals = this.signals.filter((signal) => !ids.has(signal.id));
    });
  }

  /** Shows the heartbeats since the last pulse. */
  pulse(): void {
    if (this.#heard.size === 0 && this.beats.size === 0) return;
    this.beats = this.#heard;
    this.#heard = new Set();
  }
}

/** The same for both directions. */
export function linkKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** Leases and Events come by themselves all the time. */
export function isHeartbeat(event: TraceEvent): boolean {
  const kind = event.subject?.kind;
  return kind === 'Lease' || kind === 'Event' || event.gate === 'raft send';
}

function detailOf(event: TraceEvent, name: string): string | undefined {
  const detail = event.detail;
  if (!detail || typeof detail !== 'object' || Array.isArray(detail)) return undefined;
  const value = detail[name];
  return typeof value === 'string' ? value : undefined;
}
