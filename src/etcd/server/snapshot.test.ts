import { expect, test } from 'vitest';
import { utf8ToBytes } from '../bytes.ts';
import { loadSnapshot, takeSnapshot } from './snapshot.ts';
import { State } from './state.ts';

const texts = [
  '',
  'plain',
  'two\nlines #1',
  utf8ToBytes('ümlaut € \u{1f600}'),
  '\x00\xff',
  'x'.repeat(70_000),
  utf8ToBytes('ä'.repeat(70_000)),
];

function filled(): State {
  const state = new State();
  state.apply({ leaseGrant: { ID: '7', TTL: 60 } }, 0);
  for (const [i, value] of texts.entries()) {
    state.apply({ put: { key: `k${i}`, value: 'before' } }, 0);
    state.apply({ put: { key: `k${i}`, value, ...(i === 1 ? { lease: '7' } : {}) } }, 0);
  }
  state.apply({ put: { key: utf8ToBytes('schlüssel\n'), value: 'v' } }, 0);
  state.apply({ deleteRange: { key: 'k2' } }, 0);
  return state;
}

test('a state comes back from its snapshot: all versions, tombstones, leases, whatever bytes it holds', () => {
  const state = filled();
  const { head, chunks } = takeSnapshot(state);
  const pieces = [...chunks()];
  const copy = new State();
  copy.apply({ put: { key: 'gone', value: 'x' } }, 0);
  loadSnapshot(copy, JSON.parse(JSON.stringify(head)), pieces);
  expect(copy.hash()).toEqual(state.hash());
  expect(copy.store.currentRevision).toBe(state.store.currentRevision);
  expect(copy.store.read('', '\0')).toEqual(state.store.read('', '\0'));
  expect(copy.store.read('k2', undefined, { revision: 7 }).kvs[0]?.value).toBe('two\nlines #1');
  expect(copy.store.events).toEqual(state.store.events);
  expect(copy.lessor.get('7')?.keys).toEqual(new Set(['k1']));
});

test.each([
  ['values in rows', ['[["a","1",2,2,0,1,"0"],["a","",0,3,0,0,"0"]]', '[["b","x\\n",4,4,0,1,"7"]]']],
  ['values behind rows', ['#41\n[["a",1,2,2,0,1,"0"],["a",0,0,3,0,0,"0"]]1', '#21\n[["b",2,4,4,0,1,"7"]]x\n']],
])('pieces of older forms are read: %s', (_, pieces) => {
  const { head } = takeSnapshot(filled());
  const copy = new State();
  loadSnapshot(copy, head, pieces);
  expect(copy.store.read('', '\0').kvs).toMatchObject([{ key: 'b', value: 'x\n', createRevision: 4, lease: '7' }]);
  expect(copy.store.read('a', undefined, { revision: 2 }).kvs[0]?.value).toBe('1');
  expect(copy.lessor.get('7')?.keys).toEqual(new Set(['b']));
});

test('a snapshot shows the moment it was taken at, whatever is written, compacted or deleted while it is read', () => {
  const state = new State();
  for (let i = 0; i < 3000; i++) state.apply({ put: { key: `k${i}`, value: 'x'.repeat(1000) } }, 0);
  const before = state.hash();
  const { head, chunks } = takeSnapshot(state);
  const pieces: string[] = [];
  for (const piece of chunks()) {
    pieces.push(piece);
    state.apply({ deleteRange: { key: 'k', rangeEnd: 'l' } }, 0);
    state.apply({ put: { key: 'k1', value: 'later' } }, 0);
    state.apply({ compaction: { revision: state.store.currentRevision } }, 0);
  }
  expect(pieces.length).toBeGreaterThan(1);
  const copy = new State();
  loadSnapshot(copy, head, pieces);
  expect(copy.hash()).toEqual(before);
  // released: what compaction hid is gone now
  expect(state.store.keyCount).toBe(1);
});
