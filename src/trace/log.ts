// The cluster's one causal log, held where the UI is. It keeps the newest `capacity` events, knows which span made which revision, and walks causes
// backwards ("why?") and forwards ("what came of it?").
//
// Invariants: events keep their order of arrival; an index never points at an event that has been dropped.

import type { Cause, Gate, ObjectReference } from '../env/trace.ts';
import type { TraceEvent, UnplacedEvent } from './event.ts';

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
      const revision = event.gate === 'committed' ? event.subject?.resourceVersion : undefined;
      if (revision) this.#byRevision.set(revision, event);
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

  /** Events that directly led to this one: its parent span's, its own span's earlier ones, and the commits of revisions it names. */
  causesOf(event: TraceEvent): TraceEvent[] {
    const found = new Set<TraceEvent>();
    const earlier = this.span(event.spanId).filter((other) => other.seq < event.seq);
    const before = earlier[earlier.length - 1];
    if (before) found.add(before);
    if (event.parentSpanId && earlier.length === 0) {
      const ofParent = this.span(event.parentSpanId).filter((other) => other.seq < event.seq);
      const last = ofParent[ofParent.length - 1];
      if (last) found.add(last);
    }
    for (const cause of event.causes ?? []) {
      const caused = this.#resolve(cause, event.seq);
      if (caused) found.add(caused);
    }
    return [...found].sort((a, b) => a.seq - b.seq);
  }

  #resolve(cause: Cause, beforeSeq: number): TraceEvent | undefined {
    if ('resourceVersion' in cause) return this.#byRevision.get(cause.resourceVersion);
    if ('spanId' in cause) {
      const events = this.span(cause.spanId).filter((other) => other.seq < beforeSeq);
      return events[events.length - 1];
    }
    return undefined;
  }

  /** Everything that led to an event, the event itself last, oldest first: the answer to "why?". */
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
    return [...seen].sort((a, b) => a.seq - b.seq);
  }

  /** Everything that came of an event, itself first, oldest first. Looks at what the log still holds. */
  consequences(event: TraceEvent): TraceEvent[] {
    const reached = new Set<TraceEvent>([event]);
    for (const later of this.#events) {
      if (later.seq > event.seq && this.causesOf(later).some((cause) => reached.has(cause))) reached.add(later);
    }
    return [...reached];
  }
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
