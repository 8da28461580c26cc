import { expect, test } from 'vitest';
import { LocalNetwork } from './local-network.ts';

const text = async (response: Promise<Response>) => (await response).text();

test('goes to the first process up that serves a name', async () => {
  const network = new LocalNetwork();
  const client = network.for('client');
  for (const name of ['one', 'two']) network.for(name).serve('api:80', async () => new Response(name));
  expect(await text(client.fetch('http://api/'))).toBe('one');
  network.setCut('client', 'one', true);
  expect(await text(client.fetch('http://api/'))).toBe('two');
  network.setCut('client', 'one', false);
  network.takeDown('one');
  expect(await text(client.fetch('http://api/'))).toBe('two');
  network.takeDown('two');
  await expect(client.fetch('http://api/')).rejects.toThrow('ECONNREFUSED');
});

test('a dead server breaks off what is in flight', async () => {
  const network = new LocalNetwork();
  const client = network.for('client');
  network
    .for('server')
    .serve('server:80', (request) =>
      request.url.endsWith('/hang')
        ? new Promise(() => {})
        : Promise.resolve(new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) }))),
    );
  const hanging = client.fetch('http://server/hang');
  const reader = (await client.fetch('http://server/stream')).body!.getReader();
  expect((await reader.read()).value?.length).toBe(1);
  const next = reader.read();
  network.takeDown('server');
  await expect(hanging).rejects.toThrow('server is down');
  await expect(next).rejects.toThrow('server is down');
});

test('aborts and cancelled bodies reach the server', async () => {
  const network = new LocalNetwork();
  const client = network.for('client');
  const reasons: string[] = [];
  network.for('server').serve('server:80', async (request) => {
    request.signal.addEventListener('abort', () => reasons.push((request.signal.reason as Error).name));
    if (request.url.endsWith('/hang')) await new Promise(() => {});
    return new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(8)) }));
  });
  const abort = new AbortController();
  const hanging = client.fetch('http://server/hang', { signal: abort.signal });
  abort.abort();
  await expect(hanging).rejects.toThrow('aborted');
  await (await client.fetch('http://server/stream')).body!.cancel();
  expect(reasons).toEqual(['AbortError', 'AbortError']);
});

test('channels deliver between processes and fall silent in a cut', async () => {
  const network = new LocalNetwork();
  const a = network.for('a').channel('raft');
  const b = network.for('b').channel('raft');
  const got: unknown[] = [];
  b.onmessage = (from, message) => got.push(`${from}: ${message}`);
  a.send('b', 1);
  network.setCut('a', 'b', true);
  a.send('b', 2);
  network.setCut('a', 'b', false);
  a.send('b', 3);
  await Promise.resolve();
  expect(got).toEqual(['a: 1', 'a: 3']);
});
