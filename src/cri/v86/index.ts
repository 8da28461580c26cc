// A Linux worker node in the page: a container runtime and a node's operating system over one v86 machine.

import type { Env } from '../../env/env.ts';
import type { Machine } from '../../machine/machine.ts';
import type { NodeOs } from '../node-os.ts';
import type { ContainerRuntime } from '../runtime.ts';
import { type FetchAsset, ImageStore } from './images.ts';
import { V86Os } from './os.ts';
import { V86Runtime } from './runtime.ts';
import { Sandboxes } from './sandboxes.ts';

export interface V86NodeOptions {
  machine: Machine;
  /** Fetches "images/index.json" and blobs from where the page is served. */
  fetchAsset: FetchAsset;
}

export interface V86Node {
  runtime: ContainerRuntime;
  os: NodeOs;
}

export function createV86Node(env: Env, { machine, fetchAsset }: V86NodeOptions): V86Node {
  const { manifest } = machine;
  const images = new ImageStore(machine.agent, fetchAsset, manifest.preloaded);
  const sandboxes = new Sandboxes(env, machine.agent);
  const runtime = new V86Runtime(env, machine.agent, images, sandboxes, manifest.runtimeVersion);
  return { runtime, os: new V86Os(env, machine, manifest, sandboxes) };
}
