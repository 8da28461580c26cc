// One scheduler; of several, the one that holds the Lease works and the others stand by.

import { startScheduler } from '../../scheduler/index.ts';
import { apiServerUrl, identityOf, tokenOf } from '../plan.ts';
import type { StartProcess } from './process.ts';

export const startKubeScheduler: StartProcess = (env, plan) =>
  startScheduler(env, {
    server: apiServerUrl,
    token: tokenOf(plan, 'system:kube-scheduler'),
    leaderElect: true,
    ...identityOf(env.name, plan),
  });
