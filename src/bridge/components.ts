// The components of a headless cluster beside store and API server, and the identities they use.

import { startControllerManager } from '../controllers/index.ts';
import { createHollowNode } from '../cri/hollow/index.ts';
import type { Env, Running } from '../env/env.ts';
import { startKubelet } from '../kubelet/index.ts';
import { startScheduler } from '../scheduler/index.ts';
import type { Authority } from './certificates.ts';
import type { ServeOptions } from './cluster-options.ts';

export interface SystemUser {
  token: string;
  user: string;
  groups: string[];
}

/** One identity for each component and node, each with a fresh secret as token. */
export function systemUsers(nodes: number, secret: () => string): SystemUser[] {
  const users: SystemUser[] = [
    { token: secret(), user: 'system:kube-controller-manager', groups: [] },
    { token: secret(), user: 'system:kube-scheduler', groups: [] },
    { token: secret(), user: 'system:kube-proxy', groups: ['system:node-proxier'] },
  ];
  for (let i = 1; i <= nodes; i++)
    users.push({ token: secret(), user: `system:node:node-${i}`, groups: ['system:nodes'] });
  return users;
}

const server = 'http://kube-apiserver:6443';
const clusterCidr = '10.244.0.0/16';

/** Starts controller manager, scheduler and hollow nodes. */
export async function startComponents(
  envOf: (name: string) => Env,
  users: readonly SystemUser[],
  authority: Authority,
  { hollowNodes }: ServeOptions,
): Promise<Running[]> {
  const token = (user: string) => users.find((each) => each.user === user)?.token as string;
  const running: Running[] = [
    await startControllerManager(envOf('kube-controller-manager-1'), {
      server,
      token: token('system:kube-controller-manager'),
      clusterCidr,
      rootCa: authority.certificate,
      certificateSigner: authority.signer,
    }),
    await startScheduler(envOf('kube-scheduler-1'), { server, token: token('system:kube-scheduler') }),
  ];
  for (let i = 1; i <= hollowNodes; i++) {
    const nodeName = `node-${i}`;
    const env = envOf(nodeName);
    const { runtime, os } = createHollowNode(env);
    running.push(
      await startKubelet(env, {
        server,
        token: token(`system:node:${nodeName}`),
        nodeName,
        nodeIp: `172.18.${(i + 1) >> 8}.${(i + 1) & 255}`,
        clusterCidr,
        runtime,
        os,
        configMapAndSecretChangeDetectionStrategy: hollowNodes > 100 ? 'Get' : 'Watch',
      }),
    );
  }
  return running;
}
