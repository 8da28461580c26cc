// What every process of one cluster is told when it starts: the configuration, who may speak to the API server, and where a Linux node finds its image.

import { type Random, randomHex } from '../env/random.ts';
import type { ClusterConfig } from './config.ts';
import { workerNodes } from './config.ts';

export interface Credential {
  token: string;
  user: string;
  groups: string[];
}

export interface ClusterPlan {
  config: ClusterConfig;
  credentials: Credential[];
  /** Absolute URL under which node/ and images/ lie; left out: every node is hollow. */
  assets?: string;
  /** The UUID under which this process stands for election, where the host remembers one: the processes of a reloaded page are the ones before, not their rivals. */
  electionId?: string;
}

export const adminUser = 'kubernetes-admin';
export const apiServerUrl = 'http://kube-apiserver:6443';

/** Draws fresh tokens for every component and the learner. Users and groups are upstream's. */
export function makeCredentials(config: ClusterConfig, random: Random): Credential[] {
  const credential = (user: string, ...groups: string[]) => ({ token: randomHex(random, 40), user, groups });
  return [
    credential(adminUser, 'system:masters'),
    credential('system:kube-controller-manager'),
    credential('system:kube-scheduler'),
    credential('system:kube-proxy'),
    ...workerNodes(config).map((node) => credential(`system:node:${node.name}`, 'system:nodes')),
  ];
}

/** The token of a user. Throws if the plan has none. */
export function tokenOf(plan: ClusterPlan, user: string): string {
  const found = plan.credentials.find((credential) => credential.user === user);
  if (!found) throw new Error(`no credential for ${user}`);
  return found.token;
}

/** The identity under which a process stands for election: `name_uuid`, as upstream; empty (the component draws a UUID) where the plan has none. */
export function identityOf(process: string, { electionId }: ClusterPlan): { identity?: string } {
  return electionId === undefined ? {} : { identity: `${process}_${electionId}` };
}
