// The components of a headless cluster beside store and API server, and the identities they use.

import type { Env, Running } from '../env/env.ts';
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

export async function startComponents(
  _envOf: (name: string) => Env,
  _users: readonly SystemUser[],
  _authority: Authority,
  _options: ServeOptions,
): Promise<Running[]> {
  return [];
}
