// One informer per resource and process. Upstream: client-go informers.SharedInformerFactory.
//
// Invariant: asking twice for the same resource gives the same informer, so a process holds one cache and one watch per resource.

import type { Env } from '../env/env.ts';
import { groupResource, type KubernetesObject, type Resource } from './resources.ts';
import type { RestClient } from './rest-client.ts';
import { SharedInformer } from './shared-informer.ts';

export interface InformerFactoryOptions {
  onError?: (resource: Resource, error: unknown) => void;
  detectMutation?: boolean;
}

/** Narrows what an informer sees; informers with different selections are different informers. */
export interface Selection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export class InformerFactory {
  readonly #env: Env;
  readonly #client: RestClient;
  readonly #options: InformerFactoryOptions;
  // Each value is a SharedInformer of the type its key's Resource names.
  readonly #informers = new Map<string, unknown>();
  readonly #running = new Set<string>();

  constructor(env: Env, client: RestClient, options: InformerFactoryOptions = {}) {
    this.#env = env;
    this.#client = client;
    this.#options = options;
  }

  /** The process's informer for a resource; not yet running if it is new. */
  of<T extends KubernetesObject>(resource: Resource<T>, selection: Selection = {}): SharedInformer<T> {
    const { namespace = '', labelSelector = '', fieldSelector = '' } = selection;
    const id = [groupResource(resource), resource.version, namespace, labelSelector, fieldSelector].join(' ');
    const known = this.#informers.get(id) as SharedInformer<T> | undefined;
    if (known) return known;
    const { onError, detectMutation } = this.#options;
    const informer = new SharedInformer<T>({
      client: this.#client,
      resource,
      namespace,
      labelSelector,
      fieldSelector,
      clock: this.#env.clock,
      random: this.#env.random,
      trace: this.#env.trace,
      detectMutation,
      onError: onError && ((error) => onError(resource, error)),
    });
    this.#informers.set(id, informer);
    return informer;
  }

  /** The running informer for all of a resource, if this process has one. */
  find(resource: Resource): SharedInformer<KubernetesObject> | undefined {
    const id = [groupResource(resource), resource.version, '', '', ''].join(' ');
    return this.#informers.get(id) as SharedInformer<KubernetesObject> | undefined;
  }

  /** Starts those that are not running yet. They run until the signal aborts. */
  start(signal: AbortSignal): void {
    for (const [id, informer] of this.#informers) {
      if (this.#running.has(id)) continue;
      this.#running.add(id);
      // A signal of its own: many informers listening to one would look like a leak to the host.
      void (informer as SharedInformer<KubernetesObject>).run(AbortSignal.any([signal]));
    }
  }

  /** Resolves when every informer asked for so far has synced, or the signal aborts: then with false. */
  async waitForCacheSync(signal: AbortSignal): Promise<boolean> {
    const all = [...this.#informers.values()].map((informer) =>
      (informer as SharedInformer<KubernetesObject>).synced(),
    );
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([Promise.all(all), aborted]);
    return !signal.aborted;
  }
}
