// One controller manager; of several, the one that holds the Lease works and the others stand by.

import { startControllerManager } from '../../controllers/index.ts';
import { apiServerUrl, identityOf, tokenOf } from '../plan.ts';
import type { StartProcess } from './process.ts';

export const startKubeControllerManager: StartProcess = (env, plan) =>
  startControllerManager(env, {
    server: apiServerUrl,
    token: tokenOf(plan, 'system:kube-controller-manager'),
    leaderElect: true,
    ...identityOf(env.name, plan),
    clusterCidr: plan.config.networking.podSubnet,
  });
