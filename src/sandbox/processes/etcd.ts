// One member of the store.

import type { Json } from '../../env/env.ts';
import { startEtcdMember } from '../../etcd/index.ts';
import { processes } from '../config.ts';
import type { StartProcess } from './process.ts';

/** Heartbeats are most of what a cluster at rest costs, and members in one browser answer within milliseconds: three of them fit in the shortest election timeout. */
const heartbeatTicks = 3;

export const startEtcd: StartProcess = async (env, plan) => {
  const members = processes(plan.config)
    .filter(({ role }) => role === 'etcd')
    .map(({ name }) => ({ name, client: `${name}:2379` }));
  const member = await startEtcdMember(env, { name: env.name, members, heartbeatTicks });
  return {
    inspect: () => ({ ...member.inspect() }) as unknown as Json,
    stop: () => member.stop(),
  };
};
