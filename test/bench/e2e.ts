// npm run bench:e2e: how fast the product feels, in Chromium on this machine, printed and never asserted.
//
//   npm run bench:e2e [-- --rounds=3]
//
// Serves dist/ (run `npm run build` and `npm run image` first), opens a persistent profile so that IndexedDB is on disk, warms the cache with one visit, then
// measures. Peer figures of the same kind are none: aims are those of the issue that asked for them.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { preview } from 'vite';
import { chromiumArgs, chromiumPath } from '../../scripts/chromium.mjs';

const rounds = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice(9) ?? 3);

interface KubectlResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

const kubectl = (page: Page, line: string) =>
  page.evaluate(
    (text) =>
      (window as unknown as { drydock: { kubectl(line: string): Promise<KubectlResult> } }).drydock.kubectl(text),
    line,
  );

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Polls in the page until kubectl's output satisfies `test`; resolves with the milliseconds since `from` (page time). */
async function until(page: Page, line: string, test: (stdout: string) => boolean, limit = 90_000): Promise<number> {
  const begun = Date.now();
  for (;;) {
    const { stdout } = await kubectl(page, line).catch(() => ({ stdout: '' }));
    if (test(stdout)) return Date.now() - begun;
    if (Date.now() - begun > limit) throw new Error(`waited ${limit} ms for: ${line}\n${stdout}`);
    await page.waitForTimeout(25);
  }
}

const lines = (text: string, pattern: RegExp) => text.split('\n').filter((line) => pattern.test(line)).length;

/** Resolves when both Linux nodes have reported Ready since the page was opened (what an earlier page wrote does not count) and take pods. */
async function bothLinuxNodesReady(page: Page): Promise<void> {
  interface Condition {
    type: string;
    status: string;
    lastHeartbeatTime: string;
  }
  interface Node {
    spec: { taints?: unknown[] };
    status: { nodeInfo: { osImage: string }; conditions?: Condition[] };
  }
  const readyNodes = async () => {
    const { drydock } = window as unknown as { drydock: { fetch(path: string): Promise<Response> } };
    const opened = Math.floor(performance.timeOrigin / 1000) * 1000;
    const { items } = (await (await drydock.fetch('/api/v1/nodes')).json()) as { items: Node[] };
    return items.filter(
      ({ spec, status }) =>
        (spec.taints ?? []).length === 0 &&
        status.nodeInfo.osImage.includes('Debian') &&
        status.conditions?.some(
          ({ type, status, lastHeartbeatTime }) =>
            type === 'Ready' && status === 'True' && Date.parse(lastHeartbeatTime) >= opened,
        ),
    ).length;
  };
  while ((await page.evaluate(readyNodes).catch(() => 0)) < 2) await page.waitForTimeout(25);
}

async function visit(page: Page, url: string) {
  const begun = Date.now();
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(
    () =>
      'drydock' in window && document.querySelector('[data-testid="editor"], [aria-label="Editor"], textarea') !== null,
  );
  const interactive = Date.now() - begun;
  await bothLinuxNodesReady(page);
  return { interactive, ready: Date.now() - begun };
}

/** CPU seconds and proportional memory of a browser and all its children. */
function usage(pid: number): { cpu: number; memory: number } {
  const children = new Map<number, number[]>();
  const stats = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      const parent = Number(fields[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
      stats.set(Number(entry), (Number(fields[11]) + Number(fields[12])) / 100);
    } catch {
      // it ended meanwhile
    }
  }
  let cpu = 0;
  let memory = 0;
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    cpu += stats.get(next) ?? 0;
    try {
      memory += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${next}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      // gone, or not ours to read
    }
    open.push(...(children.get(next) ?? []));
  }
  return { cpu, memory };
}

function browserPid(profile: string): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      if (command.includes(profile) && !command.includes('--type=')) return Number(entry);
    } catch {
      // it ended meanwhile
    }
  }
  throw new Error('no browser process');
}

const profile = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
const server = await preview({ root: process.cwd(), logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
const url = server.resolvedUrls?.local[0] as string;
const context: BrowserContext = await chromium.launchPersistentContext(profile, {
  executablePath: chromiumPath,
  args: chromiumArgs,
  headless: true,
  viewport: { width: 1440, height: 900 },
});
const rows: [string, string, string][] = [];
try {
  const page = await context.newPage();
  await visit(page, url);
  const interactive: number[] = [];
  const ready: number[] = [];
  const running: number[] = [];
  const relisted: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // heartbeats are told in whole seconds: what the last page wrote must not pass for this one's
    await page.goto('about:blank');
    await page.waitForTimeout(1500);
    const times = await visit(page, url);
    interactive.push(times.interactive);
    ready.push(times.ready);

    await kubectl(page, 'delete deployment bench --ignore-not-found');
    await until(page, 'get pods -l app=bench', (stdout) => !stdout.includes('bench'));
    const applied = Date.now();
    await kubectl(page, 'create deployment bench --image=busybox:1.36 --replicas=2 -- sleep 3600');
    await until(page, 'get pods -l app=bench', (stdout) => lines(stdout, /\sRunning\s/) === 2);
    running.push(Date.now() - applied);

    const reloaded = Date.now();
    await page.reload({ waitUntil: 'commit' });
    await page.waitForFunction(() => 'drydock' in window);
    await until(page, 'get deployments', (stdout) => stdout.includes('bench'));
    relisted.push(Date.now() - reloaded);
    await bothLinuxNodesReady(page);
  }
  rows.push(['navigation, assets cached -> shell interactive', `${median(interactive)} ms`, '1500 ms']);
  rows.push([
    'navigation, assets cached -> control plane serving, both Linux nodes Ready',
    `${median(ready)} ms`,
    '6000 ms',
  ]);
  rows.push(['apply (image present) -> 2 busybox pods Running', `${median(running)} ms`, '2500 ms']);
  rows.push(['reload -> previous objects listed', `${median(relisted)} ms`, '3000 ms']);

  // idle is: the pods are gone (sleep takes no notice of SIGTERM: 30 s) and the page has settled
  await kubectl(page, 'delete deployment bench');
  await until(page, 'get pods -l app=bench', (stdout) => !stdout.includes('bench'));
  await page.waitForTimeout(10_000);
  const pid = browserPid(profile);
  const before = usage(pid);
  const seconds = 30;
  await page.waitForTimeout(seconds * 1000);
  const after = usage(pid);
  rows.push([
    'idle cluster, 2 Linux nodes: CPU',
    `${(((after.cpu - before.cpu) / seconds) * 100).toFixed(1)} % of a core`,
    'under 10 %',
  ]);
  rows.push([
    'idle cluster, 2 Linux nodes: memory (PSS, whole browser)',
    `${after.memory.toFixed(0)} MiB`,
    'under 900 MiB',
  ]);
} finally {
  await context.close();
  await server.close();
  rmSync(profile, { recursive: true, force: true });
}

const initial = [...readFileSync('dist/index.html', 'utf8').matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(
  ([, file]) => file as string,
);
const bytes = initial.reduce((sum, file) => sum + gzipSync(readFileSync(join('dist', file))).length, 0);
rows.push([
  `initial JavaScript without Monaco and v86, gzip (${initial.length} files)`,
  `${(bytes / 1024).toFixed(0)} KiB`,
  '250 KiB',
]);

const width = Math.max(...rows.map(([what]) => what.length));
console.log(`\nmedians of ${rounds} rounds`);
for (const [what, figure, aim] of rows) console.log(`${what.padEnd(width)}  ${figure.padStart(18)}   (aim ${aim})`);
