// A v86 node on a real clock under Node, for tests.

import { LocalNetwork } from '../../../env/node/local-network.ts';
import { createNodeEnv } from '../../../env/node/node-env.ts';
import { ScaledClock } from '../../../env/scaled-clock.ts';
import { createMemoryDisks } from '../../../env/simulated/memory-disk.ts';
import { Machine, type MachineOptions } from '../../../machine/machine.ts';
import { builtImage, fetchPublic } from '../../../machine/testing/image.ts';
import { createV86Node } from '../index.ts';

export async function startTestNode(name: string, options: Partial<MachineOptions> = {}) {
  const env = createNodeEnv(name, {
    network: new LocalNetwork(),
    clock: new ScaledClock(),
    disk: createMemoryDisks().open(name),
  });
  const machine = await Machine.boot({ image: await builtImage(), ...options });
  return { env, machine, ...createV86Node(env, { machine, fetchAsset: fetchPublic }) };
}
