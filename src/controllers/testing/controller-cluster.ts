// A simulated cluster with some controllers and hollow pods, for controllers' tests: over a MemoryApi, or over the real API server and a one-member store.

import { startApiServer } from '../../apiserver/index.ts';
import type { KubernetesObject, ObjectKey, Resource, RestClient } from '../../client/index.ts';
import { TestCluster } from '../../client/testing/test-cluster.ts';
import { type StandaloneEtcd, startStandaloneEtcd } from '../../etcd/testing/standalone.ts';
import { type ControllerManagerOptions, startControllerManager } from '../index.ts';
import { type HollowPodsOptions, runHollowPods } from './hollow-pods.ts';

// The manager has no more rights than its default roles give it.
const managerToken = 'manager-token';

export interface ControllerClusterOptions extends Partial<ControllerManagerOptions> {
  seed?: number;
  pods?: HollowPodsOptions | false;
}

export class ControllerCluster extends TestCluster {
  readonly client: RestClient;
  /** Reconciles that failed, conflicts left out. */
  readonly errors: string[] = [];
  readonly #options: ControllerClusterOptions;
  #etcd: StandaloneEtcd | undefined;

  constructor(options: ControllerClusterOptions, memoryApi = true) {
    super({ seed: options.seed ?? 1 }, memoryApi);
    this.#options = options;
    const user = this.process('user');
    this.client = user.client;
    this.startManager('kube-controller-manager-1');
    if (options.pods !== false) {
      const { env, client } = this.process('hollow');
      runHollowPods(env, client, options.pods);
    }
  }

  /** With src/apiserver, which is up when this resolves. */
  static async served(options: ControllerClusterOptions): Promise<ControllerCluster> {
    const cluster = new ControllerCluster(options, false);
    await cluster.startApiServer();
    return cluster;
  }

  /** A store that outlives API servers, and an API server. Call it again after killing kube-apiserver-1. */
  async startApiServer(): Promise<void> {
    this.#etcd ??= startStandaloneEtcd(this.simulation.env('etcd-1'));
    const starting = startApiServer(this.simulation.env('kube-apiserver-1'), {
      host: 'kube-apiserver-1:6443',
      etcd: this.#etcd.client,
      tokens: [
        { token: 'admin-token', user: 'kubernetes-admin', groups: ['system:masters'] },
        { token: managerToken, user: 'system:kube-controller-manager', groups: [] },
      ],
    });
    await this.simulation.finish(starting);
  }

  startManager(name: string): void {
    const { seed: _, pods: __, ...flags } = this.#options;
    void startControllerManager(this.simulation.env(name), {
      server: this.server,
      token: managerToken,
      leaderElect: false,
      detectMutation: true,
      onError: (where, error) => this.errors.push(`${where}: ${error}`),
      ...flags,
    });
  }

  run(milliseconds: number): Promise<void> {
    return this.simulation.run(milliseconds);
  }

  do<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.finish(promise);
  }

  get<T extends KubernetesObject>(of: Resource<T>, name: string, namespace = 'default'): Promise<T> {
    const key: ObjectKey = of.namespaced ? { namespace, name } : { name };
    return this.do(this.client.get(of, key));
  }

  async list<T extends KubernetesObject>(of: Resource<T>, namespace = ''): Promise<T[]> {
    return (await this.do(this.client.list(of, namespace))).items;
  }

  /** Reads, changes, writes. */
  async change<T extends KubernetesObject>(of: Resource<T>, name: string, change: (object: T) => void): Promise<T> {
    const object = await this.get(of, name);
    change(object);
    return this.do(this.client.update(of, object));
  }

  /** Runs until the question, asked twice a second, is answered with yes; false after `limit` ms. */
  async until(question: () => Promise<boolean>, limit = 120_000): Promise<boolean> {
    const end = this.simulation.now() + limit;
    while (this.simulation.now() < end) {
      await this.run(500);
      if (await question()) return true;
    }
    return false;
  }
}
