// The timeline's view of the causal log: a filter, the newest events that pass it, and the chain of causes the reader asked for.

import type { Gate } from '../../env/trace.ts';
import type { TraceEvent, UnplacedEvent } from '../../trace/event.ts';
import type { TraceFilter, TraceLog } from '../../trace/log.ts';
import { later } from './page-time.ts';
import { isHeartbeat } from './traffic.svelte.ts';

const page = 200;

export class Timeline {
  /** Free text: matched against subject, component and what is done. */
  text = $state('');
  gate = $state<Gate | ''>('');
  heartbeats = $state(false);
  /** Whether the newest events stay in view. */
  follow = $state(true);
  limit = $state(page);
  /** Events that match, oldest first. */
  events = $state.raw<readonly TraceEvent[]>([]);
  total = $state(0);
  /** The event whose "why?" is shown, and its causes, itself last. */
  asked = $state.raw<TraceEvent | undefined>();
  chain = $state.raw<readonly TraceEvent[]>([]);
  #log: TraceLog | undefined;
  #waiting = false;

  /** Reads from a log until the returned function is called. */
  connect(log: TraceLog): () => void {
    this.#log = log;
    this.refresh();
    return log.subscribe((batch) => {
      this.total += batch.length;
      if (this.#waiting) return;
      this.#waiting = true;
      later(150, () => {
        this.#waiting = false;
        this.refresh();
      });
    });
  }

  /** Reads the log again; call after a change of the filter. */
  refresh(): void {
    const log = this.#log;
    if (!log) return;
    const filter: TraceFilter = this.gate ? { gates: [this.gate] } : {};
    const text = this.text.trim().toLowerCase();
    if (!text && this.heartbeats) {
      this.events = log.events(filter, this.limit);
      return;
    }
    const found: TraceEvent[] = [];
    const all = log.events(filter);
    for (let i = all.length - 1; i >= 0 && found.length < this.limit; i--) {
      const event = all[i] as TraceEvent;
      if (!this.heartbeats && this.gate !== 'raft send' && isHeartbeat(event)) continue;
      if (text && !lineOf(event).toLowerCase().includes(text)) continue;
      found.push(event);
    }
    this.events = found.reverse();
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

  /** Shows everything that led to an event. */
  ask(event: TraceEvent): void {
    this.asked = event;
    this.chain = this.#log?.why(event) ?? [event];
  }

  answered(): void {
    this.asked = undefined;
    this.chain = [];
  }
}

/** One line of text for an event, for filters and screen readers. */
export function lineOf(event: UnplacedEvent): string {
  return [event.component, event.gate, subjectOf(event), event.will ?? ''].filter(Boolean).join(' ');
}

/** "Pod default/web-1", or ''. */
export function subjectOf(event: UnplacedEvent): string {
  const subject = event.subject;
  if (!subject) return '';
  return `${subject.kind} ${subject.namespace ? `${subject.namespace}/` : ''}${subject.name}`;
}
