// npm test: installs what the tests need on a fresh machine, then runs all of them.
//
//   npm test                    everything
//   npm test -- unit e2e        only these steps (see `steps` below)

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bin, ensureDebian, ensureDependencies, ensureGenerated, root, run, runAside } from './lib/run.mjs';

const started = Date.now();
await ensureDependencies();
await ensureGenerated();

const tool =
  (name, ...args) =>
  () =>
    run(bin(name), args);

const aside =
  (name, ...args) =>
  (step) =>
    runAside(step, bin(name), args);

/**
 * A small file goes first, only to have Vite bundle the dependencies: with none bundled yet and a busy machine, the first test's import was seen to fail meanwhile.
 */
async function browserTests() {
  await run(bin('vitest'), ['run', '--project', 'browser', 'src/lessons'], { stdio: 'ignore' });
  return run(bin('vitest'), ['run', '--project', 'browser']);
}

// these only read, and each uses one core: they run side by side, the longest first
const readers = [
  ['svelte', aside('svelte-check', '--threshold', 'warning')],
  ['types', aside('tsc', '--noEmit', '-p', '.')],
  ['floors', aside('depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'workers')],
  ['knip', aside('knip')],
  ['lint', aside('biome', 'ci', '--error-on-warnings', '.')],
];
const builders = [
  // before the unit tests: those of the machine and its runtime skip themselves without it
  ['image', () => run('node', [join('scripts', 'build-node-image.mjs')])],
  ['unit', tool('vitest', 'run', '--project', 'unit', '--project', 'conformance')],
  ['build', tool('vite', 'build', '--logLevel=warn')],
  ['size', tool('size-limit')],
  ['browser', browserTests],
  ['e2e', tool('playwright', 'test')],
];

const steps = [...readers, ...builders];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some(([step]) => step === name));
if (unknown.length > 0) {
  console.error(`unknown step: ${unknown.join(', ')} (known: ${steps.map(([step]) => step).join(', ')})`);
  process.exit(2);
}
const chosen = steps.filter(([step]) => wanted.length === 0 || wanted.includes(step));

if (chosen.some(([step]) => step === 'browser' || step === 'e2e')) {
  if (!(await ensureDebian('chromium', ['chromium', 'fonts-dejavu-core'])) && !process.env.CHROMIUM_PATH) {
    console.error('Chromium is needed: install it, or set CHROMIUM_PATH');
    process.exit(1);
  }
}
if (chosen.some(([step]) => step === 'unit')) await ensureDebian('etcd', ['etcd-server']);

const results = [];
const perform = async ([step, work]) => {
  const begun = Date.now();
  const code = await work(step);
  results.push({ step, code, seconds: Math.round((Date.now() - begun) / 1000) });
};
const reading = readers.filter((step) => chosen.includes(step));
const read = async () => {
  for (let step = reading.shift(); step; step = reading.shift()) await perform(step);
};
await Promise.all(Array.from({ length: availableParallelism() }, read));
for (const step of builders) {
  if (!chosen.includes(step)) continue;
  console.log(`\n=== ${step[0]}`);
  await perform(step);
}

console.log(`\n=== summary (${Math.round((Date.now() - started) / 1000)} s, ${root})`);
for (const { step, code, seconds } of results) console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${step} (${seconds} s)`);
const failed = results.filter(({ code }) => code !== 0).length;
console.log(`steps: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
