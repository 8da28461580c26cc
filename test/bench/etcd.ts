// npm run bench:etcd [-- --ms=3000 --keys=100000]: our store in Chromium (three workers, IndexedDB strict, then an OPFS log) beside Debian's etcd, three
// members on loopback with fsync, in one run and over the same client class; printed as rates and ratios.

import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';
import { chromiumArgs, chromiumPath } from '../../scripts/chromium.mjs';
import { hasRealEtcd, startRealEtcd } from '../../scripts/etcd-real.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { systemRandom } from '../../src/env/system-random.ts';
import { createEtcdClient } from '../../src/etcd/client/index.ts';
import { memoryRatio } from './etcd-memory.ts';
import type { GrowthFigures } from './etcd-page.ts';
import { bench, type Figures } from './etcd-work.ts';

const { values } = parseArgs({
  options: { ms: { type: 'string', default: '3000' }, keys: { type: 'string', default: '0' } },
});
const ms = Number(values.ms);
/** Keys for the rows on growth, restart and memory; 0: not measured. */
const keys = Number(values.keys);

declare global {
  var etcdBench: {
    run(disk: 'indexeddb' | 'opfs', ms: number): Promise<Figures>;
    growth(disk: 'indexeddb' | 'opfs', keys: number, ms: number): Promise<GrowthFigures>;
  };
}

async function real(): Promise<Figures> {
  const etcd = await startRealEtcd(3);
  const clock = new ScaledClock();
  try {
    const client = createEtcdClient({ endpoints: etcd.endpoints, fetch, clock, random: systemRandom });
    return await bench(client, ms);
  } finally {
    clock.close();
    await etcd.stop();
  }
}

// built as the product is: what is measured is the code that ships
const profile = await mkdtemp(join(tmpdir(), 'bench-'));
const outDir = join(profile, 'dist');
await build({
  logLevel: 'error',
  publicDir: false,
  build: { outDir, rolldownOptions: { input: 'test/bench/etcd.html' } },
});
const vite = await preview({ logLevel: 'error', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
const browser = await chromium.launchPersistentContext(join(profile, 'chromium'), {
  executablePath: chromiumPath,
  args: chromiumArgs,
});
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`${vite.resolvedUrls?.local[0]}test/bench/etcd.html`);
  await page.waitForFunction(() => globalThis.etcdBench !== undefined, undefined, { timeout: 120_000 });
  const theirs = hasRealEtcd() ? await real() : {};
  const indexeddb = await page.evaluate((time) => globalThis.etcdBench.run('indexeddb', time), ms);
  const opfs = await page.evaluate((time) => globalThis.etcdBench.run('opfs', time), ms);
  const rate = (figure: Figures[string] | undefined, base: Figures[string] | undefined) => {
    if (!figure) return '-';
    const ratio = base && base !== figure ? ` (${(figure.perSecond / base.perSecond).toFixed(2)}x)` : '';
    return `${Math.round(figure.perSecond)}/s${ratio} p50 ${figure.p50.toFixed(2)} p99 ${figure.p99.toFixed(1)} ms`;
  };
  for (const work of Object.keys(indexeddb)) {
    console.log(work);
    console.log(`  etcd       ${rate(theirs[work], theirs[work])}`);
    console.log(`  IndexedDB  ${rate(indexeddb[work], theirs[work])}`);
    console.log(`  OPFS log   ${rate(opfs[work], theirs[work])}`);
  }
  if (keys > 0) {
    for (const disk of ['indexeddb', 'opfs'] as const) {
      const figures = await page.evaluate(([d, n, time]) => globalThis.etcdBench.growth(d, n, time), [
        disk,
        keys,
        ms,
      ] as const);
      const { early, late, loaded, restart } = figures;
      console.log(
        `${disk}, ${keys} keys: restart ${Math.round(restart)} ms (with the workers' scripts; reading the disks took ${Math.round(loaded)} ms of it)`,
      );
      console.log(`  put, 100 clients: ${Math.round(early)}/s with 1,000 keys, ${Math.round(late)}/s with ${keys}`);
    }
    console.log(`memory of a member with ${keys} keys: ${memoryRatio(keys).toFixed(2)} times the bytes held`);
  }
  console.log(
    `load average at the end: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')} on ${cpus().length} processors`,
  );
} finally {
  await browser.close();
  await vite.close();
  await rm(profile, { recursive: true, force: true });
}
