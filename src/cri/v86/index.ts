// A Linux worker node in the page: a v86 machine on the cluster's Ethernet, with a container runtime and a node's operating system over it.

import type { Env } from '../../env/env.ts';
import type { CreateEmulator } from '../../machine/emulator.ts';
import { type FetchFile, loadNodeImage, type NodeImage } from '../../machine/image.ts';
import { Machine } from '../../machine/machine.ts';
import { EthernetSwitch } from '../../network/switch.ts';
import type { NodeOs } from '../node-os.ts';
import type { ContainerRuntime } from '../runtime.ts';
import { ImageStore } from './images.ts';
import { V86Os } from './os.ts';
import { Registry } from './registry.ts';
import { V86Runtime } from './runtime.ts';
import { Sandboxes } from './sandboxes.ts';
import { warmUp } from './warm-up.ts';

export interface V86NodeOptions {
  /** Absolute URL of the folder with node/ and images/, or a function that fetches from it. */
  assets: string | FetchFile;
  /** Names of the processes on the same Ethernet: the cluster's nodes. */
  peers: readonly string[];
  /** MiB that pods may use in all; at most what the image has. Left out: all of it. */
  memory?: number;
  /** Ms after which an idle node starts a container that nobody sees, to have the emulator's code compiled. Default 4000. */
  warmUpAfter?: number;
  /** Where the computer runs; left out: in this thread. */
  createEmulator?: CreateEmulator;
  progress?(message: string): void;
  /** The guest's serial console. */
  onConsole?(text: string): void;
}

export interface V86Node {
  runtime: ContainerRuntime;
  os: NodeOs;
  machine: Machine;
  ethernet: EthernetSwitch;
}

/** Fetches the node image, restores a machine from it and plugs it in. Rejects if there is no image. `machine.stop()` ends all of it. */
export async function createV86Node(env: Env, options: V86NodeOptions): Promise<V86Node> {
  const { assets, progress = () => {} } = options;
  const fetchAsset: FetchFile =
    typeof assets === 'function' ? assets : (path) => fetch(new URL(path, withSlash(assets)));
  progress('fetching the node image');
  const image = await loadNodeImage(fetchAsset);
  if (!image) throw new Error('there is no node image: run node scripts/build-node-image.mjs');
  checkMemory(image, options.memory);
  const registry = new Registry(fetchAsset);
  void registry.prefetch(image.manifest.preloaded);
  progress('restoring the machine');
  let ethernet: EthernetSwitch | undefined;
  const machine = await Machine.boot({
    image,
    onFrames: (frames) => ethernet?.send(frames),
    ...(options.createEmulator ? { createEmulator: options.createEmulator } : {}),
    ...(options.onConsole ? { onConsole: options.onConsole } : {}),
    onStop: () => ethernet?.close(),
  });
  ethernet = new EthernetSwitch(env.network, {
    name: env.name,
    peers: options.peers,
    deliver: (frames) => machine.receiveFrames(frames),
  });
  const images = new ImageStore(machine, registry, image.manifest.preloaded);
  const sandboxes = new Sandboxes(env, machine.agent);
  const runtime = new V86Runtime(env, machine.agent, images, sandboxes, image.manifest.runtimeVersion);
  const os = new V86Os(env, machine, sandboxes, options.memory);
  env.clock.after(options.warmUpAfter ?? 4000, async () => {
    const [image] = await images.list();
    if (image && !machine.isPaused && sandboxes.list().length === 0) await warmUp(machine.agent, image);
  });
  return { runtime, os, machine, ethernet };
}

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

function checkMemory({ manifest }: NodeImage, wanted: number | undefined): void {
  if (wanted !== undefined && (wanted < 32 || wanted > manifest.memoryMiB))
    throw new Error(`memory: ${wanted} MiB: this node image has ${manifest.memoryMiB} MiB, and pods need at least 32`);
}
