import { describe, expect, test } from 'vitest';
import { newBadRequest, newInternalError } from '../../api/status.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import { EtcdError } from '../../etcd/client/types.ts';
import { patiently } from './patiently.ts';

const clock = () => {
  const simulation = new Simulation({ seed: 1 });
  return { simulation, clock: simulation.env('kube-apiserver').clock };
};

describe('start-up work', () => {
  test('is done again while the store has no leader, with growing pauses of at most two seconds', async () => {
    const { simulation, clock: time } = clock();
    const tries: number[] = [];
    const begun = time.now();
    const done = patiently(time, async () => {
      tries.push(time.now() - begun);
      if (tries.length < 8) throw new EtcdError(14, 'etcdserver: no leader');
      return 'ready';
    });
    expect(await simulation.finish(done)).toBe('ready');
    expect(tries).toEqual([0, 100, 300, 700, 1500, 3100, 5100, 7100]);
  });

  test.each([
    new EtcdError(4, 'etcdserver: request timed out'),
    newInternalError('etcdserver: request timed out'),
    new TypeError('fetch failed: connect ECONNREFUSED etcd-1:2379'),
    new TypeError('etcd-1 is down'),
  ])('%s passes', async (error) => {
    const { simulation, clock: time } = clock();
    let tries = 0;
    const work = async () => {
      if (tries++ === 0) throw error;
      return tries;
    };
    expect(await simulation.finish(patiently(time, work))).toBe(2);
  });

  test.each([
    newBadRequest('no'),
    new TypeError('Cannot read properties of undefined'),
    new EtcdError(3, 'etcdserver: key is not provided'),
  ])('%s does not', async (error) => {
    const { simulation, clock: time } = clock();
    let tries = 0;
    const work = async () => {
      tries++;
      throw error;
    };
    await expect(simulation.finish(patiently(time, work))).rejects.toBe(error);
    expect(tries).toBe(1);
  });
});
