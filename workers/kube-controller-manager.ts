// The worker of one kube-controller-manager process.

import { startKubeControllerManager } from '../src/sandbox/processes/kube-controller-manager.ts';
import { runProcess } from '../src/sandbox/worker-process.ts';

runProcess(startKubeControllerManager);
