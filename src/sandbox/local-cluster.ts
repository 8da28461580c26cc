// A cluster whose processes all live in this thread: tests, Node, lessons' checks in CI, small screens. Same components, same wire as in the page's workers.

import type { Json } from '../env/env.ts';
import { messageOf } from '../env/errors.ts';
import { randomHex, seededRandom } from '../env/random.ts';
import type { SimulationOptions } from '../env/simulated/simulation.ts';
import { systemRandom } from '../env/system-random.ts';
import { Conductor } from '../trace/conductor.ts';
import { TraceLog } from '../trace/log.ts';
import type { Cluster, ClusterClock, Faults, ProcessStatus } from './cluster.ts';
import { type ClusterConfig, defaultClusterConfig, type ProcessRole, processes } from './config.ts';
import { CutList } from './cut-list.ts';
import type { Host, HostEvents, OpenDisk } from './hosts/host.ts';
import { createNodeHost } from './hosts/node-host.ts';
import { createSimulatedHost, type SimulatedHost } from './hosts/simulated-host.ts';
import { type ClusterPlan, makeCredentials } from './plan.ts';
import { startEtcd } from './processes/etcd.ts';
import { startKubeApiserver } from './processes/kube-apiserver.ts';
import { startKubeControllerManager } from './processes/kube-controller-manager.ts';
import { startKubeScheduler } from './processes/kube-scheduler.ts';
import { startNode } from './processes/node.ts';
import type { ClusterProcess, StartProcess } from './processes/process.ts';
import { requestsTo } from './requests.ts';

const starters: Record<ProcessRole, StartProcess> = {
  etcd: startEtcd,
  'kube-apiserver': startKubeApiserver,
  'kube-controller-manager': startKubeControllerManager,
  'kube-scheduler': startKubeScheduler,
  node: startNode,
};

export interface LocalClusterOptions {
  config?: ClusterConfig;
  /** Keeps the disks of killed and restarted processes. */
  openDisk: OpenDisk;
}

/** Starts a cluster on real time in this thread. */
export function startLocalCluster(options: LocalClusterOptions): LocalCluster {
  return new LocalCluster(options, (events) => createNodeHost(events, options.openDisk));
}

/** Starts a cluster in a simulation; `cluster.simulation` runs it. */
export function startSimulatedCluster(
  options: LocalClusterOptions & { simulation?: SimulationOptions },
): SimulatedCluster {
  return new SimulatedCluster(options);
}

interface Entry {
  status: ProcessStatus;
  /** Counts incarnations, so that a late answer of a killed one is not taken for the present one's. */
  incarnation: number;
  process?: ClusterProcess;
}

export class LocalCluster implements Cluster {
  readonly config: ClusterConfig;
  readonly trace = new TraceLog();
  readonly conductor = new Conductor();
  readonly faults: Faults;
  readonly fetch: Cluster['fetch'];
  readonly nodeShell: Cluster['nodeShell'];
  readonly #host: Host;
  readonly #plan: ClusterPlan;
  readonly #entries = new Map<string, Entry>();
  readonly #subscribers = new Set<(processes: readonly ProcessStatus[]) => void>();
  readonly #cuts: CutList;

  constructor(options: LocalClusterOptions, createHost: (events: HostEvents) => Host, seed?: number) {
    this.config = options.config ?? defaultClusterConfig;
    this.#plan = {
      config: this.config,
      credentials: makeCredentials(this.config, seed === undefined ? systemRandom : seededRandom(seed)),
    };
    this.#host = createHost({
      trace: (record) => this.trace.append([record]),
      arrived: (process, id, record) => this.conductor.arrived(process, id, record),
    });
    const { fetch, nodeShell } = requestsTo((input, init) => this.#host.outside.fetch(input, init), this.#plan);
    this.fetch = fetch;
    this.nodeShell = nodeShell;
    const names = processes(this.config).map(({ name }) => name);
    this.#cuts = new CutList(names, (a, b, cut) => this.#host.setCut(a, b, cut));
    this.conductor.onPause = (paused) => this.#host.clock.setPaused(paused);
    this.faults = {
      kill: (name) => this.#kill(name),
      start: (name) => this.#start(name),
      cut: (a, b) => this.#cuts.set(a, b, true),
      heal: (a, b) => this.#cuts.set(a, b, false),
      cuts: this.#cuts.cuts,
    };
    for (const { name, role } of processes(this.config)) {
      this.#entries.set(name, { status: { name, role, state: 'killed' }, incarnation: 0 });
      this.#start(name);
    }
  }

  get clock(): ClusterClock {
    return this.#host.clock;
  }

  protected get host(): Host {
    return this.#host;
  }

  processes(): readonly ProcessStatus[] {
    return [...this.#entries.values()].map(({ status }) => status);
  }

  onProcesses(callback: (processes: readonly ProcessStatus[]) => void): () => void {
    this.#subscribers.add(callback);
    callback(this.processes());
    return () => this.#subscribers.delete(callback);
  }

  async inspect(process: string): Promise<Json | undefined> {
    return this.#entries.get(process)?.process?.inspect?.();
  }

  async stop(): Promise<void> {
    for (const [name, entry] of this.#entries) {
      // graceful stops talk to servers that stop too: start them all, then pull the plug
      entry.process?.stop().catch(() => {});
      this.#kill(name);
    }
    this.#host.close();
  }

  destroy(): Promise<void> {
    return this.stop();
  }

  #start(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry || entry.status.state === 'running' || entry.status.state === 'starting') return;
    const incarnation = ++entry.incarnation;
    const { env, trace } = this.#host.up(name, entry.status.role);
    this.conductor.attach(name, { hold: (gates) => trace.hold(gates), release: (id) => trace.release(id) });
    this.#update(entry, { state: 'starting' });
    starters[entry.status.role](env, this.#plan, () => {}).then(
      (process) => {
        if (entry.incarnation !== incarnation) return;
        entry.process = process;
        this.#update(entry, { state: 'running', ...(process.runtime ? { runtime: process.runtime } : {}) });
      },
      (error: unknown) => {
        if (entry.incarnation !== incarnation) return;
        this.#end(entry, 'failed', messageOf(error));
      },
    );
  }

  #kill(name: string): void {
    const entry = this.#entries.get(name);
    if (entry && (entry.status.state === 'running' || entry.status.state === 'starting')) this.#end(entry, 'killed');
  }

  #end(entry: Entry, state: 'killed' | 'failed', message?: string): void {
    entry.incarnation++;
    delete entry.process;
    this.#host.down(entry.status.name);
    this.conductor.detach(entry.status.name);
    this.#update(entry, { state, ...(message ? { message } : {}) });
  }

  #update(entry: Entry, change: Omit<ProcessStatus, 'name' | 'role'>): void {
    const { name, role } = entry.status;
    entry.status = { name, role, ...change };
    const traceId = randomHex(systemRandom, 32);
    this.trace.append([
      {
        gate: 'process',
        component: name,
        time: this.clock.now(),
        traceId,
        spanId: traceId.slice(16),
        will: change.state,
        causes: [{ reason: 'sandbox' }],
      },
    ]);
    for (const subscriber of this.#subscribers) subscriber(this.processes());
  }
}

export class SimulatedCluster extends LocalCluster {
  constructor(options: LocalClusterOptions & { simulation?: SimulationOptions }) {
    super(
      options,
      (events) => createSimulatedHost(events, options.openDisk, options.simulation),
      options.simulation?.seed ?? 1,
    );
  }

  get simulation() {
    return (this.host as SimulatedHost).simulation;
  }
}
