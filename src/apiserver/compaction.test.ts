// Periodic compaction, and what it does to clients: old revisions are gone (410 Expired), a paged list gets a token to go on with, watches go on.

import { expect, test } from 'vitest';
import { startHarness } from './testing/harness.ts';

const path = '/api/v1/namespaces/default/configmaps';
const interval = 300_000;

async function filled(compactionInterval: number) {
  const harness = await startHarness({ compactionInterval });
  const { call } = harness;
  for (const name of ['a', 'b', 'c']) await call('POST', path, { metadata: { name } });
  const page = await call('GET', `${path}?limit=1`);
  const revision = page.body.metadata.resourceVersion as string;
  const token = page.body.metadata.continue as string;
  // Later changes, so that the old state is no longer the cache's.
  await call('PATCH', `${path}/b`, { data: { later: 'yes' } }, { 'content-type': 'application/merge-patch+json' });
  return { ...harness, revision, token };
}

test('after two intervals what was current before the first is gone', async () => {
  const { call, server, simulation, revision, token } = await filled(interval);
  const exact = `${path}?resourceVersion=${revision}&resourceVersionMatch=Exact`;
  await simulation.run(interval + 1000);
  expect((await call('GET', exact)).code).toBe(200);
  expect((await call('GET', `${path}?limit=1&continue=${token}`)).body.items[0].metadata.name).toBe('b');
  await call('POST', path, { metadata: { name: 'd' } });
  await simulation.run(2 * interval);

  const gone = await call('GET', exact);
  expect(gone.code).toBe(410);
  expect(gone.body).toMatchObject({ reason: 'Expired' });
  expect(gone.body.message).toContain('The resourceVersion for the provided list is too old');

  const expired = await call('GET', `${path}?limit=1&continue=${token}`);
  expect(expired.code).toBe(410);
  expect(expired.body.message).toContain('continue');
  // With the token of the refusal the list goes on, inconsistently and said so, from the same place.
  const fresh = expired.body.metadata.continue as string;
  expect(fresh).toBeTruthy();
  const rest = await call('GET', `${path}?limit=500&continue=${fresh}`);
  const names = rest.body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
  expect(names).toEqual(expect.arrayContaining(['b', 'c', 'd']));
  expect(names).not.toContain('a');
  await server.stop();
});

test('without an interval all history stays', async () => {
  const { call, server, simulation, revision } = await filled(0);
  await simulation.run(4 * interval);
  expect((await call('GET', `${path}?resourceVersion=${revision}&resourceVersionMatch=Exact`)).code).toBe(200);
  await server.stop();
});

test('a watch lives through a compaction', async () => {
  const { call, raw, server, simulation, revision } = await filled(interval);
  const response = await raw('GET', `${path}?watch=1&resourceVersion=${revision}`);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => JSON.parse(new TextDecoder().decode((await reader.read()).value).split('\n')[0] as string);
  expect((await next()).object.data).toEqual({ later: 'yes' });
  await simulation.run(3 * interval);
  await call('POST', path, { metadata: { name: 'd' } });
  expect((await next()).object.metadata.name).toBe('d');
  await reader.cancel();
  await server.stop();
});
