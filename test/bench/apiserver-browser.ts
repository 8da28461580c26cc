// The API server in Chromium over ports (apiserver-page.ts), built as the product is.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';
import { chromiumArgs, chromiumPath } from '../../scripts/chromium.mjs';

declare global {
  var apiserverBench: { run(scale: number, say: (line: string) => void): Promise<void> };
  var say: (line: string) => void;
}

/** Prints what the page measures. */
export async function inBrowser(scale: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const outDir = join(folder, 'dist');
  await build({
    logLevel: 'error',
    publicDir: false,
    build: { outDir, rolldownOptions: { input: 'test/bench/apiserver.html' } },
  });
  const server = await preview({ logLevel: 'error', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const profile = join(folder, 'chromium');
  const browser = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath, args: chromiumArgs });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error.message));
    await page.exposeFunction('say', (line: string) => console.log(line));
    await page.goto(`${server.resolvedUrls?.local[0]}test/bench/apiserver.html`);
    await page.waitForFunction(() => globalThis.apiserverBench !== undefined);
    await page.evaluate((share) => globalThis.apiserverBench.run(share, globalThis.say), scale);
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
