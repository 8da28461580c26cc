import { describe, expect, test } from 'vitest';
import { runLeaderElection } from './leader-election.ts';
import { leases } from './resources.ts';
import { TestCluster } from './testing/test-cluster.ts';

function candidate(cluster: TestCluster, name: string, leading: Set<string>, log: string[]) {
  const { env, client } = cluster.process(name);
  const stop = new AbortController();
  const running = runLeaderElection(
    {
      env,
      client,
      namespace: 'kube-system',
      name: 'test',
      identity: name,
      async onStartedLeading(signal) {
        leading.add(name);
        log.push(`+${name}`);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        leading.delete(name);
        log.push(`-${name}`);
      },
    },
    stop.signal,
  );
  return { stop, running };
}

function election() {
  const cluster = new TestCluster();
  const log: string[] = [];
  return { cluster, log, stand: (name: string) => candidate(cluster, name, new Set(), log) };
}

function leaseOf(cluster: TestCluster) {
  return cluster.api.peek<{ spec: { leaseTransitions: number; holderIdentity: string } }>(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/test',
  )?.spec;
}

describe('leader election', () => {
  test('one leads; on a graceful stop another takes over at once', async () => {
    const { cluster, log, stand } = election();
    const a = stand('a');
    await cluster.simulation.run(1000);
    stand('b');
    await cluster.simulation.run(60_000);
    expect(log).toEqual(['+a']);
    a.stop.abort();
    await cluster.simulation.finish(a.running);
    await cluster.simulation.run(5000);
    expect(log).toEqual(['+a', '-a', '+b']);
    expect(leaseOf(cluster)).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  test('after a crash the lease must run out first', async () => {
    const { cluster, log, stand } = election();
    stand('a');
    await cluster.simulation.run(1000);
    stand('b');
    await cluster.simulation.run(10_000);
    cluster.simulation.kill('a');
    await cluster.simulation.run(12_000);
    expect(log).toEqual(['+a']);
    await cluster.simulation.run(10_000);
    expect(log).toEqual(['+a', '+b']);
  });

  test('a process started again under the identity it had before leads at once', async () => {
    const { cluster, log, stand } = election();
    stand('a');
    await cluster.simulation.run(1000);
    cluster.simulation.kill('a');
    stand('b');
    stand('a');
    await cluster.simulation.run(3000);
    expect(log).toEqual(['+a', '+a']);
    expect(leaseOf(cluster)).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
  });

  test('a leader cut off from the API server stops leading before anybody else can start', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const cluster = new TestCluster({ seed });
      const { simulation } = cluster;
      const leading = new Set<string>();
      const log: string[] = [];
      for (const name of ['a', 'b', 'c']) candidate(cluster, name, leading, log);
      simulation.skew('b', 7_000_000);
      simulation.skew('c', -3_600_000);
      let overlaps = 0;
      for (let round = 0; round < 4; round++) {
        const down = simulation.isAlive('kube-apiserver') && round > 0;
        if (down) simulation.kill('kube-apiserver');
        for (let step = 0; step < 130; step++) {
          await simulation.run(200);
          if (leading.size > 1) overlaps++;
        }
        if (down) {
          expect(leading.size, `seed ${seed}: nobody leads without an API server`).toBe(0);
          simulation.env('kube-apiserver').network.serve('kube-apiserver:6443', cluster.api.handle);
          await simulation.run(25_000);
        }
        expect(leading.size, `seed ${seed} round ${round} ${log}`).toBe(1);
      }
      expect(overlaps).toBe(0);
    }
  });

  test('takes an existing lease that nobody holds', async () => {
    const cluster = new TestCluster();
    const { client } = cluster.process('user');
    await cluster.simulation.finish(
      client.create(leases, { metadata: { name: 'test', namespace: 'kube-system' }, spec: { holderIdentity: '' } }),
    );
    const leading = new Set<string>();
    candidate(cluster, 'a', leading, []);
    await cluster.simulation.run(100);
    expect([...leading]).toEqual(['a']);
  });
});
