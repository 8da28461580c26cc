// Watches every resource that can be deleted, whatever it is. Upstream: pkg/controller/garbagecollector GraphBuilder monitors and GarbageCollector.Sync.
//
// Invariants: discovery is read again every 30 s, so new kinds (CRDs) are watched and removed ones let go; a resource that the manager caches anyway is not watched
// twice; the rest is watched as metadata only.

import {
  apiVersionOf,
  type DiscoveredResource,
  discoverResources,
  type EventHandler,
  groupResource,
  type InformerFactory,
  type KubernetesObject,
  type Resource,
  type RestClient,
  SharedInformer,
} from '../../client/index.ts';
import { sleep } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';

const rediscoverMs = 30_000;
// Events own nothing and are owned by nothing, and there are many (--ignored-resources).
const ignored = new Set(['events', 'events.events.k8s.io']);

interface Monitor {
  informer: { hasSynced(): boolean };
  stop(): void;
}

export class Monitors {
  /** All that discovery told of last, watched or not. */
  resources: readonly DiscoveredResource[] = [];
  readonly #env: Env;
  readonly #client: RestClient;
  readonly #informers: InformerFactory;
  readonly #handler: (resource: Resource) => EventHandler<KubernetesObject>;
  readonly #monitors = new Map<string, Monitor>();

  constructor(
    env: Env,
    client: RestClient,
    informers: InformerFactory,
    handler: (resource: Resource) => EventHandler<KubernetesObject>,
  ) {
    this.#env = env;
    this.#client = client;
    this.#informers = informers;
    this.#handler = handler;
  }

  /** Whether all that is watched has been read once, and something is. */
  hasSynced(): boolean {
    return this.#monitors.size > 0 && [...this.#monitors.values()].every(({ informer }) => informer.hasSynced());
  }

  /** Follows discovery until the signal aborts. */
  async run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      let again = rediscoverMs;
      try {
        const { resources } = await discoverResources(this.#client, { signal });
        this.#follow(resources, signal);
      } catch (error) {
        if (signal.aborted) break;
        onError(error);
        again = this.resources.length === 0 ? 1000 : rediscoverMs;
      }
      await sleep(this.#env.clock, again, signal).catch(() => {});
    }
    for (const { stop } of this.#monitors.values()) stop();
  }

  #follow(resources: readonly DiscoveredResource[], signal: AbortSignal): void {
    this.resources = resources;
    const wanted = new Map<string, DiscoveredResource>();
    for (const resource of resources) {
      const deletable = ['delete', 'list', 'watch'].every((verb) => resource.verbs.includes(verb));
      if (deletable && !ignored.has(groupResource(resource)))
        wanted.set(`${apiVersionOf(resource)} ${resource.resource}`, resource);
    }
    for (const [id, { stop }] of this.#monitors) {
      if (wanted.has(id)) continue;
      stop();
      this.#monitors.delete(id);
    }
    for (const [id, resource] of wanted) {
      if (!this.#monitors.has(id)) this.#monitors.set(id, this.#watch(resource, signal));
    }
  }

  #watch(resource: Resource, signal: AbortSignal): Monitor {
    const shared = this.#informers.find(resource);
    if (shared) return { informer: shared, stop: shared.addHandler(this.#handler(resource)) };
    const { clock, random, trace } = this.#env;
    const informer = new SharedInformer({ client: this.#client, resource, clock, random, trace, metadataOnly: true });
    informer.addHandler(this.#handler(resource));
    const own = new AbortController();
    void informer.run(AbortSignal.any([signal, own.signal]));
    return { informer, stop: () => own.abort(new Error('the resource is gone')) };
  }
}
