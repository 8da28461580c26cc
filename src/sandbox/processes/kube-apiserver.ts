// One API server in front of all members of the store.

import { startApiServer } from '../../apiserver/index.ts';
import { createEtcdClient } from '../../etcd/client/index.ts';
import { processes } from '../config.ts';
import type { StartProcess } from './process.ts';

export const startKubeApiserver: StartProcess = async (env, plan) => {
  const endpoints = processes(plan.config)
    .filter(({ role }) => role === 'etcd')
    .map(({ name }) => `http://${name}:2379`);
  const etcd = createEtcdClient({ endpoints, fetch: env.network.fetch, clock: env.clock, random: env.random });
  return startApiServer(env, {
    host: `${env.name}:6443`,
    etcd,
    tokens: plan.credentials,
    serviceCidr: plan.config.networking.serviceSubnet,
  });
};
