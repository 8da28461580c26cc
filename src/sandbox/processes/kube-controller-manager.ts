// One controller manager; of several, the one that holds the Lease works and the others stand by.

import { startControllerManager } from '../../controllers/index.ts';
import { apiServerUrl, tokenOf } from '../plan.ts';
import type { StartProcess } from './process.ts';

export const startKubeControllerManager: StartProcess = (env, plan) =>
  startControllerManager(env, {
    server: apiServerUrl,
    token: tokenOf(plan, 'system:kube-controller-manager'),
    leaderElect: true,
    clusterCidr: plan.config.networking.podSubnet,
  });
