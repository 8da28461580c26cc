// One API server in front of all members of the store.

import { startApiServer } from '../../apiserver/index.ts';
import { createEtcdClient } from '../../etcd/client/index.ts';
import { type ProcessRole, processes } from '../config.ts';
import type { StartProcess } from './process.ts';

export const startKubeApiserver: StartProcess = async (env, plan) => {
  const named = (role: ProcessRole) =>
    processes(plan.config).flatMap((each) => (each.role === role ? [each.name] : []));
  const endpoints = named('etcd').map((name) => `http://${name}:2379`);
  // of each component the one that stands beside this server, as on a control-plane node
  const beside = (role: ProcessRole) =>
    named(role).find((name) => name.endsWith(env.name.replace('kube-apiserver', ''))) ?? named(role)[0];
  const etcd = createEtcdClient({ endpoints, fetch: env.network.fetch, clock: env.clock, random: env.random });
  return startApiServer(env, {
    host: `${env.name}:6443`,
    etcd,
    tokens: plan.credentials,
    components: [
      ...endpoints.map((url, i) => ({ name: `etcd-${i}`, url: `${url}/health` })),
      { name: 'controller-manager', url: `http://${beside('kube-controller-manager')}:10257/healthz` },
      { name: 'scheduler', url: `http://${beside('kube-scheduler')}:10259/healthz` },
    ],
    serviceCidr: plan.config.networking.serviceSubnet,
  });
};
