import { expect, test } from 'vitest';
import { randomInt, seededRandom } from '../../env/random.ts';
import { KeyIndex } from './key-index.ts';

const keysOf = (index: KeyIndex<{ key: string }>, from = '', end?: string) => {
  const keys: string[] = [];
  index.scan(from, end, ({ key }) => {
    keys.push(key);
    return undefined;
  });
  return keys;
};

test('150,000 keys in any order come out in order, and ranges find their ends', () => {
  const random = seededRandom(1);
  const names = Array.from({ length: 150_000 }, (_, i) => `/registry/pods/ns-${i % 100}/pod-${i}`);
  const index = new KeyIndex<{ key: string }>();
  // a stride that meets each once
  for (let i = 0; i < names.length; i++) index.insert({ key: names[(i * 77_777) % names.length] as string });
  names.sort();
  expect(index.size).toBe(names.length);
  expect(keysOf(index).join() === names.join()).toBe(true);
  for (let i = 0; i < 200; i++) {
    const [a, b] = [randomInt(random, names.length), randomInt(random, names.length)].sort((x, y) => x - y);
    const [from, to] = [names[a as number] as string, names[b as number] as string];
    expect(index.get(from)?.key).toBe(from);
    const count = Math.min(50, (b as number) - (a as number));
    const some: string[] = [];
    index.scan(`${from}`, to, ({ key }) => {
      some.push(key);
      return some.length < count;
    });
    expect(some.slice(0, count)).toEqual(names.slice(a, (a as number) + count));
  }
  expect(index.get('/registry/pods/')).toBeUndefined();
});

test('random inserts and deletions, against a sorted list', () => {
  const random = seededRandom(2);
  const index = new KeyIndex<{ key: string }>();
  const held = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    // ascending stretches, and holes torn into them
    const key = String(random.next() < 0.5 ? 100_000 + i : 100_000 + randomInt(random, 20_000));
    if (held.has(key)) {
      index.delete(key);
      held.delete(key);
    } else {
      index.insert({ key });
      held.add(key);
    }
    if (random.next() < 0.1) index.delete('nope');
    if (i % 4000 === 0) expect(keysOf(index)).toEqual([...held].sort());
  }
  expect(keysOf(index)).toEqual([...held].sort());
  expect(index.size).toBe(held.size);
  for (const key of held) index.delete(key);
  expect(keysOf(index)).toEqual([]);
  index.insert({ key: 'a' });
  expect(keysOf(index, 'a', 'b')).toEqual(['a']);
  expect(keysOf(index, 'b')).toEqual([]);
});
