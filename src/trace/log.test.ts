import { describe, expect, test } from 'vitest';
import type { UnplacedEvent } from './event.ts';
import { TraceLog } from './log.ts';

const event = (spanId: string, change: Partial<UnplacedEvent> = {}): UnplacedEvent => ({
  gate: 'reconcile',
  component: 'test',
  time: 0,
  traceId: 't',
  spanId,
  ...change,
});

const committed = (spanId: string, parentSpanId: string, resourceVersion: string) =>
  event(spanId, { gate: 'committed', parentSpanId, subject: { kind: 'Pod', name: 'p', resourceVersion } });

describe('TraceLog', () => {
  test('why follows spans and revisions back to the beginning', () => {
    const log = new TraceLog();
    log.append([
      event('user', { gate: 'request' }),
      committed('write-1', 'user', '10'),
      event('unrelated'),
      event('loop', { causes: [{ resourceVersion: '10' }] }),
      committed('write-2', 'loop', '11'),
      event('kubelet', { gate: 'sync pod', causes: [{ resourceVersion: '11' }] }),
    ]);
    const last = log.events({ gates: ['sync pod'] })[0]!;
    expect(log.why(last).map((found) => found.spanId)).toEqual(['user', 'write-1', 'loop', 'write-2', 'kubelet']);
    const first = log.events({ gates: ['request'] })[0]!;
    expect(log.consequences(first).map((found) => found.spanId)).toEqual([
      'user',
      'write-1',
      'loop',
      'write-2',
      'kubelet',
    ]);
    expect(log.commitOf('11')?.spanId).toBe('write-2');
  });

  test('effects that arrive before their causes are linked and put after them', () => {
    const log = new TraceLog();
    log.append([event('loop', { component: 'manager', causes: [{ resourceVersion: '10' }] })]);
    log.append([
      event('seen', {
        gate: 'watch event',
        component: 'manager',
        subject: { kind: 'Pod', name: 'p', resourceVersion: '10' },
        causes: [{ resourceVersion: '10' }],
      }),
    ]);
    log.append([committed('write', 'user', '10'), event('user', { gate: 'request' })]);
    const chain = ['user', 'write', 'seen', 'loop'];
    const [loop] = log.events({ component: 'manager', gates: ['reconcile'] });
    const [user] = log.events({ gates: ['request'] });
    expect(log.why(loop!).map((found) => found.spanId)).toEqual(chain);
    expect(log.consequences(user!).map((found) => found.spanId)).toEqual(chain);
  });

  test('an event that waits at a gate has causes too', () => {
    const log = new TraceLog();
    log.append([committed('write', 'none', '10')]);
    const waiting = event('loop', { causes: [{ resourceVersion: '10' }] });
    expect(log.causesOf(waiting).map((found) => found.spanId)).toEqual(['write']);
    // and is none of its own
    log.append([waiting]);
    expect(log.causesOf(waiting).map((found) => found.spanId)).toEqual(['write']);
  });

  test('filters by gate, subject and position, newest first when limited', () => {
    const log = new TraceLog();
    for (let i = 0; i < 10; i++) {
      log.append([event(`s${i}`, { subject: { kind: 'Pod', namespace: 'default', name: i % 2 ? 'odd' : 'even' } })]);
    }
    expect(log.events({ subject: { name: 'odd' } }, 2).map((found) => found.spanId)).toEqual(['s7', 's9']);
    expect(log.events({ afterSeq: 8 }).map((found) => found.seq)).toEqual([9, 10]);
    expect(log.events({ gates: ['write'] })).toEqual([]);
  });

  test('forgets the oldest, and its indexes with them', () => {
    const log = new TraceLog(100);
    for (let i = 0; i < 1000; i++) log.append([committed(`s${i}`, 'none', String(i))]);
    const kept = log.events();
    expect(kept.length).toBeLessThanOrEqual(125);
    expect(kept[kept.length - 1]?.seq).toBe(1000);
    expect(log.commitOf('0')).toBeUndefined();
    expect(log.span('s0')).toEqual([]);
    expect(log.commitOf('999')?.spanId).toBe('s999');
  });

  test('tells subscribers once per batch, with places', () => {
    const log = new TraceLog();
    const seen: number[][] = [];
    const end = log.subscribe((events) => seen.push(events.map((found) => found.seq)));
    log.append([event('a'), event('b')]);
    log.append([]);
    end();
    log.append([event('c')]);
    expect(seen).toEqual([[1, 2]]);
  });
});
