// A node without processes, for simulation, scale and browsers that cannot run Linux nodes. It says plainly what it is: osImage "Hollow node (no Linux)",
// containerRuntimeVersion "hollow://1.0.0", and exec, attach and port-forward answer with that reason.

import type { Env } from '../../env/env.ts';
import type { NodeOs } from '../node-os.ts';
import type { ContainerRuntime } from '../runtime.ts';
import { HollowFiles } from './files.ts';
import { type HollowImage, HollowImages } from './images.ts';
import { type HollowCapacity, HollowOs } from './os.ts';
import { HollowRuntime } from './runtime.ts';

export interface HollowNodeOptions {
  /** Images that can be "pulled"; any other name fails as at a registry. Left out: every well-formed reference is there. */
  images?: (string | HollowImage)[];
  /** Default 4 cores, 8 GiB of memory, 100 GiB of disk. */
  capacity?: Partial<HollowCapacity>;
}

export interface HollowNode {
  runtime: ContainerRuntime;
  os: NodeOs & { readonly nftables: string };
  /** As if the machine had been switched off and on: all containers are gone, the boot id is new. */
  reboot(): void;
}

export function createHollowNode(env: Env, options: HollowNodeOptions = {}): HollowNode {
  const images = options.images?.map((image) => (typeof image === 'string' ? { name: image } : image));
  const files = new HollowFiles();
  const runtime = new HollowRuntime(env, new HollowImages(images), files);
  const os = new HollowOs(env, runtime, files, {
    cpu: 4,
    memoryBytes: 8 * 2 ** 30,
    ephemeralStorageBytes: 100 * 2 ** 30,
    ...options.capacity,
  });
  return {
    runtime,
    os,
    reboot() {
      runtime.reboot();
      os.reboot();
    },
  };
}
