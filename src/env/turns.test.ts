import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a turn without delay comes after the code that asked, and before a timer', async () => {
  const seen: (number | string)[] = [];
  const ask = createTurns((token) => seen.push(token));
  setTimeout(() => seen.push('timer'), 20);
  ask(0, 1);
  seen.push('asked');
  await wait(50);
  expect(seen).toEqual(['asked', 1, 'timer']);
});

test('asking again replaces a delay that is not over', async () => {
  const seen: number[] = [];
  const ask = createTurns((token) => seen.push(token));
  ask(10_000, 1);
  ask(5, 2);
  await wait(50);
  expect(seen).toEqual([2]);
  ask(10, 3);
  ask(0, 4);
  await wait(50);
  expect(seen).toEqual([2, 4]);
});
