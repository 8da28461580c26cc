// The worker of one node.

import { startLinuxNode } from '../src/sandbox/processes/linux-node.ts';
import { runProcess } from '../src/sandbox/worker-process.ts';

runProcess(startLinuxNode);
