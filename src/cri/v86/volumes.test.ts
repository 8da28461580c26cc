import { beforeEach, expect, test } from 'vitest';
import type { Agent } from '../../machine/agent.ts';
import type { VolumeFile } from '../node-os.ts';
import { atomicWrite } from './volumes.ts';

let batches: string[][];
let agent: Agent;
const file = (path: string, mode = 0o644): VolumeFile => ({ path, content: new TextEncoder().encode(path), mode });
const at = Date.UTC(2026, 10, 21, 1, 2, 3);

beforeEach(() => {
  batches = [];
  const pretended: Pick<Agent, 'batch'> = {
    batch: async (steps) => {
      batches.push(steps.map((step) => (typeof step === 'string' ? step : new TextDecoder().decode(step))));
    },
  };
  agent = pretended as Agent;
});

test('one batch: fresh directory, files, then the link is swapped', async () => {
  await atomicWrite(agent, '/v', [file('a'), file('d/b', 0o600)], at);
  expect(batches).toEqual([
    [
      ...['mkdir', '/v/..2026_11_21_01_02_03.1', '755'],
      ...['file', '/v/..2026_11_21_01_02_03.1/a', '644', 'a'],
      ...['mkdir', '/v/..2026_11_21_01_02_03.1/d', '755'],
      ...['file', '/v/..2026_11_21_01_02_03.1/d/b', '600', 'd/b'],
      ...['symlink', '..2026_11_21_01_02_03.1', '/v/..data_tmp', 'rename', '/v/..data_tmp', '/v/..data'],
      ...['symlink', '..data/a', '/v/a', 'symlink', '..data/d', '/v/d'],
    ],
  ]);
});

test('a second write removes what went away, after the swap', async () => {
  await atomicWrite(agent, '/v', [file('a'), file('b')], at);
  await atomicWrite(agent, '/v', [file('b'), file('c')], at);
  expect(batches[1]?.slice(-7)).toEqual([
    ...['symlink', '..data/c', '/v/c'],
    ...['remove', '/v/a'],
    ...['remove', '/v/..2026_11_21_01_02_03.1'],
  ]);
  expect(batches[1]?.[1]).toBe('/v/..2026_11_21_01_02_03.2');
});

test.each(['', '/etc/passwd', '../x', 'a/../b', '..data', 'a//b'])('path %j is refused', async (path) => {
  await expect(atomicWrite(agent, '/v', [file(path)], at)).rejects.toMatchObject({ reason: 'InvalidArgument' });
  expect(batches).toEqual([]);
});
