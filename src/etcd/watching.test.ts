import { expect, test } from 'vitest';
import { b64, startCluster, unb64 } from './testing/cluster.ts';

test('a reader that does not read holds up no writer, and then gets everything in order', async () => {
  const c = await startCluster({ seed: 41 });
  const open = async (name: string) => {
    const response = await c.env.network.fetch(`http://${name}:2379/v3/watch`, {
      method: 'POST',
      body: JSON.stringify({
        create_request: { key: b64('k'), range_end: b64('l'), start_revision: '1', prev_kv: true },
      }),
    });
    return (response.body as ReadableStream<Uint8Array>).getReader();
  };
  const slow = await c.simulation.finish(open(c.names[1] as string));
  const padding = 'x'.repeat(2000);
  const writes = 1500;
  for (let i = 0; i < writes; i += 100)
    await c.simulation.finish(
      Promise.all(Array.from({ length: 100 }, (_, k) => c.client.put(`k${(i + k) % 7}`, `${i + k} ${padding}`))),
    );
  // all were acknowledged while nobody read; and the store keeps nothing for the slow one but its history
  expect(c.member(c.names[1] as string).inspect().revision).toBeGreaterThan(1000);
  const revisions: number[] = [];
  const read = async () => {
    for (let text = ''; revisions.length < writes; ) {
      const { value } = await slow.read();
      text += new TextDecoder().decode(value);
      const lines = text.split('\n');
      text = lines.pop() as string;
      for (const line of lines) {
        const { result } = JSON.parse(line) as {
          result: { events?: { kv: { mod_revision: string; value: string }; prev_kv?: { mod_revision: string } }[] };
        };
        for (const { kv, prev_kv } of result.events ?? []) {
          revisions.push(Number(kv.mod_revision));
          if (prev_kv) expect(Number(prev_kv.mod_revision)).toBeLessThan(Number(kv.mod_revision));
          expect(unb64(kv.value)).toContain(' x');
        }
      }
    }
  };
  await c.simulation.finish(read());
  expect(revisions).toEqual(Array.from({ length: writes }, (_, i) => i + 2));
  await slow.cancel();
}, 30_000);

test('a slow reader that compaction passes is told so, once', async () => {
  const c = await startCluster({ seed: 42 });
  await c.simulation.finish(c.client.put('k', '0'));
  const abort = new AbortController();
  const seen: number[] = [];
  const watching = (async () => {
    for await (const { events } of c.client.watch({ key: 'k', startRevision: 1 }, abort.signal))
      for (const { kv } of events) {
        seen.push(kv.modRevision);
        if (seen.length === 1) {
          // a reader that thinks for a long time
          for (let i = 0; i < 40; i++) await c.client.put('k', 'x'.repeat(100_000));
          await c.client.compact(40);
        }
      }
  })().catch((error: unknown) => error);
  expect(await c.simulation.finish(watching)).toMatchObject({ code: 11, compactRevision: 40 });
  // what it saw before is without gaps
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i + 2));
}, 20_000);

test('raft messages are traced with their fate, when somebody looks', async () => {
  const c = await startCluster({ seed: 43 });
  const sent = () => c.trace.filter(({ gate }) => gate === 'raft send');
  await c.simulation.run(500);
  expect(sent()).toEqual([]);
  for (const name of c.names) c.simulation.gates(name)?.want(['raft send']);
  const leader = c.leader();
  const [cut, late] = c.names.filter((name) => name !== leader) as [string, string];
  c.member(leader).faults.link(cut, { drop: 1 });
  c.member(leader).faults.link(late, { delay: 30 });
  await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') });
  await c.simulation.run(300);
  const fates = (from: string, to: string) =>
    new Set(
      sent()
        .map(({ detail }) => detail as { from?: string; to: string; fate: string })
        .filter((detail) => detail.from === from && detail.to === to)
        .map(({ fate }) => fate),
    );
  expect(fates(leader, cut)).toEqual(new Set(['dropped']));
  expect(fates(leader, late)).toEqual(new Set(['delayed', 'delivered']));
  expect(fates(late, leader)).toEqual(new Set(['sent', 'delivered']));
  const append = sent().find(({ detail }) => (detail as { type: string }).type === 'app');
  expect(append?.detail).toMatchObject({ from: leader, term: expect.any(Number), index: expect.any(Number) });
  for (const name of c.names) c.simulation.gates(name)?.want([]);
  c.trace.length = 0;
  await c.simulation.run(500);
  expect(sent()).toEqual([]);
});

test('idle members say nothing but heartbeats', async () => {
  const c = await startCluster({ seed: 44 });
  await c.simulation.run(2000);
  c.trace.length = 0;
  for (const name of c.names) c.simulation.gates(name)?.want(['raft send']);
  await c.simulation.run(10_000);
  const sent = c.trace.filter(({ will = '' }) => / to /.test(will));
  // a heartbeat to each of two followers ten times a second, and its answer
  expect(sent.length).toBeGreaterThan(390);
  expect(sent.length).toBeLessThan(410);
  expect(new Set(sent.map(({ detail }) => (detail as { type: string }).type))).toEqual(
    new Set(['heartbeat', 'heartbeatResp']),
  );
  expect(c.trace.filter(({ gate }) => gate !== 'raft send')).toEqual([]);
});

type Watching = {
  result: {
    header?: { revision?: string };
    watch_id?: string;
    created?: boolean;
    canceled?: boolean;
    cancel_reason?: string;
    events?: { type?: string; kv: { key: string; mod_revision: string } }[];
  };
};

/** A watch stream that can be written to. */
async function converse(c: Awaited<ReturnType<typeof startCluster>>, name: string, first: object) {
  let say!: (message: object) => void;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      say = (message) => controller.enqueue(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
    },
  });
  say(first);
  const heard: Watching['result'][] = [];
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  const response = await c.simulation.finish(c.env.network.fetch(`http://${name}:2379/v3/watch`, init));
  void (async () => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) heard.push((JSON.parse(line) as Watching).result);
    }
  })().catch(() => {});
  return { say, heard };
}

test('progress is told when nothing happens, when it is asked for, and only then', async () => {
  const c = await startCluster({ seed: 45, config: { progressNotifyInterval: 10_000 } });
  const create = (key: string, more = {}) => ({ create_request: { key: b64(key), ...more } });
  const { say, heard } = await converse(c, 'etcd-2', create('a', { progress_notify: true }));
  say(create('b'));
  await c.simulation.run(1000);
  expect(heard.map(({ created, watch_id = '0' }) => [created, watch_id])).toEqual([
    [true, '0'],
    [true, '1'],
  ]);
  heard.length = 0;
  await c.call('/v3/kv/put', { key: b64('other'), value: b64('1') });
  await c.simulation.run(10_000);
  // the one that asked for it, with the revision up to which it has seen everything
  expect(heard.map(({ watch_id = '0', events, header }) => [watch_id, events, header?.revision])).toEqual([
    ['0', undefined, '2'],
  ]);
  heard.length = 0;
  // an interval with events needs no other sign of life
  await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') });
  await c.simulation.run(10_000);
  expect(heard.map(({ events }) => events?.length)).toEqual([1]);
  heard.length = 0;
  say({ progress_request: {} });
  await c.simulation.run(100);
  expect(heard).toMatchObject([{ watch_id: '-1', header: { revision: '3' } }]);
});

test('watches of one stream are cancelled one by one, and an id is taken once', async () => {
  const c = await startCluster({ seed: 46 });
  const { say, heard } = await converse(c, 'etcd-1', { create_request: { key: b64('a'), watch_id: '7' } });
  say({ create_request: { key: b64('a'), watch_id: '7' } });
  say({ create_request: { key: b64('a') } });
  say({ create_request: { key: b64('z'), range_end: b64('a') } });
  await c.simulation.run(500);
  expect(
    heard.map(({ created, canceled, watch_id = '0', cancel_reason }) => [created, canceled, watch_id, cancel_reason]),
  ).toEqual([
    [true, undefined, '7', undefined],
    [true, true, '-1', 'mvcc: duplicate watch ID provided on the WatchStream'],
    [true, undefined, '0', undefined],
    [true, true, '-1', 'mvcc: watcher range is empty'],
  ]);
  heard.length = 0;
  say({ cancel_request: { watch_id: '7' } });
  say({ cancel_request: { watch_id: '99' } });
  await c.simulation.run(200);
  expect(heard.map(({ canceled, watch_id }) => [canceled, watch_id])).toEqual([[true, '7']]);
  heard.length = 0;
  await c.call('/v3/kv/put', { key: b64('a'), value: b64('1') });
  await c.simulation.run(200);
  expect(heard.map(({ watch_id = '0', events }) => [watch_id, events?.length])).toEqual([['0', 1]]);
  expect(c.member('etcd-1').inspect().watchers).toBe(1);
});

test('events of one revision arrive in one message, also for one that catches up', async () => {
  const c = await startCluster({ seed: 47 });
  const { heard: live } = await converse(c, 'etcd-1', { create_request: { key: b64('k'), range_end: b64('l') } });
  const success = (n: number) =>
    Array.from({ length: 100 }, (_, i) => ({ request_put: { key: b64(`k${i}`), value: b64(String(n)) } }));
  for (let n = 0; n < 15; n++) await c.call('/v3/kv/txn', { success: success(n) });
  await c.call('/v3/kv/deleterange', { key: b64('k'), range_end: b64('l') });
  const { heard: late } = await converse(c, 'etcd-2', {
    create_request: { key: b64('k'), range_end: b64('l'), start_revision: '1' },
  });
  await c.simulation.run(1000);
  for (const heard of [live, late]) {
    const messages = heard.flatMap(({ events }) => (events ? [events.map(({ kv }) => Number(kv.mod_revision))] : []));
    const revisions = messages.flat();
    expect(revisions.length).toBe(1600);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    for (let i = 1; i < messages.length; i++)
      expect(messages[i]?.[0]).toBeGreaterThan(messages[i - 1]?.at(-1) as number);
  }
});
