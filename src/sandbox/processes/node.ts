// One node: its kubelet, its kube-proxy and its machine. With the node image at hand the machine is an emulated Linux; without it, a hollow one.

import { createHollowNode } from '../../cri/hollow/index.ts';
import type { NodeOs } from '../../cri/node-os.ts';
import type { ContainerRuntime } from '../../cri/runtime.ts';
import type { Env } from '../../env/env.ts';
import { startKubelet } from '../../kubelet/index.ts';
import { startKubeProxy } from '../../proxy/index.ts';
import { type WorkerNode, workerNodes } from '../config.ts';
import { apiServerUrl, type ClusterPlan, tokenOf } from '../plan.ts';
import { serveNodeConsole } from './node-console.ts';
import type { ClusterProcess, StartProcess } from './process.ts';

interface Machine {
  runtime: ContainerRuntime;
  os: NodeOs;
  kind: 'linux' | 'hollow';
  setPaused?(paused: boolean): void;
  stop(): Promise<void>;
}

/** Starts a node on the machine that `openMachine` makes of it. */
export function nodeProcess(
  openMachine: (env: Env, plan: ClusterPlan, node: WorkerNode, progress: (message: string) => void) => Promise<Machine>,
): StartProcess {
  return async (env, plan, progress): Promise<ClusterProcess> => {
    const node = workerNodes(plan.config).find(({ name }) => name === env.name);
    if (!node) throw new Error(`${env.name} is no node of this cluster`);
    const machine = await openMachine(env, plan, node, progress);
    const { runtime, os } = machine;
    const kubelet = await startKubelet(env, {
      server: apiServerUrl,
      token: tokenOf(plan, `system:node:${node.name}`),
      nodeName: node.name,
      nodeIp: node.ip,
      nodeLabels: node.labels ?? {},
      clusterCidr: plan.config.networking.podSubnet,
      runtime,
      os,
      // a busy emulated processor takes seconds to write the rules that a real one writes in milliseconds
      ...(machine.kind === 'hollow' ? {} : { endpointsHeadStartSeconds: 6 }),
    });
    const proxy = await startKubeProxy(env, {
      server: apiServerUrl,
      token: tokenOf(plan, 'system:kube-proxy'),
      nodeName: node.name,
      nodeIp: node.ip,
      clusterCidr: plan.config.networking.podSubnet,
      os,
    });
    const console = serveNodeConsole(env, os);
    return {
      runtime: machine.kind,
      ...(machine.setPaused ? { setPaused: (paused: boolean) => machine.setPaused?.(paused) } : {}),
      async stop() {
        console.close();
        await Promise.all([kubelet.stop(), proxy.stop()]);
        await machine.stop();
      },
    };
  };
}

/** A node without a machine: for threads that have no emulator at hand. */
export const startNode: StartProcess = nodeProcess(async (env) => ({
  ...createHollowNode(env),
  kind: 'hollow',
  stop: async () => {},
}));
