// Prefers nodes that have the pod's images already, more so for big images; spread thin for images that few nodes have. Upstream: plugins/imagelocality.

import type { Pod } from '../../../api/generated/types.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { type CycleState, type Handle, maxNodeScore, type Plugin } from '../../framework/types.ts';

const mebibyte = 1024 * 1024;
const least = 23 * mebibyte;
const mostPerContainer = 1000 * mebibyte;
const stateKey = 'ImageLocality';

export function imageLocality(handle: Handle): Plugin {
  return {
    name: 'ImageLocality',
    preScore(state, pod) {
      const spread = new Map<string, number>();
      for (const image of imagesOf(pod)) {
        const nodes = handle.nodes();
        spread.set(
          image,
          nodes.length === 0 ? 0 : nodes.filter((node) => node.images.has(image)).length / nodes.length,
        );
      }
      state.write(stateKey, spread);
      return undefined;
    },
    score: (state, pod, node) => scoreOf(state, pod, node),
  };
}

function scoreOf(state: CycleState, pod: Pod, node: NodeInfo): number {
  const spread = state.read<Map<string, number>>(stateKey);
  const images = imagesOf(pod);
  let sum = 0;
  for (const image of images) sum += Math.floor((node.images.get(image) ?? 0) * (spread.get(image) ?? 0));
  const most = mostPerContainer * images.length;
  return Math.floor((maxNodeScore * (Math.min(Math.max(sum, least), most) - least)) / (most - least));
}

/** Image names as nodes report them: with a tag. */
function imagesOf(pod: Pod): string[] {
  const names = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => container.image ?? '');
  return names.map((name) => (name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name));
}
