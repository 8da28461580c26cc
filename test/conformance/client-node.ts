// The official JavaScript client (@kubernetes/client-node), and a control plane over HTTPS for it: what the client-node tests share.

import * as k8s from '@kubernetes/client-node';
import { afterAll, beforeAll } from 'vitest';
import type { ServeOptions } from '../../src/bridge/cluster-options.ts';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { plainCluster } from './plain-cluster.ts';

export const plain: ServeOptions = { ...plainCluster, compactionInterval: 0 };

export interface OfficialClient {
  readonly cluster: Headless;
  readonly config: k8s.KubeConfig;
  api<T extends k8s.ApiType>(type: k8s.ApiConstructor<T>): T;
}

/** Starts a control plane for the tests of this file, and the client of its administrator. */
export function useOfficialClient(): OfficialClient {
  const config = new k8s.KubeConfig();
  let cluster: Headless;
  beforeAll(async () => {
    cluster = await startHeadless(plain);
    config.loadFromString(cluster.kubeconfig);
  }, 60_000);
  afterAll(() => cluster?.stop());
  return {
    get cluster() {
      return cluster;
    },
    config,
    api: (type) => config.makeApiClient(type),
  };
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks until there is an answer, for 15 seconds at most. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(50);
  }
  throw new Error('it did not come about');
}
