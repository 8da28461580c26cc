// A node on an emulated Linux machine, if the plan says where the image is and the node is not meant to be hollow.

import { createHollowNode } from '../../cri/hollow/index.ts';
import { createV86Node } from '../../cri/v86/index.ts';
import { remoteEmulator } from '../../machine/remote-emulator.ts';
import { workerNodes } from '../config.ts';
import { nodeProcess } from './node.ts';

/** A computer in a worker of its own, which ends with this one. */
const emulatorWorker = remoteEmulator(() => {
  const worker = new Worker(new URL('../../../workers/machine.ts', import.meta.url), {
    type: 'module',
    name: 'machine',
  });
  return Object.assign(worker, { close: () => worker.terminate() });
});

export const startLinuxNode = nodeProcess(async (env, plan, node, progress) => {
  if (plan.assets === undefined || node.runtime === 'hollow') {
    return { ...createHollowNode(env), kind: 'hollow', stop: async () => {} };
  }
  const { runtime, os, machine } = await createV86Node(env, {
    assets: plan.assets,
    peers: workerNodes(plan.config).map(({ name }) => name),
    progress,
    createEmulator: emulatorWorker,
    ...(node.memory ? { memory: node.memory } : {}),
  });
  return {
    runtime,
    os,
    kind: 'linux',
    setPaused: (paused) => (paused ? machine.pause() : machine.resume()),
    stop: () => machine.stop(),
  };
});
