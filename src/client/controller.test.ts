import { describe, expect, test } from 'vitest';
import { Simulation } from '../env/simulated/simulation.ts';
import type { StampedRecord } from '../env/traces.ts';
import { newController } from './controller.ts';
import { WorkQueue } from './work-queue.ts';

function setup() {
  const records: StampedRecord[] = [];
  const simulation = new Simulation({ onTrace: (record) => records.push(record) });
  const env = simulation.env('manager');
  const stop = new AbortController();
  return { records, simulation, env, stop, queue: new WorkQueue({ clock: env.clock }) };
}

describe('a controller', () => {
  test('retries a failed key with backoff, without losing others', async () => {
    const { simulation, env, queue, stop } = setup();
    const calls: string[] = [];
    const controller = newController({
      env,
      name: 'test',
      queue,
      async reconcile(key) {
        calls.push(key);
        if (key === 'bad' && calls.filter((call) => call === 'bad').length < 4) throw new Error('not yet');
      },
    });
    const running = controller.run(stop.signal);
    queue.add('bad');
    queue.add('good');
    await simulation.run(1000);
    expect(calls).toEqual(['bad', 'good', 'bad', 'bad', 'bad']);
    expect(queue.numRequeues('bad')).toBe(0);
    stop.abort();
    await simulation.finish(running);
  });

  test('drops a key after maxRetries', async () => {
    const { simulation, env, queue, stop } = setup();
    let calls = 0;
    const reconcile = async () => {
      calls++;
      throw new Error('never');
    };
    void newController({ env, name: 'test', queue, reconcile, maxRetries: 3 }).run(stop.signal);
    queue.add('a');
    await simulation.run(60_000);
    expect(calls).toBe(4);
  });

  test('never works on one key twice at once, and stops only when work in hand is done', async () => {
    const { simulation, env, queue, stop } = setup();
    let working = 0;
    let most = 0;
    let finished = 0;
    const controller = newController({
      env,
      name: 'test',
      queue,
      workers: 5,
      async reconcile() {
        working++;
        most = Math.max(most, working);
        await new Promise<void>((resolve) => env.clock.after(100, resolve));
        working--;
        finished++;
      },
    });
    const running = controller.run(stop.signal);
    queue.add('same');
    await simulation.run(10);
    queue.add('same');
    queue.add('same');
    await simulation.run(150);
    expect(most).toBe(1);
    stop.abort();
    await simulation.finish(running);
    expect(finished).toBe(2);
  });

  test('links each reconcile to what caused it, through the gates dequeue and reconcile', async () => {
    const { records, simulation, env, queue, stop } = setup();
    const reconcile = newController({
      env,
      name: 'test-controller',
      queue,
      async reconcile(_, context) {
        await context.plan({ subject: { kind: 'Pod', name: 'a' }, saw: { replicas: 1 }, will: 'create 1 Pod' });
      },
    });
    void reconcile.run(stop.signal);
    queue.add('default/a', { resourceVersion: '7' });
    await simulation.run(10);
    const [dequeue, plan] = records.filter((record) => ['dequeue', 'reconcile'].includes(record.gate));
    expect(dequeue?.causes).toEqual([{ resourceVersion: '7' }]);
    expect(plan).toMatchObject({ saw: { replicas: 1 }, will: 'create 1 Pod', causes: [{ resourceVersion: '7' }] });
    expect(plan?.context).toEqual(dequeue?.context);
  });

  test('waits at a held gate and goes on when released', async () => {
    const arrived: { id: number; gate: string }[] = [];
    const simulation = new Simulation({ onArrived: (_, id, record) => arrived.push({ id, gate: record.gate }) });
    simulation.holdInNewProcesses(['dequeue']);
    const env = simulation.env('manager');
    const queue = new WorkQueue({ clock: env.clock });
    let done = false;
    const reconcile = async () => {
      done = true;
    };
    void newController({ env, name: 'test', queue, reconcile }).run(new AbortController().signal);
    queue.add('a');
    await simulation.run(1000);
    expect(done).toBe(false);
    expect(arrived.map(({ gate }) => gate)).toEqual(['dequeue']);
    simulation.gates('manager')?.release(arrived[0]!.id);
    await simulation.run(1);
    expect(done).toBe(true);
  });
});
