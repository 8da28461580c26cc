import { describe, expect, test } from 'vitest';
import { Simulation } from '../../env/simulated/simulation.ts';
import { node, pod } from '../testing/world.ts';
import { SchedulerCache } from './cache.ts';

const setUp = () => {
  const simulation = new Simulation({ seed: 1 });
  const cache = new SchedulerCache(simulation.env('scheduler').clock);
  cache.setNode(node('a'));
  cache.setNode(node('b'));
  const cpu = (name: string) => cache.node(name)?.requested.get('cpu') ?? 0;
  return { simulation, cache, cpu };
};
const worker = pod('w', { requests: { cpu: '1' }, hostPort: 80 });
const bound = (nodeName: string) => ({ ...worker, spec: { ...worker.spec, nodeName } });

describe("the scheduler's cache", () => {
  test('an assumed pod takes room at once; its confirmation changes nothing', () => {
    const { cache, cpu } = setUp();
    cache.assume(worker, 'a');
    expect(cpu('a')).toBe(1000);
    expect(cache.isAssumed('uid-w')).toBe(true);
    cache.setPod(bound('a'));
    expect(cpu('a')).toBe(1000);
    expect(cache.isAssumed('uid-w')).toBe(false);
    expect(cache.node('a')?.usedPorts.size).toBe(1);
  });

  test('a failed binding gives the room back', () => {
    const { cache, cpu } = setUp();
    cache.assume(worker, 'a');
    cache.forget('uid-w');
    expect(cpu('a')).toBe(0);
    expect(cache.node('a')?.usedPorts.size).toBe(0);
  });

  test('a pod bound elsewhere than assumed moves: it is on one node only', () => {
    const { cache, cpu } = setUp();
    cache.assume(worker, 'a');
    cache.setPod(bound('b'));
    expect([cpu('a'), cpu('b')]).toEqual([0, 1000]);
  });

  test('forgetting a confirmed pod does nothing', () => {
    const { cache, cpu } = setUp();
    cache.setPod(bound('a'));
    cache.forget('uid-w');
    expect(cpu('a')).toBe(1000);
  });

  test('a bound pod that the watch never confirms expires, counted from the end of its binding', async () => {
    const { simulation, cache, cpu } = setUp();
    cache.assume(worker, 'a');
    await simulation.run(60_000);
    expect(cache.expire()).toEqual([]);
    cache.finishBinding('uid-w');
    await simulation.run(31_000);
    expect(cache.expire().map(({ metadata }) => metadata.name)).toEqual(['w']);
    expect(cpu('a')).toBe(0);
  });

  test('a deleted node is no choice, yet remembers its pods if it returns', () => {
    const { cache, cpu } = setUp();
    cache.setPod(bound('a'));
    cache.removeNode('a');
    expect(cache.nodes().map(({ name }) => name)).toEqual(['b']);
    cache.setNode(node('a'));
    expect(cpu('a')).toBe(1000);
    cache.removePod('uid-w');
    expect(cpu('a')).toBe(0);
  });
});
