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
