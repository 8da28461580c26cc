// A simulated cluster with a MemoryApi, some controllers and hollow pods, for controllers' unit tests.

import type { KubernetesObject, ObjectKey, Resource, RestClient } from '../../client/index.ts';
import { TestCluster } from '../../client/testing/test-cluster.ts';
import { type ControllerManagerOptions, startControllerManager } from '../index.ts';
import { type HollowPodsOptions, runHollowPods } from './hollow-pods.ts';

export interface ControllerClusterOptions extends Partial<ControllerManagerOptions> {
  seed?: number;
  pods?: HollowPodsOptions | false;
}

export class ControllerCluster extends TestCluster {
  readonly client: RestClient;
  /** Reconciles that failed, conflicts left out. */
  readonly errors: string[] = [];
  readonly #options: ControllerClusterOptions;

  constructor(options: ControllerClusterOptions) {
    super({ seed: options.seed ?? 1 });
    this.#options = options;
    const user = this.process('user');
    this.client = user.client;
    this.startManager('kube-controller-manager-1');
    if (options.pods !== false) {
      const { env, client } = this.process('hollow');
      runHollowPods(env, client, options.pods);
    }
  }

  startManager(name: string): void {
    const { seed: _, pods: __, ...flags } = this.#options;
    void startControllerManager(this.simulation.env(name), {
      server: this.server,
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
