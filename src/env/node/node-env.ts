// Env for a process that lives in this JavaScript thread: Node (headless cluster, bridge, benchmarks) and a cluster in a single worker.

import type { Disk } from '../disk.ts';
import type { Env } from '../env.ts';
import type { ScaledClock } from '../scaled-clock.ts';
import { systemRandom } from '../system-random.ts';
import { ProcessTrace, type TraceSink } from '../traces.ts';
import type { LocalNetwork } from './local-network.ts';

export interface NodeEnvOptions {
  network: LocalNetwork;
  clock: ScaledClock;
  disk: Disk;
  /** Where trace records go; left out, nobody reads them. */
  sink?: TraceSink;
}

const nobody: TraceSink = { append: () => {}, arrived: () => {} };

export function createNodeEnv(name: string, options: NodeEnvOptions): Env & { trace: ProcessTrace } {
  return {
    name,
    clock: options.clock,
    random: systemRandom,
    network: options.network.for(name),
    disk: options.disk,
    trace: new ProcessTrace(name, options.clock, systemRandom, options.sink ?? nobody),
  };
}
