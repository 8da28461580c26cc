// What the timeline says of an event in a few words, and how much an event matters to somebody who reads along.

import type { Json } from '../../env/env.ts';
import type { TraceEvent, UnplacedEvent } from '../../trace/event.ts';

/** 'main': something changed or was decided. 'detail': how it got there. 'heartbeat': comes by itself all the time. */
type Weight = 'main' | 'detail' | 'heartbeat';

export function weightOf(event: UnplacedEvent): Weight {
  const kind = event.subject?.kind;
  if (kind === 'Lease' || event.gate === 'raft send') return 'heartbeat';
  if (event.gate === 'raft') return event.will?.startsWith('be ') ? 'main' : 'heartbeat';
  if (event.gate === 'request') return resourceOf(event) === 'leases' ? 'heartbeat' : 'detail';
  // a kubelet says every few seconds that its node is well
  if (event.gate === 'committed') return kind === 'Event' || event.will?.includes(' Node/status ') ? 'detail' : 'main';
  if (event.gate === 'write' || event.gate === 'dequeue' || event.gate === 'watch event') return 'detail';
  if (event.gate === 'sync pod' || event.gate === 'reconcile') return event.will === 'nothing' ? 'detail' : 'main';
  return 'main';
}

/** Whether the reader made this change: by Apply, kubectl or a button of the page. */
export function isYours(event: UnplacedEvent): boolean {
  return event.gate === 'committed' && wordOf(event, 'user') === 'kubernetes-admin';
}

const changes: Record<string, string> = { ADDED: 'new', MODIFIED: 'changed', DELETED: 'gone' };

/** The event in words: what its component does about what. */
export function wordsOf(event: UnplacedEvent): string {
  const subject = subjectOf(event);
  switch (event.gate) {
    case 'watch event': {
      const type = plain(event.saw)?.['type'];
      return `sees ${subject} ${changes[String(type)] ?? ''}`.trim();
    }
    case 'dequeue': {
      const queue = wordOf(event, 'controller')?.replace(/-controller$/, '');
      const key = wordOf(event, 'key');
      if (queue && key) return `the ${queue} loop takes up ${key}`;
      return event.will ? `${event.will}: ${subject}` : `takes up ${subject}`;
    }
    case 'container': {
      const pid = plain(event.detail)?.['pid'];
      return typeof pid === 'number' && pid > 0 ? `${event.will} as process ${pid}` : (event.will ?? subject);
    }
    case 'raft': {
      const said = plain(event.detail);
      if (event.will) return event.will;
      return said ? `${String(said['role'] ?? 'member')}, agreed up to entry ${String(said['commit'] ?? '?')}` : '';
    }
    default:
      return event.will ?? subject;
  }
}

/** Said in small print behind the words: the object, if they do not name it, and the revision made. */
export function smallPrintOf(event: UnplacedEvent): string {
  const subject = event.subject;
  const parts: string[] = [];
  if (subject && subject.name !== event.component && !wordsOf(event).includes(subject.name))
    parts.push(subjectOf(event));
  if (event.gate === 'committed' && subject?.resourceVersion) parts.push(`revision ${subject.resourceVersion}`);
  return parts.join(', ');
}

/** Time since the first step of a chain: "0 ms", "1.2 s", "74 s". */
export function sinceOf(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** "Pod default/web-1", or ''. */
export function subjectOf(event: UnplacedEvent): string {
  const subject = event.subject;
  if (!subject) return '';
  return `${subject.kind} ${subject.namespace ? `${subject.namespace}/` : ''}${subject.name}`;
}

/** One line of text for an event, for filters and screen readers. */
export function lineOf(event: UnplacedEvent): string {
  return [event.component, event.gate, subjectOf(event), wordsOf(event)].filter(Boolean).join(' ');
}

/** A chain without what does not move it on: what changed or was decided, and how each component learned of it. */
export function essenceOf(
  chain: readonly TraceEvent[],
  causesOf: (event: TraceEvent) => readonly TraceEvent[],
): TraceEvent[] {
  const within = new Set(chain);
  const kept = new Set(chain.filter((event, i) => i === 0 || i === chain.length - 1 || weightOf(event) === 'main'));
  const seen = new Set<TraceEvent>();
  const open = [...kept];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const cause of causesOf(next)) {
      if (seen.has(cause) || kept.has(cause) || !within.has(cause)) continue;
      seen.add(cause);
      if (cause.gate === 'watch event') kept.add(cause);
      open.push(cause);
    }
  }
  return chain.filter((event) => kept.has(event));
}

function plain(value: Json | undefined): Readonly<Record<string, Json>> | undefined {
  return value && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
}

function wordOf(event: UnplacedEvent, name: string): string | undefined {
  const value = plain(event.detail)?.[name];
  return typeof value === 'string' ? value : undefined;
}

function resourceOf(event: UnplacedEvent): string | undefined {
  const resource = plain(plain(event.detail)?.['objectRef'])?.['resource'];
  return typeof resource === 'string' ? resource : undefined;
}
