import { describe, expect, test } from 'vitest';
import { isLinearizable, type Operation, type RegisterInput, registerModel } from './store-linearizability.ts';
import { runStore } from './store-run.ts';
import type { Mutation } from './store-world.ts';

const op = (call: number, end: number, input: RegisterInput, output?: string): Operation<RegisterInput, string> => ({
  call,
  end,
  input,
  output,
});
const put = (call: number, end: number, value: string) => op(call, end, { type: 'put', value }, 'ok');
const get = (call: number, end: number, value: string) => op(call, end, { type: 'get' }, value);

describe('the linearizability checker', () => {
  test('accepts histories that are linearizable', () => {
    expect(isLinearizable([put(0, 10, 'a'), get(5, 6, ''), get(7, 8, 'a')], registerModel)).toBe(true);
    expect(isLinearizable([put(0, 10, 'a'), put(0, 10, 'b'), get(11, 12, 'a')], registerModel)).toBe(true);
    const unknown = op(0, Infinity, { type: 'put', value: 'a' });
    expect(isLinearizable([unknown, get(50, 51, ''), get(60, 61, 'a')], registerModel)).toBe(true);
    expect(isLinearizable([unknown, get(50, 51, '')], registerModel)).toBe(true);
    // a chain of unknown writes, each of which the next one needs
    const unknownCas = (expected: string, value: string) => op(0, Infinity, { type: 'cas', expected, value });
    const chain = [unknownCas('b', 'c'), unknownCas('a', 'b'), unknown];
    expect(isLinearizable([...chain, get(50, 51, 'c'), op(60, 61, { type: 'delete' }, 'yes')], registerModel)).toBe(
      true,
    );
    // an unknown write that nobody read, and yet a compare-and-swap met it
    const miss = op(20, 30, { type: 'cas', expected: 'a', value: 'b' }, 'no');
    const other = op(15, Infinity, { type: 'put', value: 'x' });
    expect(isLinearizable([put(0, 10, 'a'), other, miss], registerModel)).toBe(true);
    const cas = op(20, 30, { type: 'cas', expected: 'a', value: 'b' }, 'yes');
    expect(isLinearizable([put(0, 10, 'a'), cas, get(40, 41, 'b')], registerModel)).toBe(true);
  });

  test('refuses histories that are not', () => {
    // a stale read
    expect(isLinearizable([put(0, 1, 'a'), put(2, 3, 'b'), get(4, 5, 'a')], registerModel)).toBe(false);
    // a read that goes back
    expect(isLinearizable([put(0, 10, 'a'), get(1, 2, 'a'), get(3, 4, '')], registerModel)).toBe(false);
    // a lost write
    expect(isLinearizable([put(0, 1, 'a'), get(2, 3, '')], registerModel)).toBe(false);
    // two winners of one compare-and-swap
    const win = (call: number, value: string) => op(call, call + 5, { type: 'cas', expected: 'a', value }, 'yes');
    expect(isLinearizable([put(0, 1, 'a'), win(2, 'b'), win(3, 'c')], registerModel)).toBe(false);
    // an unknown write that is seen, and then not
    const unknown = op(0, Infinity, { type: 'put', value: 'a' });
    expect(isLinearizable([unknown, get(1, 2, 'a'), get(3, 4, '')], registerModel)).toBe(false);
    // an unknown write happens once
    expect(isLinearizable([unknown, get(1, 2, 'a'), put(3, 4, 'b'), get(5, 6, 'a')], registerModel)).toBe(false);
    // and many of them do not make the search endless
    const many = Array.from({ length: 40 }, (_, i) => op(i, Infinity, { type: 'put', value: `u${i}` }));
    expect(isLinearizable([...many, put(50, 51, 'a'), get(52, 53, 'b')], registerModel)).toBe(false);
  });
});

// DRYDOCK_SEEDS scales the sweeps: 0.1 for a tenth, 10 for ten times as many
const scale = Number(process.env['DRYDOCK_SEEDS'] ?? 1);

// 2,000 seeds in batches, so that a failure names its seed and a hang shows where
const batch = Math.max(1, Math.round(250 * scale));
describe.each(Array.from({ length: 8 }, (_, i) => 1 + i * batch))('simulation, seeds from %i', (from) => {
  test('no violation', { timeout: 120_000 * Math.max(1, scale) }, () => {
    for (let seed = from; seed < from + batch; seed++) expect(runStore({ seed }).steps).toBeGreaterThan(0);
  });
});

describe.each(['storm', 'duel', 'lease'] as const)('simulation that aims at one thing: %s', (mode) => {
  test('no violation', { timeout: 120_000 * Math.max(1, scale) }, () => {
    for (let seed = 1; seed <= Math.max(1, 40 * scale); seed++) runStore({ seed, mode });
  });
});

describe('a store that is broken on purpose is caught', () => {
  // random seeds find each; the scripted figure 8 of src/etcd/raft/figure-8.test.ts shows the first one step by step
  const mutations: { mutation: Mutation; mode: 'faults' | 'storm' | 'duel' | 'lease' }[] = [
    { mutation: 'commit older term', mode: 'duel' },
    { mutation: 'ack before persist', mode: 'storm' },
    { mutation: 'vote not persisted', mode: 'storm' },
    { mutation: 'watch that skips', mode: 'faults' },
    { mutation: 'compaction before watchers', mode: 'faults' },
    { mutation: 'lease without end', mode: 'lease' },
    { mutation: 'lease that ignores skew', mode: 'lease' },
    { mutation: 'restart forgets promises', mode: 'lease' },
    { mutation: 'lease outlives hand-over', mode: 'lease' },
  ];
  test.each(mutations)('$mutation', { timeout: 60_000 }, ({ mutation, mode }) => {
    const caught = () => {
      for (let seed = 1; seed <= 40; seed++) {
        try {
          runStore({ seed, mutation, mode });
        } catch (error) {
          return error instanceof Error ? error.message : '';
        }
      }
      return '';
    };
    expect(caught()).toMatch(
      /election safety|log matching|leader completeness|state-machine safety|linearizable|watch saw|conflicts with committed|another state/,
    );
  });
});
