// Simulated surroundings for unit tests of clients and controllers: virtual time, a MemoryApi and as many client processes as wanted.

import type { Env } from '../../env/env.ts';
import { Simulation, type SimulationOptions } from '../../env/simulated/simulation.ts';
import { InformerFactory } from '../informer-factory.ts';
import { RestClient } from '../rest-client.ts';
import { MemoryApi } from './memory-api.ts';

export interface TestProcess {
  env: Env;
  client: RestClient;
  informers: InformerFactory;
}

export class TestCluster {
  readonly simulation: Simulation;
  readonly api: MemoryApi;
  readonly server = 'http://kube-apiserver:6443';

  /** @param serve whether the MemoryApi answers; otherwise the caller brings up an API server of its own */
  constructor(options: SimulationOptions = {}, serve = true) {
    this.simulation = new Simulation(options);
    this.api = new MemoryApi(() => this.simulation.now());
    if (serve) this.simulation.env('kube-apiserver').network.serve('kube-apiserver:6443', this.api.handle);
  }

  /** A process with a client; its cached objects are frozen, so that a controller that changes one fails the test. */
  process(name: string): TestProcess {
    const env = this.simulation.env(name);
    const client = new RestClient({
      fetch: (input, init) => env.network.fetch(input, init),
      server: this.server,
      token: 'admin-token',
      userAgent: `${name}/v1.36.0`,
      clock: env.clock,
    });
    return { env, client, informers: new InformerFactory(env, client, { detectMutation: true }) };
  }
}
