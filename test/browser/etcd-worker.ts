// A worker with one member of the store, for tests and benchmarks: no sandbox, no other component.

import type { WorkerBirth } from '../../src/env/worker/control.ts';
import { openIndexedDbDisk } from '../../src/env/worker/indexeddb-disk.ts';
import { openOpfsDisk } from '../../src/env/worker/opfs-disk.ts';
import { createWorkerEnv } from '../../src/env/worker/worker-env.ts';
import { type MemberConfig, startEtcdMember } from '../../src/etcd/index.ts';

export interface EtcdWorkerStart {
  birth: WorkerBirth;
  control: MessagePort;
  members: MemberConfig[];
  disk: 'indexeddb' | 'opfs';
}

self.onmessage = async (event: MessageEvent<EtcdWorkerStart>) => {
  const begun = performance.now();
  const { birth, control, members, disk } = event.data;
  const env = createWorkerEnv(birth, control, disk === 'opfs' ? openOpfsDisk : openIndexedDbDisk);
  try {
    await startEtcdMember(env, { name: birth.name, members });
  } catch (error) {
    // whoever waits for this worker hears of errors, not of rejections
    reportError(error);
    return;
  }
  // it serves; what came before was the loading of scripts
  self.postMessage(performance.now() - begun);
};
