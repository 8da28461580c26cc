// The worker of one kube-scheduler process.

import { startKubeScheduler } from '../src/sandbox/processes/kube-scheduler.ts';
import { runProcess } from '../src/sandbox/worker-process.ts';

runProcess(startKubeScheduler);
