import { describe, expect, test } from 'vitest';
import { pick, type Random, randomInt, seededRandom } from '../../env/random.ts';
import { Store } from './store.ts';

interface Shown {
  key: string;
  value: string;
  createRevision: number;
  modRevision: number;
  version: number;
}

/** What a store is to show: every state there ever was, whole. */
class Model {
  states: Map<string, Shown>[] = [new Map(), new Map()];
  compacted = -1;

  write(changes: { key: string; value?: string }[]): void {
    const revision = this.states.length;
    const state = new Map(this.states.at(-1));
    let changed = false;
    for (const { key, value } of changes) {
      const before = state.get(key);
      if (value === undefined) {
        if (state.delete(key)) changed = true;
        continue;
      }
      changed = true;
      const createRevision = before?.createRevision ?? revision;
      state.set(key, { key, value, createRevision, modRevision: revision, version: (before?.version ?? 0) + 1 });
    }
    if (changed) this.states.push(state);
  }

  read(key: string, end: string | undefined, revision: number): Shown[] {
    return [...(this.states[revision] as Map<string, Shown>).values()]
      .filter((kv) => (end === undefined ? kv.key === key : kv.key >= key && (end === '\0' || kv.key < end)))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

const keys = ['a', 'ab', 'abc', 'b', 'ba', 'c', '\xff'];

function change(random: Random): { key: string; value?: string } {
  const key = pick(random, keys);
  return random.next() < 0.3 ? { key } : { key, value: String(randomInt(random, 100)) };
}

describe.each([1, 2, 3, 4])('a store against every state there was, seed %i', (seed) => {
  test('reads at any revision, compaction, what is left after it', () => {
    const random = seededRandom(seed);
    const store = new Store();
    const model = new Model();
    for (let step = 0; step < 200; step++) {
      // distinct keys, as a transaction demands
      const changes = new Map(
        Array.from({ length: 1 + randomInt(random, 3) }, () => change(random)).map((c) => [c.key, c]),
      );
      store.write(() => {
        for (const { key, value } of changes.values())
          if (value === undefined) store.deleteRange(key, undefined);
          else store.put(key, value, '0');
      });
      model.write([...changes.values()]);
      const newest = model.states.length - 1;
      expect(store.currentRevision).toBe(newest);
      if (random.next() < 0.05 && newest > model.compacted) {
        const at = Math.min(newest, Math.max(model.compacted + 1, newest - randomInt(random, 20)));
        store.compact(at);
        model.compacted = at;
        expect(() => store.compact(at)).toThrow('required revision has been compacted');
        expect(() => store.compact(newest + 1)).toThrow('required revision is a future revision');
      }
      const revision = Math.max(1, newest - randomInt(random, 30));
      const [key, end] = pick(random, [
        ['a', undefined],
        ['a', 'b'],
        ['', '\0'],
        ['b', '\0'],
        ['c', 'a'],
      ] as const);
      const read = () => store.read(key, end, { revision });
      if (revision < model.compacted) expect(read).toThrow('required revision has been compacted');
      else {
        const expected = model.read(key, end, revision);
        expect(read()).toMatchObject({ kvs: expected, count: expected.length, revision: newest });
        expect(store.read(key, end, { revision, countOnly: true })).toMatchObject({ kvs: [], count: expected.length });
        expect(store.read(key, end, { revision, limit: 2 }).kvs).toMatchObject(expected.slice(0, 2));
      }
      expect(() => store.read('a', undefined, { revision: newest + 1 })).toThrow('future revision');
      const [some] = model.read(pick(random, keys), undefined, newest);
      if (some && some.modRevision - 1 >= model.compacted && some.version > 1)
        expect(store.before(some.key, some.modRevision)).toMatchObject(
          model.read(some.key, undefined, some.modRevision - 1)[0] as Shown,
        );
    }
    // all gone, and forgotten: nothing is left of anything
    store.write(() => store.deleteRange('', '\0'));
    store.compact(store.currentRevision);
    expect(store.keyCount).toBe(0);
    expect(store.sizeInUse).toBe(0);
    expect(store.size).toBeGreaterThan(0);
    store.defragment();
    expect(store.size).toBe(0);
  });
});

test('a transaction that changes nothing makes no revision', () => {
  const store = new Store();
  store.write(() => store.deleteRange('a', 'b'));
  expect(store.currentRevision).toBe(1);
  expect(store.events).toEqual([]);
});

test('changes of one transaction share a revision, in order', () => {
  const store = new Store();
  store.write(() => {
    store.put('b', '1', '0');
    store.put('a', '2', '0');
    store.deleteRange('b', undefined);
  });
  expect(store.events.map(({ key, modRevision, sub, version }) => [key, modRevision, sub, version])).toEqual([
    ['b', 2, 0, 1],
    ['a', 2, 1, 1],
    ['b', 2, 2, 0],
  ]);
  expect(store.read('', '\0').kvs.map(({ key }) => key)).toEqual(['a']);
});
