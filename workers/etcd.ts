// The worker of one etcd process.

import { startEtcd } from '../src/sandbox/processes/etcd.ts';
import { runProcess } from '../src/sandbox/worker-process.ts';

runProcess(startEtcd);
