// Env inside a Web Worker: one process of the cluster.

import type { Disk } from '../disk.ts';
import type { Env } from '../env.ts';
import { ScaledClock } from '../scaled-clock.ts';
import { systemRandom } from '../system-random.ts';
import { ProcessTrace, type StampedRecord } from '../traces.ts';
import type { ToPage, ToWorker, WorkerBirth } from './control.ts';
import { PortNetwork } from './port-network.ts';

/** Real ms for which trace records are gathered into one message. */
const traceDelay = 30;
const traceBatch = 500;

/** Builds the Env of this worker's process. `control` is its line to the page's switchboard. */
export function createWorkerEnv(birth: WorkerBirth, control: MessagePort, openDisk: (name: string) => Disk): Env {
  const say = (message: ToPage) => control.postMessage(message);
  const clock = new ScaledClock(birth.clock, birth.maxRate);
  const network = new PortNetwork(say, birth.cuts);

  let pending: StampedRecord[] = [];
  let scheduled: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(scheduled);
    scheduled = undefined;
    if (pending.length === 0) return;
    const records = pending;
    pending = [];
    say({ type: 'trace', records });
  };
  const trace = new ProcessTrace(birth.name, clock, systemRandom, {
    append(record) {
      pending.push(record);
      if (pending.length >= traceBatch) flush();
      else scheduled ??= setTimeout(flush, traceDelay);
    },
    arrived(id, record) {
      flush();
      say({ type: 'arrived', id, record });
    },
  });

  control.onmessage = (event: MessageEvent<ToWorker>) => {
    const message = event.data;
    if (network.receive(message)) return;
    if (message.type === 'clock') clock.set(message.setting);
    else if (message.type === 'hold') trace.hold(message.gates);
    else if (message.type === 'want') trace.want(message.gates);
    else if (message.type === 'release') trace.release(message.id);
  };

  return { name: birth.name, clock, random: systemRandom, network, disk: openDisk(birth.disk), trace };
}
