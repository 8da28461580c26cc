// Runs the store's simulation over many seeds (mode cluster: whole members behind HTTP, far slower): npm run simulate -- --store --seeds=N --from=S [--mode=faults|storm|duel|lease|cluster] [--verbose]. Exits 1 at the first seed that fails, printing it.

import { parseArgs } from 'node:util';
import { runCluster } from '../test/simulation/store-cluster.ts';
import { runStore } from '../test/simulation/store-run.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'boolean' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    mode: { type: 'string', default: 'faults' },
    verbose: { type: 'boolean', default: false },
  },
  strict: false,
});
const seeds = Number(values.seeds);
const from = Number(values.from);
const modes = ['faults', 'storm', 'duel', 'lease', 'cluster'] as const;
const mode = modes.find((known) => known === values.mode) ?? 'faults';
const begun = process.hrtime.bigint();
const total = { steps: 0, operations: 0, acknowledged: 0, events: 0 };

for (let seed = from; seed < from + seeds; seed++) {
  try {
    const report: Partial<typeof total> = mode === 'cluster' ? await runCluster(seed) : runStore({ seed, mode });
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += report[key] ?? 0;
    if (values.verbose) console.log(JSON.stringify(report));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(`FAILED: replay with npm run simulate -- --store --seeds=1 --from=${seed} --mode=${mode}`);
    process.exit(1);
  }
  const done = seed - from + 1;
  if (done % 1000 === 0) console.log(`${done} of ${seeds} seeds`);
}

const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
console.log(
  `${seeds} seeds from ${from} in ${seconds.toFixed(1)} s: ${total.steps} steps, ${total.operations} operations ` +
    `(${total.acknowledged} acknowledged), ${total.events} events; no violation`,
);
