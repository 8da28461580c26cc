import { expect, test } from 'vitest';
import { nodes, pods } from '../client/resources.ts';
import { boundPod, NodeWorld } from './testing/node-world.ts';

test('a pod bound to the node runs', async () => {
  const world = await NodeWorld.start();
  await world.node('node-1');
  await world.simulation.run(2000);
  const node = await world.call(world.client.get(nodes, { name: 'node-1' }));
  expect(node.status?.conditions?.map((condition) => [condition.type, condition.status])).toEqual([
    ['MemoryPressure', 'False'],
    ['DiskPressure', 'False'],
    ['PIDPressure', 'False'],
    ['Ready', 'True'],
  ]);
  await world.create(pods, boundPod('web', { image: 'nginx:1.27' }));
  const pod = await world.until('web', (p) => p.status?.phase === 'Running');
  console.log(JSON.stringify(pod, undefined, 1), await world.events('web'));
});
