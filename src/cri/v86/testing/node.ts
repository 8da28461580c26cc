// v86 nodes on a real clock under Node, for tests: as many as wanted on one Ethernet.

import { LocalNetwork } from '../../../env/node/local-network.ts';
import { createNodeEnv } from '../../../env/node/node-env.ts';
import { ScaledClock } from '../../../env/scaled-clock.ts';
import { createMemoryDisks } from '../../../env/simulated/memory-disk.ts';
import { fetchPublic } from '../../../machine/testing/image.ts';
import { createV86Node } from '../index.ts';

/** Starts `count` machines, node-1 at 172.18.0.2 with pods in 10.244.1.0/24 and so on, and configures their network. */
export async function startTestNodes(count: number) {
  const network = new LocalNetwork();
  const clock = new ScaledClock();
  const names = Array.from({ length: count }, (_, i) => `node-${i + 1}`);
  const podCidr = (i: number) => `10.244.${i + 1}.0/24`;
  return Promise.all(
    names.map(async (name, i) => {
      const env = createNodeEnv(name, { network, clock, disk: createMemoryDisks().open(name) });
      const node = await createV86Node(env, { assets: fetchPublic, peers: names, warmUpAfter: 1e9 });
      await node.os.configureNetwork({
        nodeName: name,
        nodeIp: `172.18.0.${i + 2}`,
        podCidr: podCidr(i),
        clusterCidr: '10.244.0.0/16',
        routes: names.map((_, j) => ({ podCidr: podCidr(j), via: `172.18.0.${j + 2}` })).filter((_, j) => j !== i),
      });
      return { env, ...node };
    }),
  );
}
