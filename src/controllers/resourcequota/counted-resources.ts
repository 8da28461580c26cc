// The caches that quotas are counted from: one for each kind that some quota names, and for no other. Upstream: pkg/controller/resourcequota QuotaMonitor.
//
// Invariants: a kind that the manager caches anyway is not watched twice; kinds that are only counted are watched as metadata; a kind that no quota names any
// more, or that the server does not serve any more, is let go.

import type { GroupResource } from '../../api/status.ts';
import {
  apiVersionOf,
  type DiscoveredResource,
  discoverResources,
  type EventHandler,
  type InformerFactory,
  type KubernetesObject,
  persistentVolumeClaims,
  pods,
  type Resource,
  type RestClient,
  SharedInformer,
  services,
} from '../../client/index.ts';
import { sleep } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import type { TraceContext } from '../../env/trace.ts';

// A list that cannot be had must not keep the rest from being counted.
const patienceMs = 10_000;
const rediscoverMs = 30_000;
// Kinds whose size is counted, not only their number.
const measured: readonly Resource[] = [pods, services, persistentVolumeClaims];

interface Watched {
  apiVersion: string;
  informer: SharedInformer<KubernetesObject>;
  stop(): void;
}

/** Whether more than the number of a kind's objects may be counted. */
export const isMeasured = (of: GroupResource): boolean => measured.some((each) => idOf(each) === idOf(of));

export const idOf = ({ group, resource }: GroupResource): string => `${resource}.${group}`;

export class CountedResources {
  readonly #env: Env;
  readonly #client: RestClient;
  readonly #informers: InformerFactory;
  readonly #handler: (of: Resource) => EventHandler<KubernetesObject>;
  readonly #watched = new Map<string, Watched>();
  #served: readonly DiscoveredResource[] = [];
  #discoveredAt = Number.NEGATIVE_INFINITY;

  constructor(
    env: Env,
    client: RestClient,
    informers: InformerFactory,
    handler: (of: Resource) => EventHandler<KubernetesObject>,
  ) {
    this.#env = env;
    this.#client = client;
    this.#informers = informers;
    this.#handler = handler;
  }

  /** What a namespace holds of a kind; undefined if that cannot be told (now). */
  async objects(
    kind: GroupResource,
    namespace: string,
    signal: AbortSignal,
    trace: TraceContext,
  ): Promise<KubernetesObject[] | undefined> {
    const id = idOf(kind);
    let watched = this.#watched.get(id);
    if (!watched) {
      const resource = await this.#find(kind, trace);
      if (!resource || signal.aborted) return undefined;
      watched = this.#watched.get(id) ?? this.#watch(resource, signal);
      this.#watched.set(id, watched);
    }
    const { informer } = watched;
    if (!informer.hasSynced()) {
      const giveUp = new AbortController();
      const waiting = sleep(this.#env.clock, patienceMs, AbortSignal.any([signal, giveUp.signal])).catch(() => {});
      await Promise.race([informer.synced(), waiting]);
      giveUp.abort();
    }
    return informer.hasSynced() ? informer.lister.list(namespace) : undefined;
  }

  /** Lets go of kinds that are not in `wanted` (ids). */
  keep(wanted: ReadonlySet<string>): void {
    for (const id of [...this.#watched.keys()]) if (!wanted.has(id)) this.#drop(id);
  }

  /** Asks the server anew what it serves; lets go of what it does not serve any more, or serves at another version. */
  async rediscover(signal: AbortSignal): Promise<void> {
    await this.#discover({ signal });
    for (const [id, { apiVersion }] of [...this.#watched]) {
      const now = this.#served.find((each) => idOf(each) === id);
      if (!now || apiVersionOf(now) !== apiVersion) this.#drop(id);
    }
  }

  async #find(kind: GroupResource, trace: TraceContext): Promise<Resource | undefined> {
    const id = idOf(kind);
    const found = () => measured.find((each) => idOf(each) === id) ?? this.#served.find((each) => idOf(each) === id);
    if (!found() && this.#env.clock.now() - this.#discoveredAt >= rediscoverMs) await this.#discover({ trace });
    return found();
  }

  async #discover(options: { signal?: AbortSignal; trace?: TraceContext }): Promise<void> {
    const { resources } = await discoverResources(this.#client, options);
    const needed = ['create', 'list', 'watch', 'delete'];
    this.#served = resources.filter(
      ({ namespaced, verbs }) => namespaced && needed.every((verb) => verbs.includes(verb)),
    );
    this.#discoveredAt = this.#env.clock.now();
  }

  #watch(resource: Resource, signal: AbortSignal): Watched {
    const apiVersion = apiVersionOf(resource);
    const shared = this.#informers.find(resource);
    if (shared) return { apiVersion, informer: shared, stop: shared.addHandler(this.#handler(resource)) };
    const { clock, random, trace } = this.#env;
    const metadataOnly = !isMeasured(resource);
    const informer = new SharedInformer({ client: this.#client, resource, clock, random, trace, metadataOnly });
    informer.addHandler(this.#handler(resource));
    const own = new AbortController();
    void informer.run(AbortSignal.any([signal, own.signal]));
    return { apiVersion, informer, stop: () => own.abort(new Error('no quota counts the resource any more')) };
  }

  #drop(id: string): void {
    this.#watched.get(id)?.stop();
    this.#watched.delete(id);
  }
}
