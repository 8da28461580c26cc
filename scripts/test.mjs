// npm test: installs what the tests need on a fresh machine, then runs all of them.
//
//   npm test                    everything
//   npm test -- unit e2e        only these steps (see `steps` below)

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { bin, ensureDebian, ensureDependencies, ensureGenerated, root, run, runKept } from './lib/run.mjs';

const started = Date.now();
await ensureDependencies();
await ensureGenerated();

const tool =
  (name, ...args) =>
  () =>
    runKept(bin(name), args);

const aside =
  (name, ...args) =>
  (title) =>
    runKept(bin(name), args, { title });

/**
 * A small file goes first, only to have Vite bundle the dependencies: with none bundled yet and a busy machine, the first test's import was seen to fail meanwhile.
 */
async function browserTests() {
  await run(bin('vitest'), ['run', '--project', 'browser', 'src/lessons'], { stdio: 'ignore' });
  return runKept(bin('vitest'), ['run', '--project', 'browser']);
}

const linesOf = (text) => stripVTControlCharacters(text).trimEnd().split('\n');

/** The failed tests as Vitest and Playwright name them, each with the line below it, where Vitest says why. */
function failedTests(text) {
  const lines = linesOf(text);
  const named = lines.flatMap((line, at) =>
    /^\s*(FAIL|✘)\s/.test(line) ? [`${line.trim()}\n       ${lines[at + 1]}`] : [],
  );
  return [...new Set(named)];
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
  ['image', () => runKept('node', [join('scripts', 'build-node-image.mjs')])],
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
  const { code, text } = await work(step);
  results.push({ step, code, text, seconds: Math.round((Date.now() - begun) / 1000) });
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

// a reader of a long log looks at its end first
for (const { step, code, text } of results)
  if (code !== 0) console.log(`\n=== the end of ${step}\n${linesOf(text).slice(-60).join('\n')}`);
console.log(`\n=== summary (${Math.round((Date.now() - started) / 1000)} s, ${root})`);
for (const { step, code, text, seconds } of results) {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${step} (${seconds} s)`);
  if (code !== 0) for (const failed of failedTests(text)) console.log(`     ${failed}`);
}
const failed = results.filter(({ code }) => code !== 0).length;
console.log(`steps: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
