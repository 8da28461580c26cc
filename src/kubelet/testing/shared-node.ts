// One simulated node for all tests of a file that only need some node, and what they ask about pods.

import type { Pod } from '../../api/generated/types.ts';
import { NodeWorld, type StartedNode } from './node-world.ts';

export const status = (pod: Pod, name = 'main') =>
  [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
    (entry) => entry.name === name,
  );
export const condition = (pod: Pod, type: string) => pod.status?.conditions?.find((entry) => entry.type === type);
export const running = (pod: Pod) => pod.status?.phase === 'Running';
export const waiting = (reason: string) => (pod: Pod) => status(pod)?.state?.waiting?.reason === reason;

export async function worldWithNode(options: Parameters<NodeWorld['node']>[1] = {}) {
  const world = await NodeWorld.start();
  const node = await world.node('node-1', options);
  await world.simulation.run(2000);
  return { world, node };
}

let shared: ReturnType<typeof worldWithNode> | undefined;

/** One world for all tests that only need some node: each uses pods of its own names. */
export function sharedWorld() {
  shared ??= worldWithNode();
  return shared;
}

/** Containers of one pod. */
export async function containersOf(node: StartedNode, pod: string) {
  return (await node.hollow.runtime.listContainers()).filter(
    (container) => container.labels['io.kubernetes.pod.name'] === pod,
  );
}
