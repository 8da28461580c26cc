// The cluster's one causal log, held where the UI is. It keeps the newest `capacity` events, knows which span made which revision, and walks causes
// backwards ("why?") and forwards ("what came of it?").
//
// Processes report in batches, so an effect may arrive before its cause: links are found by span and revision, never by place in the log alone.
//
// Invariants: events keep their order of arrival; an index never points at an event that has been dropped.

import type { Cause, Gate, ObjectReference } from '../env/trace.ts';
import type { TraceEvent, UnplacedEvent } from './event.ts';

/** How far the clocks of two processes may differ, in ms. */
const skew = 250;

export interface TraceFilter {
  gates?: readonly Gate[];
  component?: string;
  traceId?: string;
  /** Matches subjects by kind, namespace and name as far as given. */
  subject?: Partial<Pick<ObjectReference, 'kind' | 'namespace' | 'name'>>;
  /** Only events with seq > this. */
  afterSeq?: number;
}

export class TraceLog {
  readonly #capacity: number;
  #events: TraceEvent[] = [];
  #nextSeq = 1;
  readonly #bySpan = new Map<string, TraceEvent[]>();
  readonly #byRevision = new Map<string, TraceEvent>();
  /** When a process learned of a revision: its watch event, by "component revision". */
  readonly #learned = new Map<string, TraceEvent>();
  readonly #subscribers = new Set<(events: readonly TraceEvent[]) => void>();

  constructor(capacity = 50_000) {
    this.#capacity = capacity;
  }

  /** Adds a batch, in order, and tells subscribers once. */
  append(batch: readonly UnplacedEvent[]): void {
    if (batch.length === 0) return;
    const placed = batch.map((event) => ({ ...event, seq: this.#nextSeq++ }));
    for (const event of placed) {
      this.#events.push(event);
      const ofSpan = this.#bySpan.get(event.spanId);
      if (ofSpan) ofSpan.push(event);
      else this.#bySpan.set(event.spanId, [event]);
      const revision = event.subject?.resourceVersion;
      if (revision && event.gate === 'committed') this.#byRevision.set(revision, event);
      else if (revision && event.gate === 'watch event') this.#learned.set(`${event.component} ${revision}`, event);
    }
    // dropping in large slices keeps the cost per event constant
    if (this.#events.length > this.#capacity * 1.25) this.#drop(this.#events.length - this.#capacity);
    for (const subscriber of this.#subscribers) subscriber(placed);
  }

  #drop(count: number): void {
    for (const event of this.#events.splice(0, count)) {
      const ofSpan = this.#bySpan.get(event.spanId);
      if (ofSpan?.[0] === event) ofSpan.shift();
      if (ofSpan?.length === 0) this.#bySpan.delete(event.spanId);
      const revision = event.subject?.resourceVersion;
      if (revision && this.#byRevision.get(revision) === event) this.#byRevision.delete(revision);
      const learned = `${event.component} ${revision}`;
      if (this.#learned.get(learned) === event) this.#learned.delete(learned);
    }
  }

  /** Calls back with each batch as it arrives. Returns a function that ends it. */
  subscribe(subscriber: (events: readonly TraceEvent[]) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Events that match, oldest first; with a limit, the newest so many. */
  events(filter: TraceFilter = {}, limit = Number.POSITIVE_INFINITY): TraceEvent[] {
    const found: TraceEvent[] = [];
    for (let i = this.#events.length - 1; i >= 0 && found.length < limit; i--) {
      const event = this.#events[i] as TraceEvent;
      if (filter.afterSeq !== undefined && event.seq <= filter.afterSeq) break;
      if (matches(event, filter)) found.push(event);
    }
    return found.reverse();
  }

  /** The event that committed a resourceVersion. */
  commitOf(resourceVersion: string): TraceEvent | undefined {
    return this.#byRevision.get(resourceVersion);
  }

  /** The events of a span, in order. */
  span(spanId: string): readonly TraceEvent[] {
    return this.#bySpan.get(spanId) ?? [];
  }

  /**
   * Events that directly led to this one: its own span's earlier ones or else its parent span's, and, for each revision it names, the watch event by which
   * its process learned of it, or else the commit. Also answers for an event that waits at a gate and has no place yet.
   */
  causesOf(event: UnplacedEvent & { seq?: number }): TraceEvent[] {
    const found = new Set<TraceEvent>();
    const seq = this.#seqOf(event);
    const earlier = this.span(event.spanId).filter((other) => other.seq < seq);
    const before = earlier[earlier.length - 1];
    if (before) found.add(before);
    else if (event.parentSpanId) {
      const last = lastBefore(this.span(event.parentSpanId), event);
      if (last) found.add(last);
    }
    for (const cause of event.causes ?? []) {
      const caused = this.#resolve(cause, event);
      if (caused && caused.seq !== seq) found.add(caused);
    }
    return [...found].sort((a, b) => a.seq - b.seq);
  }

  /** An event's place, also of one that waits at a gate: it may have been reported already. */
  #seqOf(event: UnplacedEvent & { seq?: number }): number {
    if (event.seq !== undefined) return event.seq;
    const same = this.span(event.spanId).find((other) => other.gate === event.gate && other.time === event.time);
    return same?.seq ?? Number.POSITIVE_INFINITY;
  }

  #resolve(cause: Cause, event: UnplacedEvent): TraceEvent | undefined {
    if ('resourceVersion' in cause) {
      const learned =
        event.gate === 'watch event' ? undefined : this.#learned.get(`${event.component} ${cause.resourceVersion}`);
      return learned ?? this.#byRevision.get(cause.resourceVersion);
    }
    if ('spanId' in cause) return lastBefore(this.span(cause.spanId), event);
    return undefined;
  }

  /** Everything that led to an event, causes before effects, the event itself last: the answer to "why?". */
  why(event: TraceEvent): TraceEvent[] {
    const seen = new Set<TraceEvent>([event]);
    const open = [event];
    for (let next = open.pop(); next; next = open.pop()) {
      for (const cause of this.causesOf(next)) {
        if (seen.has(cause)) continue;
        seen.add(cause);
        open.push(cause);
      }
    }
    return this.#inOrder(seen);
  }

  /** Everything that came of an event, itself first, causes before effects. Looks at what the log still holds. */
  consequences(event: TraceEvent): TraceEvent[] {
    const effects = new Map<TraceEvent, TraceEvent[]>();
    for (const later of this.#events) {
      // an effect may have arrived a little before its cause, but has not happened long before it
      if (later.time < event.time - skew) continue;
      for (const cause of this.causesOf(later)) {
        const known = effects.get(cause);
        if (known) known.push(later);
        else effects.set(cause, [later]);
      }
    }
    const reached = new Set<TraceEvent>([event]);
    const open = [event];
    for (let next = open.pop(); next; next = open.pop()) {
      for (const effect of effects.get(next) ?? []) {
        if (reached.has(effect)) continue;
        reached.add(effect);
        open.push(effect);
      }
    }
    return this.#inOrder(reached);
  }

  /** In order of arrival, except that no event stands before one of its causes. */
  #inOrder(events: ReadonlySet<TraceEvent>): TraceEvent[] {
    const placed = new Set<TraceEvent>();
    const ordered: TraceEvent[] = [];
    for (const event of [...events].sort((a, b) => a.seq - b.seq)) {
      // depth first, by hand: a chain may be longer than the stack
      const open: { event: TraceEvent; causes: TraceEvent[] }[] = [];
      const visit = (next: TraceEvent) => {
        if (placed.has(next)) return;
        placed.add(next);
        open.push({ event: next, causes: this.causesOf(next).filter((cause) => events.has(cause)) });
      };
      visit(event);
      for (let top = open[open.length - 1]; top; top = open[open.length - 1]) {
        const cause = top.causes.shift();
        if (cause) visit(cause);
        else {
          ordered.push(top.event);
          open.pop();
        }
      }
    }
    return ordered;
  }
}

/** The last event of another span before `event`: by arrival, or by time where its batch came later. */
function lastBefore(span: readonly TraceEvent[], event: UnplacedEvent & { seq?: number }): TraceEvent | undefined {
  const seq = event.seq ?? Number.POSITIVE_INFINITY;
  const arrived = span.filter((other) => other.seq < seq);
  return arrived[arrived.length - 1] ?? span.filter((other) => other.time <= event.time + skew).at(-1);
}

function matches(event: TraceEvent, filter: TraceFilter): boolean {
  if (filter.gates && !filter.gates.includes(event.gate)) return false;
  if (filter.component && event.component !== filter.component) return false;
  if (filter.traceId && event.traceId !== filter.traceId) return false;
  const wanted = filter.subject;
  if (!wanted) return true;
  const subject = event.subject;
  return (
    subject !== undefined &&
    (wanted.kind === undefined || subject.kind === wanted.kind) &&
    (wanted.namespace === undefined || (subject.namespace ?? '') === wanted.namespace) &&
    (wanted.name === undefined || subject.name === wanted.name)
  );
}
