// The timeline's view of the causal log: a filter, the newest events that pass it, and the chain the reader asked for: what led to an event ("why?") or
// what came of it.
//
// Invariant: every entry is an event of the log, as a component recorded it.

import type { Gate } from '../../env/trace.ts';
import type { TraceEvent } from '../../trace/event.ts';
import type { TraceFilter, TraceLog } from '../../trace/log.ts';
import { essenceOf, lineOf, weightOf } from '../timeline/describe.ts';
import { later } from './page-time.ts';

const page = 200;

/** How much is shown: what changed or was decided; every step; heartbeats too. */
type Detail = 'main' | 'steps' | 'all';

interface Asked {
  event: TraceEvent;
  /** 'why': what led to it. 'outcome': what came of it. */
  direction: 'why' | 'outcome';
}

export class Timeline {
  /** Free text: matched against subject, component and what is done. */
  text = $state('');
  gate = $state<Gate | ''>('');
  detail = $state<Detail>('main');
  /** Whether the newest events stay in view. */
  follow = $state(true);
  limit = $state(page);
  /** Events that match, oldest first. */
  events = $state.raw<readonly TraceEvent[]>([]);
  total = $state(0);
  asked = $state.raw<Asked | undefined>();
  /** The chain asked for, causes before effects. */
  chain = $state.raw<readonly TraceEvent[]>([]);
  #log: TraceLog | undefined;
  #waiting = false;
  /** The chain asked for with everything in it, to tell whether a new event belongs to it. */
  #whole: ReadonlySet<TraceEvent> = new Set();

  /** Reads from a log until the returned function is called. */
  connect(log: TraceLog): () => void {
    this.#log = log;
    this.answered();
    this.refresh();
    return log.subscribe((batch) => {
      this.total += batch.length;
      if (this.#waiting || (this.asked && !this.#grows(log, batch))) return;
      this.#waiting = true;
      later(150, () => {
        this.#waiting = false;
        this.refresh();
      });
    });
  }

  /** Whether an outcome that is looked at has just become longer; walking it again is dear. */
  #grows(log: TraceLog, batch: readonly TraceEvent[]): boolean {
    return (
      this.asked?.direction === 'outcome' &&
      batch.some((event) => log.causesOf(event).some((cause) => this.#whole.has(cause)))
    );
  }

  /** Reads the log again; call after a change of the filter. */
  refresh(): void {
    const log = this.#log;
    if (!log) return;
    if (this.asked) {
      const { event, direction } = this.asked;
      const chain = direction === 'why' ? log.why(event) : log.consequences(event);
      this.#whole = new Set(chain);
      this.chain = this.detail === 'main' ? essenceOf(chain, (each) => log.causesOf(each)) : chain;
      return;
    }
    const filter: TraceFilter = this.gate ? { gates: [this.gate] } : {};
    const text = this.text.trim().toLowerCase();
    const found: TraceEvent[] = [];
    const all = log.events(filter);
    for (let i = all.length - 1; i >= 0 && found.length < this.limit; i--) {
      const event = all[i] as TraceEvent;
      if (!this.#shows(event)) continue;
      if (text && !lineOf(event).toLowerCase().includes(text)) continue;
      found.push(event);
    }
    this.events = found.reverse();
  }

  #shows(event: TraceEvent): boolean {
    if (this.detail === 'all') return true;
    const weight = weightOf(event);
    // whoever asks for one kind of step wants to see it
    if (this.gate) return weight !== 'heartbeat' || this.gate === 'raft' || this.gate === 'raft send';
    return weight === 'main' || (weight === 'detail' && this.detail === 'steps');
  }

  /** Forgets the filter. */
  clear(): void {
    this.text = '';
    this.gate = '';
    this.refresh();
  }

  older(): void {
    this.limit += page;
    this.refresh();
  }

  /** Shows everything that led to an event, or everything that came of it. */
  ask(event: TraceEvent, direction: Asked['direction'] = 'why'): void {
    this.asked = { event, direction };
    this.refresh();
  }

  /** Back from a chain to the newest events. */
  answered(): void {
    this.asked = undefined;
    this.chain = [];
    this.#whole = new Set();
    this.refresh();
  }
}
