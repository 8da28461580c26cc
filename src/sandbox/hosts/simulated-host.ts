// All processes in a simulation. Its clock moves only while somebody runs the simulation.

import { Simulation, type SimulationOptions } from '../../env/simulated/simulation.ts';
import type { Host, HostEvents, OpenDisk } from './host.ts';

export interface SimulatedHost extends Host {
  readonly simulation: Simulation;
}

export function createSimulatedHost(
  events: HostEvents,
  openDisk: OpenDisk,
  options: SimulationOptions = {},
): SimulatedHost {
  const simulation = new Simulation({ ...options, disk: openDisk, onTrace: events.trace, onArrived: events.arrived });
  return {
    simulation,
    outside: simulation.network.up('outside'),
    clock: {
      now: () => simulation.now(),
      rate: 1,
      paused: false,
      setRate: () => {},
      fastForward: (milliseconds) => simulation.run(milliseconds),
      subscribe: () => () => {},
      setPaused: () => {},
    },
    up(name) {
      const env = simulation.env(name);
      const trace = simulation.gates(name);
      if (!trace) throw new Error(`${name} has no trace`);
      return { env, trace };
    },
    down: (name) => simulation.kill(name),
    setCut(a, b, cut) {
      if (cut) simulation.network.cut(a, b);
      else simulation.network.heal(a, b);
    },
    close() {},
  };
}
