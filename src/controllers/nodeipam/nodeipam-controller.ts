// Gives each node a piece of the cluster's pod addresses. Upstream: pkg/controller/nodeipam RangeAllocator.
//
// Invariants: no two nodes have the same piece; a piece once given stays until the node is deleted. The first piece is left out, as kind leaves it to the
// control plane; a node whose name ends in a number gets the piece of that number if it is free, so that node-2's pods are in 10.244.2.0/24.

import type { Node } from '../../api/generated/types.ts';
import {
  causeOf,
  keyOf,
  newController,
  nodes,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';

export const initNodeIpamController: InitController = (controllerContext) => {
  const { env, client, informers, config } = controllerContext;
  const queue = new WorkQueue({ clock: env.clock });
  const recorder = controllerContext.recorder('cidrAllocator');
  const nodeInformer = informers.of(nodes);
  const blocks = new CidrBlocks(config.clusterCidr, config.nodeCidrMaskSize);
  /** Given, but perhaps not yet in the cache. */
  const given = new Map<string, string>();

  nodeInformer.addHandler({
    onAdd: (node) => queue.add(keyOf(node), causeOf(node)),
    onUpdate: (_, node) => queue.add(keyOf(node), causeOf(node)),
    onDelete: (node) => given.delete(node.metadata.name),
  });

  function taken(): Set<string> {
    const cached = nodeInformer.lister.list().flatMap((node) => (node.spec?.podCIDR ? [node.spec.podCIDR] : []));
    return new Set([...cached, ...given.values()]);
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const node = nodeInformer.lister.getByKey(key);
    if (!node || node.spec?.podCIDR || !config.allocateNodeCidrs) return {};
    const podCIDR = given.get(key) ?? blocks.choose(node, taken());
    if (podCIDR === undefined) {
      const message = `Node ${key} status is now: CIDRNotAvailable`;
      recorder.event(node, 'Normal', 'CIDRNotAvailable', message, { trace: context.trace });
      throw new Error('CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range');
    }
    given.set(key, podCIDR);
    await context.plan({ subject: referenceTo(node), saw: { podCIDR: '' }, will: `give Node ${key} ${podCIDR}` });
    const { uid } = node.metadata;
    const patch = { metadata: { uid }, spec: { podCIDR, podCIDRs: [podCIDR] } };
    await client.patch(nodes, { name: key }, 'application/merge-patch+json', patch, { trace: context.trace });
    return {};
  }

  return newController({
    env,
    name: 'node-ipam-controller',
    queue,
    reconcile,
    // One at a time: a piece must not be chosen twice.
    workers: 1,
    onError: controllerContext.onError('node-ipam-controller'),
  });
};

/** The pieces of an IPv4 range. */
export class CidrBlocks {
  readonly #base: number;
  readonly #mask: number;
  readonly count: number;

  /** Throws RangeError for what is no IPv4 range, or one smaller than a piece. */
  constructor(cidr: string, mask: number) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const [, a, b, c, d, length] = match?.map(Number) ?? [];
    if (!match || length! > mask || mask > 32) throw new RangeError(`no /${mask} pieces in ${cidr}`);
    this.#base = a! * 2 ** 24 + b! * 2 ** 16 + c! * 2 ** 8 + d!;
    this.#mask = mask;
    this.count = 2 ** (mask - length!);
  }

  /** "10.244.3.0/24" for 3. */
  at(index: number): string {
    const address = this.#base + index * 2 ** (32 - this.#mask);
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
    return `${bytes.join('.')}/${this.#mask}`;
  }

  choose(node: Node, taken: ReadonlySet<string>): string | undefined {
    const wished = Number(/([0-9]{1,5})$/.exec(node.metadata.name)?.[1] ?? 0);
    if (wished > 0 && wished < this.count && !taken.has(this.at(wished))) return this.at(wished);
    for (let index = 1; index < this.count; index++) {
      if (!taken.has(this.at(index))) return this.at(index);
    }
    return undefined;
  }
}
