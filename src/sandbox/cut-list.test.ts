import { expect, test } from 'vitest';
import { CutList } from './cut-list.ts';

function list(...processes: string[]) {
  const told: string[] = [];
  const cuts = new CutList(processes, (a, b, cut) => told.push(`${cut ? 'cut' : 'heal'} ${a} ${b}`));
  const take = () => told.splice(0).sort();
  return { cuts, take };
}

test('a pair is cut and healed, whichever end is named first', () => {
  const { cuts, take } = list('a', 'b', 'c');
  cuts.set('b', 'a', true);
  cuts.set('a', 'b', true);
  expect(take()).toEqual(['cut a b']);
  expect(cuts.cuts).toEqual([{ a: 'b', b: 'a' }]);
  cuts.set('a', 'b', false);
  cuts.set('a', 'b', false);
  expect(take()).toEqual(['heal a b']);
  expect(cuts.cuts).toEqual([]);
});

test('* is every other process', () => {
  const { cuts, take } = list('a', 'b', 'c');
  cuts.set('b', '*', true);
  expect(take()).toEqual(['cut a b', 'cut b c']);
  cuts.set('b', '*', false);
  expect(take()).toEqual(['heal a b', 'heal b c']);
});

test('a pair stays cut as long as one cut covers it', () => {
  const { cuts, take } = list('a', 'b', 'c');
  cuts.set('a', '*', true);
  cuts.set('b', '*', true);
  expect(take()).toEqual(['cut a b', 'cut a c', 'cut b c']);
  cuts.set('a', '*', false);
  expect(take()).toEqual(['heal a c']);
  cuts.set('b', 'c', true);
  cuts.set('b', '*', false);
  expect(take()).toEqual(['heal a b']);
});
