// A cluster in the page: each process in a Web Worker of its own. Killing a worker is losing that process; a node's worker holds its kubelet, its kube-proxy
// and its machine, so killing it is losing the node.

import * as Comlink from 'comlink';
import type { Json } from '../env/env.ts';
import { messageOf } from '../env/errors.ts';
import { randomHex } from '../env/random.ts';
import { systemRandom } from '../env/system-random.ts';
import { deleteIndexedDbDisks } from '../env/worker/indexeddb-disk.ts';
import { Switchboard } from '../env/worker/switchboard.ts';
import { Conductor } from '../trace/conductor.ts';
import { TraceLog } from '../trace/log.ts';
import type { Cluster, Faults, ProcessStatus } from './cluster.ts';
import { AdjustableClock } from './cluster-clock.ts';
import { type ClusterConfig, type ProcessRole, processes } from './config.ts';
import { CutList } from './cut-list.ts';
import { type ClusterPlan, makeCredentials } from './plan.ts';
import { requestsTo } from './requests.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface WorkerClusterOptions {
  /** Absolute URL of the folder with node/ and images/; left out, every node is hollow. */
  assets?: string;
  /** How far cluster time is ahead of real time (fast-forwarded in earlier visits), ms. */
  clockOffset?: number;
  rememberClockOffset?: (offset: number) => void;
  /**
   * The UUID under which a process stands for election. The first start of a process in this page asks for the one it had in the last page (`restarted` false): nobody
   * else can hold its Lease then, and it need not wait until that runs out. After a kill it is a new process, as upstream.
   */
  electionId?: (process: string, restarted: boolean) => string;
}

interface Entry {
  status: ProcessStatus;
  worker?: Worker;
  remote?: Comlink.Remote<WorkerProcess>;
}

const spawn: Record<ProcessRole, (name: string) => Worker> = {
  etcd: (name) => new Worker(new URL('../../workers/etcd.ts', import.meta.url), { type: 'module', name }),
  'kube-apiserver': (name) =>
    new Worker(new URL('../../workers/kube-apiserver.ts', import.meta.url), { type: 'module', name }),
  'kube-controller-manager': (name) =>
    new Worker(new URL('../../workers/kube-controller-manager.ts', import.meta.url), { type: 'module', name }),
  'kube-scheduler': (name) =>
    new Worker(new URL('../../workers/kube-scheduler.ts', import.meta.url), { type: 'module', name }),
  node: (name) => new Worker(new URL('../../workers/node.ts', import.meta.url), { type: 'module', name }),
};

/** Starts every process of a cluster at once; they find each other. */
export function startWorkerCluster(config: ClusterConfig, options: WorkerClusterOptions = {}): WorkerCluster {
  return new WorkerCluster(config, options);
}

export class WorkerCluster implements Cluster {
  readonly config: ClusterConfig;
  readonly trace = new TraceLog();
  readonly conductor = new Conductor();
  readonly clock: AdjustableClock;
  readonly faults: Faults;
  readonly fetch: Cluster['fetch'];
  readonly nodeShell: Cluster['nodeShell'];
  readonly #plan: ClusterPlan;
  readonly #switchboard: Switchboard;
  readonly #entries = new Map<string, Entry>();
  readonly #subscribers = new Set<(processes: readonly ProcessStatus[]) => void>();
  readonly #cuts: CutList;
  readonly #electionId: WorkerClusterOptions['electionId'];
  readonly #started = new Set<string>();

  constructor(config: ClusterConfig, options: WorkerClusterOptions) {
    this.config = config;
    this.#plan = {
      config,
      credentials: makeCredentials(config, systemRandom),
      ...(options.assets ? { assets: options.assets } : {}),
    };
    this.#electionId = options.electionId;
    this.#switchboard = new Switchboard({
      trace: (records) => this.trace.append(records),
      arrived: (process, id, record) => this.conductor.arrived(process, id, record),
    });
    const { fetch, nodeShell } = requestsTo((input, init) => this.#switchboard.network.fetch(input, init), this.#plan);
    this.fetch = fetch;
    this.nodeShell = nodeShell;
    const names = processes(config).map(({ name }) => name);
    this.#cuts = new CutList(names, (a, b, cut) => this.#switchboard.setCut(a, b, cut));
    this.clock = new AdjustableClock({
      spread: (setting) => this.#switchboard.setClock(setting),
      roundTrip: async () => (await this.fetch('/api/v1/namespaces/kube-system')).text(),
      ...(options.clockOffset === undefined ? {} : { offset: options.clockOffset }),
      ...(options.rememberClockOffset ? { remember: options.rememberClockOffset } : {}),
    });
    this.clock.subscribe(() => {
      for (const { remote } of this.#entries.values()) void remote?.setPaused(this.clock.paused);
    });
    this.conductor.onPause = (paused) => this.clock.setPaused(paused);
    this.faults = {
      kill: (name) => this.#kill(name),
      start: (name) => this.#start(name),
      cut: (a, b) => this.#setCut(a, b, true),
      heal: (a, b) => this.#setCut(a, b, false),
      cuts: this.#cuts.cuts,
    };
    for (const { name, role } of processes(config)) {
      this.#entries.set(name, { status: { name, role, state: 'killed' } });
      this.#start(name);
    }
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
    const entry = this.#entries.get(process);
    if (entry?.status.state !== 'running') return undefined;
    return entry.remote?.inspect();
  }

  /** Gives the nodes that started hollow for want of an image the Linux machines they should be. */
  adoptAssets(assets: string): void {
    this.#plan.assets = assets;
    for (const { status } of this.#entries.values()) {
      if (status.role !== 'node' || status.runtime !== 'hollow') continue;
      this.#kill(status.name);
      this.#start(status.name);
    }
  }

  async stop(): Promise<void> {
    const stops = [...this.#entries.values()].map(async ({ remote, status }) => {
      if (status.state === 'running') await remote?.stop().catch(() => {});
    });
    const patience = new Promise<void>((resolve) => this.clock.clock.after(2000, resolve));
    await Promise.race([Promise.all(stops), patience]);
    for (const name of this.#entries.keys()) this.#kill(name);
    this.clock.close();
  }

  async destroy(): Promise<void> {
    await this.stop();
    await deleteIndexedDbDisks(`drydock/${this.config.name}/`);
  }

  #start(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry || entry.worker) return;
    const worker = spawn[entry.status.role](name);
    const remote = Comlink.wrap<WorkerProcess>(worker);
    entry.worker = worker;
    entry.remote = remote;
    this.#update(entry, { state: 'starting' });
    const fail = (message: string) => {
      if (entry.worker !== worker) return;
      this.#end(entry, 'failed', message);
    };
    worker.onerror = (event) => fail(event.message || 'the worker broke');
    const control = this.#switchboard.attach(name);
    this.conductor.attach(name, {
      hold: (gates) => this.#switchboard.hold(name, gates),
      release: (id) => this.#switchboard.release(name, id),
    });
    const birth = {
      name,
      clock: this.clock.setting,
      disk: `drydock/${this.config.name}/${name}`,
      cuts: this.#switchboard.cutsOf(name),
      // elections of the store are about real disks and wires: they do not speed up
      ...(entry.status.role === 'etcd' ? { maxRate: 1 } : {}),
    };
    const progress = Comlink.proxy((message: string) => {
      if (entry.worker === worker && entry.status.state === 'starting')
        this.#update(entry, { state: 'starting', message });
    });
    const electionId = this.#electionId?.(name, this.#started.has(name));
    this.#started.add(name);
    const plan = electionId === undefined ? this.#plan : { ...this.#plan, electionId };
    remote.start(birth, plan, Comlink.transfer(control, [control]), progress).then(
      ({ runtime }) => {
        if (entry.worker !== worker) return;
        this.#update(entry, { state: 'running', ...(runtime ? { runtime } : {}) });
        if (this.clock.paused) void remote.setPaused(true);
      },
      (error: unknown) => fail(messageOf(error)),
    );
  }

  #kill(name: string): void {
    const entry = this.#entries.get(name);
    if (entry?.worker) this.#end(entry, 'killed');
  }

  #end(entry: Entry, state: 'killed' | 'failed', message?: string): void {
    entry.worker?.terminate();
    delete entry.worker;
    delete entry.remote;
    this.#switchboard.detach(entry.status.name);
    this.conductor.detach(entry.status.name);
    this.#update(entry, { state, ...(message ? { message } : {}) });
  }

  #setCut(a: string, b: string, cut: boolean): void {
    this.#cuts.set(a, b, cut);
    this.#say(a, `${cut ? 'cut off from' : 'reconnected to'} ${b}`);
  }

  #update(entry: Entry, change: Omit<ProcessStatus, 'name' | 'role'>): void {
    const { name, role } = entry.status;
    const wording = { starting: 'starts', running: 'runs', killed: 'was killed', failed: `failed: ${change.message}` };
    if (entry.status.state !== change.state) this.#say(name, wording[change.state]);
    entry.status = { name, role, ...change };
    for (const subscriber of this.#subscribers) subscriber(this.processes());
  }

  /** Notes in the log what happened to a process. */
  #say(process: string, will: string): void {
    const traceId = randomHex(systemRandom, 32);
    this.trace.append([
      {
        gate: 'process',
        component: process,
        time: this.clock.now(),
        traceId,
        spanId: traceId.slice(16),
        will,
        causes: [{ reason: 'sandbox' }],
      },
    ]);
  }
}
