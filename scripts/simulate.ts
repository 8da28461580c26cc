// npm run simulate: longer sweeps of the simulations than npm test makes.
//
//   npm run simulate -- --seeds=1000 --from=1             the whole control plane under faults
//   npm run simulate -- --store --seeds=100000 --from=1   the replicated store
//
// Prints each failing seed with its log; exits 1 if there was one.

import { messageOf } from '../src/env/errors.ts';
import { runWorld } from '../test/simulation/cluster-world.ts';

const option = (name: string, fallback: number) =>
  Number(process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);

async function simulateClusters(): Promise<number> {
  const from = option('from', 1);
  const seeds = option('seeds', 200);
  let failures = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      const { final, expected, log } = await runWorld(seed, { faults: true });
      if (JSON.stringify(final) === JSON.stringify(expected)) continue;
      failures++;
      console.log(`seed ${seed}: ended as ${JSON.stringify(final)}\n  ${log.join('\n  ')}`);
    } catch (error) {
      failures++;
      console.log(messageOf(error));
    }
    if ((seed - from + 1) % 20 === 0) console.log(`${seed - from + 1} of ${seeds} seeds, ${failures} failed`);
  }
  console.log(`${seeds} seeds from ${from}: ${seeds - failures} passed, ${failures} failed`);
  return failures;
}

if (process.argv.includes('--store')) await import('./simulate-store.ts');
else process.exit((await simulateClusters()) === 0 ? 0 : 1);
