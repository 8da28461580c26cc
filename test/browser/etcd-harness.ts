// Three members of the store in three workers, with kill and restart.

import { realNow, ScaledClock } from '../../src/env/scaled-clock.ts';
import { systemRandom } from '../../src/env/system-random.ts';
import { Switchboard } from '../../src/env/worker/switchboard.ts';
import { createEtcdClient } from '../../src/etcd/client/index.ts';
import type { EtcdClient } from '../../src/etcd/client/types.ts';
import type { EtcdWorkerStart } from './etcd-worker.ts';

export const names = ['etcd-1', 'etcd-2', 'etcd-3'];
const members = names.map((name) => ({ name, client: `${name}:2379` }));

export class BrowserStore {
  readonly clock = new ScaledClock();
  /** ms that each member took, its scripts loaded, until it served. */
  readonly startTimes = new Map<string, number>();
  readonly client: EtcdClient;
  private readonly switchboard = new Switchboard({ trace: () => {}, arrived: () => {} });
  private readonly workers = new Map<string, Worker>();
  private readonly prefix: string;
  private readonly disk: 'indexeddb' | 'opfs';

  constructor(prefix: string, disk: 'indexeddb' | 'opfs') {
    this.prefix = prefix;
    this.disk = disk;
    this.client = this.newClient();
  }

  newClient(): EtcdClient {
    return createEtcdClient({
      endpoints: names.map((name) => `http://${name}:2379`),
      fetch: (input, init) => this.switchboard.network.fetch(input, init),
      clock: this.clock,
      random: systemRandom,
    });
  }

  isUp(name: string): boolean {
    return this.workers.has(name);
  }

  /** Starts a member's worker on its disk; resolves when it serves. */
  start(name: string): Promise<void> {
    const worker = new Worker(new URL('./etcd-worker.ts', import.meta.url), { type: 'module', name });
    this.workers.set(name, worker);
    const control = this.switchboard.attach(name);
    const now = realNow();
    const start: EtcdWorkerStart = {
      birth: { name, clock: { cluster: now, real: now, rate: 1 }, disk: `${this.prefix}/${name}`, cuts: [] },
      control,
      members,
      disk: this.disk,
    };
    return new Promise((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<number>) => {
        this.startTimes.set(name, event.data);
        resolve();
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(start, [control]);
    });
  }

  /** Terminates a member's worker, whatever it is doing. */
  kill(name: string): void {
    this.workers.get(name)?.terminate();
    this.workers.delete(name);
    this.switchboard.detach(name);
  }

  async startAll(): Promise<void> {
    await Promise.all(names.map((name) => this.start(name)));
  }

  stop(): void {
    for (const name of [...this.workers.keys()]) this.kill(name);
    this.clock.close();
  }
}
