import { describe, expect, test } from 'vitest';
import { every, sleep } from '../clock.ts';
import { Simulation } from './simulation.ts';

const jsonResponse = (value: unknown) =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });

describe('virtual time', () => {
  test('timers fire in order of their time, and time jumps between them', async () => {
    const simulation = new Simulation({ start: 0 });
    const { clock } = simulation.env('a');
    const fired: [string, number][] = [];
    clock.after(5000, () => fired.push(['late', clock.now()]));
    clock.after(10, () => fired.push(['early', clock.now()]));
    const cancel = clock.after(20, () => fired.push(['never', clock.now()]));
    cancel();
    await simulation.run(10_000);
    expect(fired).toEqual([
      ['early', 10],
      ['late', 5000],
    ]);
    expect(simulation.now()).toBe(10_000);
  });

  test('a killed process runs no more timers; a new incarnation does', async () => {
    const simulation = new Simulation();
    let ticks = 0;
    const start = () => every(simulation.env('a').clock, 100, () => ticks++);
    start();
    await simulation.run(1000);
    expect(ticks).toBe(10);
    simulation.kill('a');
    await simulation.run(1000);
    expect(ticks).toBe(10);
    start();
    await simulation.run(1000);
    expect(ticks).toBe(20);
  });

  test('finish names the seed when a promise hangs', async () => {
    const simulation = new Simulation({ seed: 77 });
    await expect(simulation.finish(new Promise(() => {}), 1000)).rejects.toThrow('seed 77');
  });
});

describe('fetch over the simulated network', () => {
  test('carries method, headers and bodies both ways', async () => {
    const simulation = new Simulation();
    const server = simulation.env('server');
    const client = simulation.env('client');
    server.network.serve('server:80', async (request) =>
      jsonResponse({
        method: request.method,
        header: request.headers.get('x-test'),
        body: await request.text(),
        path: new URL(request.url).pathname,
      }),
    );
    const response = await simulation.finish(
      client.network.fetch('http://server/path?q=1', { method: 'POST', headers: { 'X-Test': 'yes' }, body: 'hello' }),
    );
    expect(await simulation.finish(response.json())).toEqual({
      method: 'POST',
      header: 'yes',
      body: 'hello',
      path: '/path',
    });
  });

  test('refuses where nobody listens', async () => {
    const simulation = new Simulation();
    const client = simulation.env('client');
    await expect(simulation.finish(client.network.fetch('http://nobody:1/'))).rejects.toThrow(TypeError);
  });

  test('streams, and a cancelled body reaches the server as an abort', async () => {
    const simulation = new Simulation();
    const server = simulation.env('server');
    const client = simulation.env('client');
    let aborted = false;
    server.network.serve('server:80', async (request) => {
      request.signal.addEventListener('abort', () => {
        aborted = true;
      });
      let n = 0;
      const encoder = new TextEncoder();
      return new Response(
        new ReadableStream<Uint8Array>({
          async pull(controller) {
            await sleep(server.clock, 1000);
            controller.enqueue(encoder.encode(`${n++}\n`));
          },
        }),
      );
    });
    const read = async () => {
      const response = await client.network.fetch('http://server/');
      const reader = response.body!.getReader();
      const got: string[] = [];
      for (let i = 0; i < 3; i++) got.push(new TextDecoder().decode((await reader.read()).value));
      await reader.cancel();
      return got;
    };
    expect(await simulation.finish(read())).toEqual(['0\n', '1\n', '2\n']);
    await simulation.run(2000);
    expect(aborted).toBe(true);
  });

  test('a slow reader stops the sender within the window', async () => {
    const simulation = new Simulation();
    const server = simulation.env('server');
    const client = simulation.env('client');
    let produced = 0;
    server.network.serve('server:80', async () => {
      const chunk = new Uint8Array(100_000);
      return new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            produced += chunk.length;
            controller.enqueue(chunk);
          },
        }),
      );
    });
    const response = await simulation.finish(client.network.fetch('http://server/'));
    await simulation.run(10_000);
    expect(produced).toBeLessThan(2_000_000);
    const reader = response.body!.getReader();
    let got = 0;
    const read = async () => {
      while (got < 5_000_000) got += (await reader.read()).value?.length ?? 0;
    };
    await simulation.finish(read());
    expect(produced).toBeGreaterThanOrEqual(5_000_000);
    await reader.cancel();
  });

  test('a killed server breaks off requests in flight and streams', async () => {
    const simulation = new Simulation();
    const server = simulation.env('server');
    const client = simulation.env('client');
    server.network.serve('server:80', () => new Promise(() => {}));
    const pending = client.network.fetch('http://server/');
    pending.catch(() => {});
    await simulation.run(100);
    simulation.kill('server');
    await expect(simulation.finish(pending)).rejects.toThrow('connection lost');
    const again = simulation.env('server');
    again.network.serve('server:80', async () => jsonResponse({ again: true }));
    const response = await simulation.finish(client.network.fetch('http://server/'));
    expect(await simulation.finish(response.json())).toEqual({ again: true });
  });

  test('a short cut stalls, a long one resets', async () => {
    const simulation = new Simulation();
    const server = simulation.env('server');
    const client = simulation.env('client');
    server.network.serve('server:80', async () => jsonResponse('ok'));
    await simulation.finish(client.network.fetch('http://server/'));
    simulation.network.cut('server', 'client');
    let outcome = 'waiting';
    client.network.fetch('http://server/').then(
      () => {
        outcome = 'answered';
      },
      () => {
        outcome = 'failed';
      },
    );
    await simulation.run(5000);
    expect(outcome).toBe('waiting');
    simulation.network.heal('server', 'client');
    await simulation.run(100);
    expect(outcome).toBe('answered');

    simulation.network.cut('server', 'client');
    const doomed = client.network.fetch('http://server/');
    doomed.catch(() => {});
    await simulation.run(20_000);
    await expect(simulation.finish(doomed)).rejects.toThrow(TypeError);
  });

  test('a streaming request body arrives while the answer already flows', async () => {
    const simulation = new Simulation();
    const server = simulation.env('server');
    const client = simulation.env('client');
    // an echo server
    server.network.serve('server:80', async (request) => new Response(request.body));
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const talk = async () => {
      const response = await client.network.fetch('http://server/', {
        method: 'POST',
        body: readable,
        duplex: 'half',
      } as RequestInit);
      const writer = writable.getWriter();
      const reader = response.body!.getReader();
      const got: string[] = [];
      for (const word of ['one', 'two']) {
        await writer.write(new TextEncoder().encode(word));
        got.push(new TextDecoder().decode((await reader.read()).value));
      }
      await writer.close();
      expect((await reader.read()).done).toBe(true);
      return got;
    };
    expect(await simulation.finish(talk())).toEqual(['one', 'two']);
  });
});

describe('channels', () => {
  test('deliver in order, and lose what is sent into a cut', async () => {
    const simulation = new Simulation();
    const a = simulation.env('a').network.channel('raft');
    const b = simulation.env('b').network.channel('raft');
    const got: unknown[] = [];
    b.onmessage = (from, message) => got.push([from, message]);
    for (let i = 0; i < 5; i++) a.send('b', i);
    await simulation.run(100);
    simulation.network.cut('a', 'b');
    a.send('b', 'lost');
    await simulation.run(100);
    simulation.network.heal('a', 'b');
    a.send('b', 'after');
    await simulation.run(100);
    expect(got).toEqual([...[0, 1, 2, 3, 4].map((i) => ['a', i]), ['a', 'after']]);
  });

  test('the same seed gives the same run', async () => {
    const run = async (seed: number) => {
      const simulation = new Simulation({ seed, faults: { loss: 0.3, duplicate: 0.3, reorder: 0.3 } });
      const a = simulation.env('a').network.channel('x');
      const got: string[] = [];
      simulation.env('b').network.channel('x').onmessage = (_, message) => got.push(`${message}@${simulation.now()}`);
      for (let i = 0; i < 50; i++) a.send('b', i);
      await simulation.run(1000);
      return got;
    };
    expect(await run(5)).toEqual(await run(5));
    expect(await run(5)).not.toEqual(await run(6));
  });
});
