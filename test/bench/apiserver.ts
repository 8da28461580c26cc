// npm run bench:apiserver: create, get, patch and delete by 16 clients over loopback HTTPS, a list of 10,000 pods, 1,000 watchers of 500 events/s, and the memory
// of many objects; first with the store in memory, then with three durable members. Printed, never asserted.
//
// The server is a process of its own (what `npm run serve` starts); this one is the clients. DRYDOCK_BENCH_SCALE=0.1 makes everything a tenth.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const scale = Number(process.env['DRYDOCK_BENCH_SCALE'] ?? 1);
const clients = 16;
const writes = Math.round(5000 * scale);
const pods = Math.round(10_000 * scale);
const watchers = Math.round(1000 * scale);
const objects = Math.round(150_000 * scale);

interface Server {
  child: ChildProcess;
  port: number;
  token: string;
  agent: Agent;
}

async function start(dataDir: string | undefined): Promise<Server> {
  const flags = ['scripts/serve.mjs', '--secure-port=0', '--no-controllers'];
  if (dataDir !== undefined) flags.push(`--data-dir=${dataDir}`);
  const began = performance.now();
  const child = spawn('node', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    const token = /token of kubernetes-admin: (\w+)/.exec(text)?.[1];
    if (port === undefined || token === undefined) continue;
    console.log(`ready    ${(performance.now() - began).toFixed(0)} ms`);
    // Who asks is on this machine and made the server: its certificate says nothing more.
    const agent = new Agent({ keepAlive: true, maxSockets: clients, rejectUnauthorized: false });
    return { child, port: Number(port), token, agent };
  }
  throw new Error('the server did not start');
}

/** CPU milliseconds and resident megabytes of the server so far. */
function usage({ child }: Server): { cpu: number; memory: number } {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { cpu: (Number(stat[11]) + Number(stat[12])) * 10, memory: (Number(stat[21]) * 4096) / 2 ** 20 };
}

function call(
  { port, token, agent }: Server,
  method: string,
  path: string,
  body?: string,
  type = 'application/json',
): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined)
      Object.assign(headers, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) });
    const out = request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    out.on('error', reject);
    out.end(body);
  });
}

const percentile = (sorted: readonly number[], share: number) =>
  `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`;

async function inParallel(count: number, one: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next++; i < count; i = next++) await one(i);
    }),
  );
}

async function measure(server: Server, title: string, count: number, one: (i: number) => Promise<{ code: number }>) {
  const times: number[] = [];
  let failed = 0;
  const before = usage(server).cpu;
  const began = performance.now();
  await inParallel(count, async (i) => {
    const from = performance.now();
    if ((await one(i)).code >= 300) failed++;
    times.push(performance.now() - from);
  });
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const cpu = (usage(server).cpu - before) / count;
  console.log(
    `${title.padEnd(8)} ${(count / seconds).toFixed(0).padStart(6)}/s  p50 ${percentile(times, 0.5)}  p99 ${percentile(times, 0.99)}  server CPU ${cpu.toFixed(2)} ms each${failed ? `  ${failed} failed` : ''}`,
  );
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const data = 'x'.repeat(800);
const configMap = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { data } });
const pod = (name: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench' } },
    spec: {
      serviceAccountName: 'default',
      automountServiceAccountToken: false,
      containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
    },
  });

async function verbs(server: Server): Promise<void> {
  await measure(server, 'create', writes, (i) => call(server, 'POST', configMaps, configMap(`c${i}`)));
  await measure(server, 'get', writes, (i) => call(server, 'GET', `${configMaps}/c${i}`));
  await measure(server, 'patch', writes, (i) =>
    call(server, 'PATCH', `${configMaps}/c${i}`, `{"data":{"n":"${i}"}}`, 'application/merge-patch+json'),
  );
  await measure(server, 'delete', writes, (i) => call(server, 'DELETE', `${configMaps}/c${i}`));
}

async function listPods(server: Server): Promise<void> {
  const path = '/api/v1/namespaces/default/pods';
  await call(
    server,
    'POST',
    '/api/v1/namespaces/default/serviceaccounts',
    '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}',
  );
  await measure(server, 'pods', pods, (i) => call(server, 'POST', path, pod(`p${i}`)));
  for (let i = 0; i < 3; i++) {
    const from = performance.now();
    const { text } = await call(server, 'GET', path);
    console.log(
      `list     ${pods} pods, ${(text.length / 1e6).toFixed(1)} MB in ${(performance.now() - from).toFixed(0)} ms`,
    );
  }
}

/** Opens the watchers, then writes 500 times a second for five seconds. */
async function watch(server: Server): Promise<void> {
  const list = JSON.parse((await call(server, 'GET', `${configMaps}?limit=1`)).text) as {
    metadata: { resourceVersion: string };
  };
  const delays: number[] = [];
  const sent = new Map<string, number>();
  let opened = 0;
  const open = Array.from({ length: watchers }, () => {
    const path = `${configMaps}?watch=1&resourceVersion=${list.metadata.resourceVersion}`;
    const headers = { authorization: `Bearer ${server.token}` };
    const out = request(
      { host: '127.0.0.1', port: server.port, path, headers, agent: false, rejectUnauthorized: false },
      (response) => {
        opened++;
        response.on('data', (chunk: Buffer) => {
          const now = performance.now();
          for (const [, name] of chunk.toString('latin1').matchAll(/"name":"(w\d+)"/g)) {
            const at = sent.get(name as string);
            if (at !== undefined) delays.push(now - at);
          }
        });
      },
    );
    out.on('error', () => {});
    out.end();
    return out;
  });
  while (opened < watchers) await new Promise((resolve) => setTimeout(resolve, 50));
  const events = 2500;
  const began = performance.now();
  await inParallel(events, async (i) => {
    const due = began + i * 2;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.set(`w${i}`, performance.now());
    await call(server, 'POST', configMaps, JSON.stringify({ metadata: { name: `w${i}` } }));
  });
  const seconds = (performance.now() - began) / 1000;
  for (let i = 0; i < 100 && delays.length < watchers * events; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  delays.sort((a, b) => a - b);
  console.log(
    `watch    ${watchers} watchers, ${(events / seconds).toFixed(0)} events/s, ${delays.length} of ${watchers * events} seen, p50 ${percentile(delays, 0.5)}  p99 ${percentile(delays, 0.99)} from request to event`,
  );
  for (const each of open) each.destroy();
}

async function memory(server: Server): Promise<void> {
  const before = usage(server).memory;
  await inParallel(objects, async (i) => {
    await call(server, 'POST', configMaps, configMap(`m${i}`));
  });
  const after = usage(server).memory;
  console.log(`memory   ${objects} objects: ${after.toFixed(0)} MiB resident (${before.toFixed(0)} before)`);
}

async function run(title: string, dataDir: string | undefined, work: readonly ((server: Server) => Promise<void>)[]) {
  console.log(`--- ${title}, ${clients} clients; load ${loadavg()[0]?.toFixed(1)}`);
  const server = await start(dataDir);
  try {
    for (const each of work) await each(server);
  } finally {
    server.agent.destroy();
    server.child.kill('SIGTERM');
  }
}

const wanted = process.argv.slice(2);
const parts = { verbs, list: listPods, watch, memory };
const chosen = Object.entries(parts).flatMap(([name, part]) =>
  wanted.length === 0 || wanted.includes(name) ? [part] : [],
);
if (!wanted.includes('durable')) await run('store in memory', undefined, chosen);
if (wanted.length === 0 || wanted.includes('durable')) {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
  await run('three durable members', join(folder, 'data'), [verbs]);
  rmSync(folder, { recursive: true, force: true });
}
