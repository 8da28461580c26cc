/// <reference types="vitest/config" />
import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArgs, chromiumPath } from './scripts/chromium.mjs';

export default defineConfig({
  base: './',
  plugins: [svelte()],
  resolve: {
    alias: [
      // monaco-editor >= 0.56 maps './*.js' to './esm/vs/*.js'; monaco-worker-manager (under monaco-yaml) still asks for the old path
      { find: /^monaco-editor\/esm\/vs\/(.+)$/, replacement: 'monaco-editor/$1' },
    ],
  },
  worker: { format: 'es' },
  optimizeDeps: {
    // workers are not crawled from index.html: unlisted, the dev server and the browser tests reload in mid-run
    entries: [
      'index.html',
      'workers/**/*.ts',
      'src/**/*.worker.ts',
      'src/**/*.browser.test.ts',
      'test/browser/**/*.test.ts',
    ],
  },
  build: { target: 'es2023', sourcemap: false, chunkSizeWarningLimit: 4500 },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'test/simulation/*.test.ts', 'lessons/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', 'node_modules/**'],
          testTimeout: 60_000,
          // left alone, Vitest keeps one core for itself, which is half of a small machine
          maxWorkers: availableParallelism(),
          // files share their worker's modules, loaded and compiled once: a third of the work. So no test may leave a module's state changed
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          // after the unit tests, each file in a process of its own: these start servers and other people's programs
          name: 'conformance',
          environment: 'node',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 60_000,
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['src/**/*.browser.test.ts', 'test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: chromiumPath, args: chromiumArgs } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
