import { describe, expect, test } from 'vitest';
import type { UnplacedEvent } from '../../trace/event.ts';
import { TraceLog } from '../../trace/log.ts';
import { essenceOf, isYours, sinceOf, smallPrintOf, weightOf, wordsOf } from './describe.ts';

const event = (change: Partial<UnplacedEvent>): UnplacedEvent => ({
  gate: 'reconcile',
  component: 'kube-controller-manager-1',
  time: 0,
  traceId: 't',
  spanId: 's',
  ...change,
});
const pod = { kind: 'Pod', namespace: 'default', name: 'web-1', resourceVersion: '7' };

test.each([
  ['heartbeat', { gate: 'committed', subject: { kind: 'Lease', name: 'node-1' } }],
  ['heartbeat', { gate: 'raft', detail: { role: 'leader', commit: 4 } }],
  ['heartbeat', { gate: 'request', detail: { objectRef: { resource: 'leases' } } }],
  ['main', { gate: 'raft', will: 'be leader' }],
  ['detail', { gate: 'committed', subject: { kind: 'Event', name: 'a' } }],
  ['detail', { gate: 'committed', will: 'patch Node/status node-1', subject: { kind: 'Node', name: 'node-1' } }],
  ['main', { gate: 'committed', subject: pod }],
  ['detail', { gate: 'sync pod', will: 'nothing' }],
  ['main', { gate: 'sync pod', will: 'start nginx' }],
  ['detail', { gate: 'dequeue' }],
] as const)('%s: %o', (weight, change) => {
  expect(weightOf(event(change as Partial<UnplacedEvent>))).toBe(weight);
});

describe('wordsOf', () => {
  test.each([
    ['sees Pod default/web-1 new', { gate: 'watch event', subject: pod, saw: { type: 'ADDED' } }],
    [
      'the deployment loop takes up default/web',
      { gate: 'dequeue', detail: { controller: 'deployment-controller', key: 'default/web' } },
    ],
    ['find a node for it: Pod default/web-1', { gate: 'dequeue', subject: pod, will: 'find a node for it' }],
    ['container nginx runs as process 120', { gate: 'container', will: 'container nginx runs', detail: { pid: 120 } }],
    ['follower, agreed up to entry 9', { gate: 'raft', detail: { role: 'follower', commit: 9 } }],
    ['create Pod default/web-1', { gate: 'committed', will: 'create Pod default/web-1', subject: pod }],
  ] as const)('%s', (words, change) => {
    expect(wordsOf(event(change as Partial<UnplacedEvent>))).toBe(words);
  });
  test('small print names what the words do not', () => {
    expect(smallPrintOf(event({ gate: 'bind', will: 'bind to node-1', subject: pod }))).toBe('Pod default/web-1');
    expect(smallPrintOf(event({ gate: 'committed', will: 'create Pod default/web-1', subject: pod }))).toBe(
      'revision 7',
    );
  });
});

test('sinceOf', () => {
  expect([-3, 0.4, 999, 1234, 73_900].map(sinceOf)).toEqual(['0 ms', '0 ms', '999 ms', '1.2 s', '74 s']);
});

test('isYours tells the reader from the components', () => {
  expect(isYours(event({ gate: 'committed', detail: { user: 'kubernetes-admin' } }))).toBe(true);
  expect(isYours(event({ gate: 'committed', detail: { user: 'system:kube-scheduler' } }))).toBe(false);
});

test('essenceOf keeps what changed and how it was learned, and drops the rest', () => {
  const log = new TraceLog();
  log.append([
    event({ spanId: 'a', gate: 'write', component: 'api' }),
    event({ spanId: 'a', gate: 'committed', component: 'api', subject: pod }),
    event({ spanId: 'b', gate: 'watch event', causes: [{ resourceVersion: '7' }], subject: pod }),
    event({
      spanId: 'other',
      gate: 'watch event',
      component: 'idle',
      causes: [{ resourceVersion: '7' }],
      subject: pod,
    }),
    event({ spanId: 'c', gate: 'dequeue', causes: [{ resourceVersion: '7' }] }),
    event({ spanId: 'c', gate: 'reconcile', will: 'create a Pod' }),
    event({ spanId: 'd', gate: 'request', component: 'api', causes: [{ spanId: 'c' }] }),
    event({ spanId: 'e', gate: 'container', component: 'node-1', causes: [{ spanId: 'd' }] }),
  ]);
  const first = log.events({ gates: ['write'] })[0]!;
  const chain = log.consequences(first);
  expect(chain.length).toBe(8);
  expect(essenceOf(chain, (each) => log.causesOf(each)).map((each) => `${each.component} ${each.gate}`)).toEqual([
    'api write',
    'api committed',
    'kube-controller-manager-1 watch event',
    'kube-controller-manager-1 reconcile',
    'node-1 container',
  ]);
});
