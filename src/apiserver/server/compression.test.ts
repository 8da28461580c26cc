import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
const configMaps = '/api/v1/namespaces/default/configmaps';
const get = (path: string, headers: Record<string, string> = {}) => api.raw('GET', path, { headers });
const gzip = { 'accept-encoding': 'deflate, gzip' };
const unpacked = async (response: Response) =>
  JSON.parse(await new Response(response.body!.pipeThrough(new DecompressionStream('gzip'))).text());

beforeAll(async () => {
  api = await startHarness();
  const create = (i: number) =>
    api.call('POST', configMaps, { metadata: { name: `c${i}` }, data: { text: 'x'.repeat(100) } });
  const made = await Promise.all(Array.from({ length: 501 }, (_, i) => create(i)));
  expect(made.every(({ code }) => code === 201)).toBe(true);
});

test('a long list is compressed for who reads gzip', async () => {
  const plain = await get(configMaps);
  expect([plain.headers.get('content-encoding'), plain.headers.get('vary')]).toEqual([null, null]);
  const packed = await get(configMaps, gzip);
  expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding']);
  expect(packed.headers.get('content-type')).toBe('application/json');
  expect(await unpacked(packed)).toEqual(await plain.json());
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  expect((await unpacked(await get(configMaps, { ...gzip, accept }))).rows).toHaveLength(501);
});

test('so is one long object', async () => {
  const data = { text: 'x'.repeat(128 * 1024) };
  await api.call('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'long' }, data });
  for (const path of ['', '/long']) {
    const answer = await get(`/api/v1/namespaces/kube-system/configmaps${path}`, gzip);
    expect([answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding']);
    const { items, data: own } = await unpacked(answer);
    expect((own ?? items[0].data).text).toHaveLength(128 * 1024);
  }
});

test('nothing else is: short lists, weighted encodings, watches', async () => {
  for (const [path, encoding] of [
    [`${configMaps}?limit=10`, 'gzip'],
    [configMaps, 'gzip;q=0'],
    [configMaps, 'deflate'],
  ] as const) {
    const response = await get(path, { 'accept-encoding': encoding });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect((await response.json()).kind).toBe('ConfigMapList');
  }
  const watch = await get(`${configMaps}?watch=true`, gzip);
  expect(watch.headers.get('content-encoding')).toBeNull();
  const reader = watch.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('{"type":"ADDED"');
  await reader.cancel();
});

test('a client that goes away while a compressed list is sent does no harm', async () => {
  const response = await get(configMaps, gzip);
  await response.body!.cancel();
  expect((await get(`${configMaps}/c1`)).status).toBe(200);
});
