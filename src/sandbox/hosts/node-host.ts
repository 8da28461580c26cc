// All processes in this thread, on real time: Node, or one worker of a small screen.

import { LocalNetwork } from '../../env/node/local-network.ts';
import { createNodeEnv } from '../../env/node/node-env.ts';
import { ScaledClock } from '../../env/scaled-clock.ts';
import { AdjustableClock } from '../cluster-clock.ts';
import type { Host, HostEvents, OpenDisk } from './host.ts';

export function createNodeHost(events: HostEvents, openDisk: OpenDisk): Host {
  const network = new LocalNetwork();
  const clocks = new Map<string, ScaledClock>();
  const clock = new AdjustableClock({
    spread: (setting) => {
      for (const each of clocks.values()) each.set(setting);
    },
  });
  return {
    clock,
    outside: network.for('outside'),
    up(name, role) {
      const own = new ScaledClock(clock.setting, role === 'etcd' ? 1 : undefined);
      clocks.set(name, own);
      const env = createNodeEnv(name, {
        network,
        clock: own,
        disk: openDisk(name),
        sink: { append: events.trace, arrived: (id, record) => events.arrived(name, id, record) },
      });
      return { env, trace: env.trace };
    },
    down(name) {
      clocks.get(name)?.close();
      clocks.delete(name);
      network.takeDown(name);
    },
    setCut: (a, b, cut) => network.setCut(a, b, cut),
    close() {
      for (const each of clocks.values()) each.close();
      clock.close();
    },
  };
}
