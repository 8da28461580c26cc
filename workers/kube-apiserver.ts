// The worker of one kube-apiserver process.

import { startKubeApiserver } from '../src/sandbox/processes/kube-apiserver.ts';
import { runProcess } from '../src/sandbox/worker-process.ts';

runProcess(startKubeApiserver);
