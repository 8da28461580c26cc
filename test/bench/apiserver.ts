// npm run bench:apiserver: create, get, patch and delete by 16 clients over loopback HTTPS, a list of 10,000 pods, 1,000 watchers of 500 events/s, and the memory
// of many objects; first with the store in memory, then with three durable members; then in Chromium over ports. Printed, never asserted. `-- verbs list watch memory
// durable chromium` chooses.
//
// The server is a process of its own (what `npm run serve` starts); this one is the clients, which speak HTTP over their sockets by hand (test/bench/connection.ts):
// on a machine with two cores a client library would cost as much as the server. DRYDOCK_BENCH_SCALE=0.1 makes everything a tenth.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inBrowser } from './apiserver-browser.ts';
import { configMap, configMaps, pod, pods as podsPath, serviceAccount, serviceAccounts } from './apiserver-objects.ts';
import { Connection } from './connection.ts';
import { inParallel, percentile, timed } from './parallel.ts';

const scale = Number(process.env['DRYDOCK_BENCH_SCALE'] ?? 1);
/** Of the server's Node: "--cpu-prof --cpu-prof-interval=200" shows where its time goes. */
const nodeFlags = (process.env['DRYDOCK_BENCH_NODE'] ?? '').split(' ').filter((flag) => flag !== '');
const clients = 16;
const writes = Math.round(5000 * scale);
const pods = Math.round(10_000 * scale);
const watchers = Math.round(1000 * scale);
const objects = Math.round(150_000 * scale);

interface Server {
  child: ChildProcess;
  port: number;
  token: string;
  /** Connections that no call is using. */
  idle: Connection[];
}

async function start(dataDir: string | undefined): Promise<Server> {
  const flags = [...nodeFlags, 'scripts/serve.mjs', '--secure-port=0', '--no-controllers'];
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
    return { child, port: Number(port), token, idle: [] };
  }
  throw new Error('the server did not start');
}

/** CPU milliseconds and resident megabytes of the server so far. */
function usage({ child }: Server): { cpu: number; memory: number } {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { cpu: (Number(stat[11]) + Number(stat[12])) * 10, memory: (Number(stat[21]) * 4096) / 2 ** 20 };
}

async function call(
  { port, token, idle }: Server,
  method: string,
  path: string,
  body?: string,
  type?: string,
): Promise<{ code: number; text: string }> {
  const connection = idle.pop() ?? (await Connection.open(port));
  const answer = await connection.exchange({ method, path, token, body, type });
  idle.push(connection);
  return answer;
}

async function measure(server: Server, title: string, count: number, one: (i: number) => Promise<{ code: number }>) {
  const before = usage(server).cpu;
  const { perSecond, p50, p99, failed } = await timed(clients, count, async (i) => (await one(i)).code);
  const cpu = (usage(server).cpu - before) / count;
  console.log(
    `${title.padEnd(8)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50}  p99 ${p99}  server CPU ${cpu.toFixed(2)} ms each${failed ? `  ${failed} failed` : ''}`,
  );
}

async function verbs(server: Server): Promise<void> {
  await measure(server, 'create', writes, (i) => call(server, 'POST', configMaps, configMap(`c${i}`)));
  await measure(server, 'get', writes, (i) => call(server, 'GET', `${configMaps}/c${i}`));
  await measure(server, 'patch', writes, (i) =>
    call(server, 'PATCH', `${configMaps}/c${i}`, `{"data":{"n":"${i}"}}`, 'application/merge-patch+json'),
  );
  await measure(server, 'delete', writes, (i) => call(server, 'DELETE', `${configMaps}/c${i}`));
}

async function listPods(server: Server): Promise<void> {
  await call(server, 'POST', serviceAccounts, serviceAccount);
  await measure(server, 'pods', pods, (i) => call(server, 'POST', podsPath, pod(`p${i}`)));
  for (let i = 0; i < 3; i++) {
    const from = performance.now();
    const { text } = await call(server, 'GET', podsPath);
    console.log(
      `list     ${pods} pods, ${(text.length / 1e6).toFixed(1)} MB in ${(performance.now() - from).toFixed(0)} ms`,
    );
  }
}

/** Opens the watchers, then writes 500 times a second for ten seconds. All see the same events in one order, so that only the first needs to be read to know which is which. */
async function watch(server: Server): Promise<void> {
  const list = JSON.parse((await call(server, 'GET', `${configMaps}?limit=1`)).text) as {
    metadata: { resourceVersion: string };
  };
  const path = `${configMaps}?watch=1&resourceVersion=${list.metadata.resourceVersion}`;
  const events = 5000;
  /** When the nth event of the wth watcher came: at w * events + n. */
  const arrived = new Float64Array(watchers * events);
  let count = 0;
  let text = '';
  const open: Connection[] = [];
  for (let w = 0; w < watchers; w++) {
    const connection = await Connection.open(server.port);
    let n = 0;
    await connection.stream({ path, token: server.token }, (chunk) => {
      const now = performance.now();
      if (w === 0) text += chunk.toString('latin1');
      for (const lines = countEvents(chunk) + n; n < lines; n++, count++) arrived[w * events + n] = now;
    });
    open.push(connection);
  }
  const sent = new Map<string, number>();
  const before = usage(server).cpu;
  const own = process.cpuUsage();
  const began = performance.now();
  await inParallel(clients, events, async (i) => {
    const due = began + i * 2;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.set(`w${i}`, performance.now());
    await call(server, 'POST', configMaps, JSON.stringify({ metadata: { name: `w${i}` } }));
  });
  const seconds = (performance.now() - began) / 1000;
  for (let i = 0; i < 100 && count < watchers * events; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  const cpu = (usage(server).cpu - before) / events;
  const { user, system } = process.cpuUsage(own);
  const order = [...text.matchAll(/"name":"(w\d+)"/g)].map(([, name]) => sent.get(name as string) ?? 0);
  const delaysFrom = (first: number) =>
    arrived
      .map((at, i) => at - (order[i % events] ?? 0))
      .filter((_, i) => arrived[i] !== 0 && i % events >= first)
      .sort();
  const [delays, warm] = [delaysFrom(0), delaysFrom(events / 2)];
  console.log(
    `watch    ${watchers} watchers, ${(events / seconds).toFixed(0)} events/s, ${count} of ${watchers * events} seen, p50 ${percentile(delays, 0.5)}  p99 ${percentile(delays, 0.99)} from request to event (of the second half: p50 ${percentile(warm, 0.5)}  p99 ${percentile(warm, 0.99)})  CPU per event: server ${cpu.toFixed(2)} ms, clients ${((user + system) / 1000 / events).toFixed(2)} ms`,
  );
  for (const each of open) each.close();
}

/** Events that end in this piece of an answer: "}" and a line's end, which no chunk's head and no JSON has elsewhere. */
function countEvents(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) if (chunk[at - 1] !== 13) count++;
  return count;
}

async function memory(server: Server): Promise<void> {
  const before = usage(server).memory;
  await inParallel(clients, objects, async (i) => {
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
    for (const connection of server.idle) connection.close();
    server.child.kill('SIGTERM');
  }
}

const wanted = process.argv.slice(2);
const parts = { verbs, list: listPods, watch, memory };
const chosen = Object.entries(parts).flatMap(([name, part]) =>
  wanted.length === 0 || wanted.includes(name) ? [part] : [],
);
if (chosen.length > 0) await run('store in memory', undefined, chosen);
if (wanted.length === 0 || wanted.includes('durable')) {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
  await run('three durable members', join(folder, 'data'), [verbs]);
  rmSync(folder, { recursive: true, force: true });
}
if (wanted.length === 0 || wanted.includes('chromium')) {
  console.log(`--- in Chromium over ports, IndexedDB, ${clients} clients; load ${loadavg()[0]?.toFixed(1)}`);
  await inBrowser(scale);
}
