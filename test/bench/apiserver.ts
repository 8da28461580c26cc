// npm run bench:apiserver: create, get, patch and delete by 16 clients over loopback HTTPS, lists and watches; printed, never asserted.

import { Agent, request } from 'node:https';
import { startHeadless } from '../../src/bridge/headless.ts';

const clients = 16;
const objects = Number(process.env['DRYDOCK_BENCH_OBJECTS'] ?? 2000);
const watchers = Number(process.env['DRYDOCK_BENCH_WATCHERS'] ?? 200);

const cluster = await startHeadless({
  port: 0,
  bindAddress: '127.0.0.1',
  kubeconfigOut: undefined,
  tokenAuthFile: undefined,
  etcdServers: [],
  dataDir: process.env['DRYDOCK_BENCH_DATA'],
  hollowNodes: 0,
  controllers: false,
  authorizationMode: 'RBAC',
});
const agent = new Agent({ keepAlive: true, maxSockets: clients, ca: cluster.caBundle });
const base = '/api/v1/namespaces/default/configmaps';

function call(
  method: string,
  path: string,
  body?: string,
  type = 'application/json',
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { authorization: `Bearer ${cluster.adminToken}` };
    if (body !== undefined)
      Object.assign(headers, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) });
    const out = request({ host: '127.0.0.1', port: cluster.port, method, path, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    out.on('error', reject);
    out.end(body);
  });
}

async function measure(title: string, one: (i: number) => Promise<{ code: number }>): Promise<void> {
  const times: number[] = [];
  let next = 0;
  let failed = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next++; i < objects; i = next++) {
        const from = performance.now();
        if ((await one(i)).code >= 300) failed++;
        times.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  console.log(
    `${title.padEnd(8)} ${(objects / seconds).toFixed(0).padStart(6)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms${failed ? `  ${failed} failed` : ''}`,
  );
}

const data = 'x'.repeat(800);
await measure('create', (i) =>
  call(
    'POST',
    base,
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${i}` }, data: { data } }),
  ),
);
await measure('get', (i) => call('GET', `${base}/c${i}`));
await measure('patch', (i) => call('PATCH', `${base}/c${i}`, `{"data":{"n":"${i}"}}`, 'application/merge-patch+json'));

const from = performance.now();
const listed = await call('GET', base);
console.log(
  `list     ${objects} objects, ${(listed.text.length / 1e6).toFixed(1)} MB in ${(performance.now() - from).toFixed(0)} ms`,
);

const { resourceVersion } = (JSON.parse(listed.text) as { metadata: { resourceVersion: string } }).metadata;
const delays: number[] = [];
const sent = new Map<string, number>();
const open = Array.from({ length: watchers }, () => {
  const path = `${base}?watch=1&resourceVersion=${resourceVersion}`;
  const headers = { authorization: `Bearer ${cluster.adminToken}` };
  const out = request(
    { host: '127.0.0.1', port: cluster.port, path, headers, ca: cluster.caBundle, agent: false },
    (response) => {
      response.on('data', (chunk: Buffer) => {
        for (const [, name] of chunk.toString().matchAll(/"name":"(w\d+)"/g)) {
          const at = sent.get(name as string);
          if (at !== undefined) delays.push(performance.now() - at);
        }
      });
    },
  );
  out.on('error', () => {});
  out.end();
  return out;
});
await new Promise((resolve) => setTimeout(resolve, 2000));
for (let i = 0; i < 100; i++) {
  sent.set(`w${i}`, performance.now());
  await call('POST', base, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `w${i}` } }));
}
await new Promise((resolve) => setTimeout(resolve, 2000));
delays.sort((a, b) => a - b);
const share = (q: number) => (delays[Math.floor(delays.length * q)] ?? 0).toFixed(1);
console.log(
  `watch    ${watchers} watchers, ${delays.length} of ${watchers * 100} events seen, p50 ${share(0.5)} ms  p99 ${share(0.99)} ms`,
);
for (const each of open) each.destroy();

await measure('delete', (i) => call('DELETE', `${base}/c${i}`));
agent.destroy();
await cluster.stop();
process.exit(0);
