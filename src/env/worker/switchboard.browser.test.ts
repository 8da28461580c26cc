import * as Comlink from 'comlink';
import { afterEach, expect, test, vi } from 'vitest';
import { realNow } from '../scaled-clock.ts';
import type { StampedRecord } from '../traces.ts';
import { Switchboard } from './switchboard.ts';
import type { EchoWorker } from './testing/echo.worker.ts';

const workers: Worker[] = [];
afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

const clock = () => ({ cluster: realNow(), real: realNow(), rate: 1 });

function makeSwitchboard() {
  const records: StampedRecord[] = [];
  const arrived: [string, number][] = [];
  const switchboard = new Switchboard({
    trace: (batch) => records.push(...batch),
    arrived: (process, id) => arrived.push([process, id]),
  });
  const spawn = async (name: string) => {
    const worker = new Worker(new URL('./testing/echo.worker.ts', import.meta.url), { type: 'module' });
    workers.push(worker);
    const remote = Comlink.wrap<EchoWorker>(worker);
    const port = switchboard.attach(name);
    await remote.start(
      { name, clock: clock(), disk: name, cuts: switchboard.cutsOf(name) },
      Comlink.transfer(port, [port]),
    );
    const kill = () => {
      worker.terminate();
      switchboard.detach(name);
    };
    return { remote, kill };
  };
  return { switchboard, records, arrived, spawn };
}

test('the page and the workers fetch from each other', async () => {
  const { switchboard, spawn } = makeSwitchboard();
  await spawn('a');
  await spawn('b');
  const direct = await (
    await switchboard.network.fetch('http://a/echo', {
      method: 'PUT',
      body: 'hello',
      headers: { 'user-agent': 'kubectl/v1.36', authorization: 'Bearer x' },
    })
  ).json();
  expect(direct).toMatchObject({
    from: 'a',
    method: 'PUT',
    body: 'hello',
    headers: { authorization: 'Bearer x', 'user-agent': 'kubectl/v1.36' },
  });
  const through = await (await switchboard.network.fetch('http://a/via/b')).json();
  expect(through).toMatchObject({ from: 'b', body: 'via a' });
  await expect(switchboard.network.fetch('http://nobody/echo')).rejects.toThrow('ECONNREFUSED');
});

test('streams bodies both ways at once', async () => {
  const { switchboard, spawn } = makeSwitchboard();
  await spawn('a');
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const response = await switchboard.network.fetch('http://a/stream', {
    method: 'POST',
    body: readable,
    duplex: 'half',
  } as RequestInit);
  const writer = writable.getWriter();
  const reader = response.body!.getReader();
  for (const word of ['one', 'two']) {
    await writer.write(new TextEncoder().encode(word));
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(word);
  }
  await writer.close();
  expect((await reader.read()).done).toBe(true);
});

test('killing a worker breaks off what is in flight; its successor is found', async () => {
  const { switchboard, spawn } = makeSwitchboard();
  const first = await spawn('a');
  const hanging = switchboard.network.fetch('http://a/hang');
  const lost = expect(hanging).rejects.toThrow('connection lost');
  await new Promise((resolve) => setTimeout(resolve, 50));
  first.kill();
  await lost;
  await spawn('a');
  expect((await switchboard.network.fetch('http://a/echo')).status).toBe(200);
});

test('channels reach peers, not through a cut, and again after a restart', async () => {
  const { switchboard, spawn } = makeSwitchboard();
  const a = await spawn('a');
  const b = await spawn('b');
  await a.remote.send('b', 'one');
  await vi.waitFor(async () => expect(await b.remote.received()).toEqual(['a: one']));
  switchboard.setCut('a', 'b', true);
  await a.remote.send('b', 'lost');
  switchboard.setCut('a', 'b', false);
  await a.remote.send('b', 'two');
  await vi.waitFor(async () => expect(await b.remote.received()).toEqual(['a: one', 'a: two']));
  b.kill();
  const again = await spawn('b');
  await a.remote.send('b', 'three');
  await vi.waitFor(async () => expect(await again.remote.received()).toEqual(['a: three']));
});

test('the clock follows the page, and gates wait for release', async () => {
  const { switchboard, records, arrived, spawn } = makeSwitchboard();
  const { remote } = await spawn('a');
  switchboard.setClock({ cluster: 5_000_000_000_000, real: realNow(), rate: 0 });
  await vi.waitFor(async () => expect(await remote.now()).toBe(5_000_000_000_000));
  await remote.pass();
  expect(await remote.passed()).toBe(1);
  switchboard.hold('a', ['reconcile']);
  await vi.waitFor(async () => {
    void remote.pass();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(arrived.length).toBe(1);
  });
  expect(await remote.passed()).toBe(1);
  switchboard.release('a', arrived[0]![1]);
  await vi.waitFor(async () => expect(await remote.passed()).toBe(2));
  expect(records.every((record) => record.component === 'a' && record.gate === 'reconcile')).toBe(true);
});
