// The page in which the API server is measured as the product runs it: three members of the store on IndexedDB and one API server, a worker each, asked over ports.

import type { Cluster } from '../../src/sandbox/cluster.ts';
import { defaultClusterConfig } from '../../src/sandbox/config.ts';
import { startPageCluster } from '../../src/sandbox/page-cluster.ts';
import { configMap, configMaps, pod, pods, serviceAccount, serviceAccounts } from './apiserver-objects.ts';
import { inParallel, percentile, timed } from './parallel.ts';

const clients = 16;

async function start(): Promise<Cluster> {
  const cluster = await startPageCluster({
    config: {
      ...defaultClusterConfig,
      name: 'bench',
      nodes: [{ role: 'control-plane' }],
      controlPlane: { etcd: 3, apiServers: 1, controllerManagers: 0, schedulers: 0 },
    },
    small: true,
    base: location.href,
  });
  while (!(await cluster.fetch('/readyz').catch(() => undefined))?.ok)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return cluster;
}

/** Runs everything; `say` takes the lines to print. `scale`: 0.1 does a tenth. */
async function run(scale: number, say: (line: string) => void): Promise<void> {
  const began = performance.now();
  const cluster = await start();
  say(`ready    ${(performance.now() - began).toFixed(0)} ms`);
  const call = async (method: string, path: string, body?: string, type = 'application/json') => {
    const response = await cluster.fetch(path, {
      method,
      headers: { 'content-type': type },
      ...(body ? { body } : {}),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const measure = async (title: string, count: number, one: (i: number) => Promise<number>) => {
    const { perSecond, p50, p99, failed } = await timed(clients, count, one);
    say(
      `${title.padEnd(8)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${p50}  p99 ${p99}${failed ? `  ${failed} failed` : ''}`,
    );
  };
  const writes = Math.round(5000 * scale);
  await measure('create', writes, (i) => call('POST', configMaps, configMap(`c${i}`)));
  await measure('get', writes, (i) => call('GET', `${configMaps}/c${i}`));
  await measure('patch', writes, (i) =>
    call('PATCH', `${configMaps}/c${i}`, `{"data":{"n":"${i}"}}`, 'application/merge-patch+json'),
  );
  await measure('delete', writes, (i) => call('DELETE', `${configMaps}/c${i}`));

  const count = Math.round(10_000 * scale);
  await call('POST', serviceAccounts, serviceAccount);
  await measure('pods', count, (i) => call('POST', pods, pod(`p${i}`)));
  for (let i = 0; i < 3; i++) {
    const from = performance.now();
    const { length } = await (await cluster.fetch(pods)).text();
    say(`list     ${count} pods, ${(length / 1e6).toFixed(1)} MB in ${(performance.now() - from).toFixed(0)} ms`);
  }
  await watch(cluster, Math.round(100 * scale), say);
}

/** Watchers in the page's own thread, which they share with the writers: a tenth of what they are over HTTPS, and a tenth of the events. */
async function watch(cluster: Cluster, watchers: number, say: (line: string) => void): Promise<void> {
  const list = (await (await cluster.fetch(`${configMaps}?limit=1`)).json()) as {
    metadata: { resourceVersion: string };
  };
  const abort = new AbortController();
  const events = 250;
  const sent = new Map<string, number>();
  const delays: number[] = [];
  for (let w = 0; w < watchers; w++) {
    const path = `${configMaps}?watch=1&resourceVersion=${list.metadata.resourceVersion}`;
    const response = await cluster.fetch(path, { signal: abort.signal });
    const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
    void (async () => {
      for (let rest = ''; ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        const lines = (rest + value).split('\n');
        rest = lines.pop() as string;
        const now = performance.now();
        for (const line of lines) {
          const from = sent.get(/"name":"(w\d+)"/.exec(line)?.[1] ?? '');
          if (from !== undefined) delays.push(now - from);
        }
      }
    })().catch(() => {});
  }
  const began = performance.now();
  await inParallel(clients, events, async (i) => {
    const wait = began + i * 20 - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.set(`w${i}`, performance.now());
    await cluster.fetch(configMaps, { method: 'POST', body: JSON.stringify({ metadata: { name: `w${i}` } }) });
  });
  const rate = (events * 1000) / (performance.now() - began);
  for (let i = 0; i < 100 && delays.length < watchers * events; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  abort.abort();
  delays.sort((a, b) => a - b);
  say(
    `watch    ${watchers} watchers, ${rate.toFixed(0)} events/s, ${delays.length} of ${watchers * events} seen, p50 ${percentile(delays, 0.5)}  p99 ${percentile(delays, 0.99)} from request to event`,
  );
}

Object.assign(globalThis, { apiserverBench: { run } });
