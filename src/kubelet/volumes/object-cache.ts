// ConfigMaps and Secrets that pods on this node use, kept fresh by a watch of each single object (upstream's Watch strategy of configmap/secret managers),
// or read again when they are older than a minute (the Get strategy: for simulated clusters of thousands of nodes).
//
// Invariants: an object is watched exactly while some pod here is registered for it; the first read of a newly watched object waits for its list.

import type { ConfigMap, Secret } from '../../api/generated/types.ts';
import { isNotFound } from '../../client/errors.ts';
import { configMaps, type KubernetesObject, type Resource, secrets } from '../../client/resources.ts';
import type { RestClient } from '../../client/rest-client.ts';
import { SharedInformer } from '../../client/shared-informer.ts';
import type { Env } from '../../env/env.ts';

interface Watched<T extends KubernetesObject> {
  /** Pods that use it. */
  users: Set<string>;
  informer: SharedInformer<T> | undefined;
  stop: AbortController;
  fetched: { at: number; object: T | undefined } | undefined;
}

export type ChangeDetection = 'Watch' | 'Get';

const timeToLive = 60_000;

/** One kind of object. `onChange` is called with the uid of each pod that uses an object that changed. */
export class ObjectCache<T extends KubernetesObject> {
  private readonly env: Env;
  private readonly client: RestClient;
  private readonly resource: Resource<T>;
  private readonly strategy: ChangeDetection;
  private readonly onChange: (podUid: string, object: T) => void;
  private readonly watched = new Map<string, Watched<T>>();

  constructor(
    env: Env,
    client: RestClient,
    resource: Resource<T>,
    strategy: ChangeDetection,
    onChange: (podUid: string, object: T) => void,
  ) {
    this.env = env;
    this.client = client;
    this.resource = resource;
    this.strategy = strategy;
    this.onChange = onChange;
  }

  /** The object, or undefined if there is none. Registers the pod as a user. */
  async get(podUid: string, namespace: string, name: string): Promise<T | undefined> {
    const key = `${namespace}/${name}`;
    let entry = this.watched.get(key);
    if (!entry) {
      entry = { users: new Set(), informer: undefined, stop: new AbortController(), fetched: undefined };
      this.watched.set(key, entry);
      if (this.strategy === 'Watch') entry.informer = this.watch(entry, namespace, name);
    }
    entry.users.add(podUid);
    if (entry.informer) {
      await entry.informer.synced();
      return entry.informer.lister.getByKey(key);
    }
    const now = this.env.clock.now();
    if (!entry.fetched || now - entry.fetched.at >= timeToLive)
      entry.fetched = { at: now, object: await this.fetch(namespace, name) };
    return entry.fetched.object;
  }

  /** The pod is gone. */
  release(podUid: string): void {
    for (const [key, entry] of this.watched) {
      entry.users.delete(podUid);
      if (entry.users.size > 0) continue;
      entry.stop.abort();
      this.watched.delete(key);
    }
  }

  stop(): void {
    for (const entry of this.watched.values()) entry.stop.abort();
    this.watched.clear();
  }

  private watch(entry: Watched<T>, namespace: string, name: string): SharedInformer<T> {
    const informer = new SharedInformer<T>({
      client: this.client,
      resource: this.resource,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      clock: this.env.clock,
      random: this.env.random,
      trace: this.env.trace,
    });
    const changed = (object: T) => {
      if (informer.hasSynced()) for (const user of entry.users) this.onChange(user, object);
    };
    informer.addHandler({ onAdd: changed, onUpdate: (_, object) => changed(object), onDelete: changed });
    void informer.run(entry.stop.signal);
    return informer;
  }

  private async fetch(namespace: string, name: string): Promise<T | undefined> {
    try {
      return await this.client.get(this.resource, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

export interface ObjectCaches {
  configMaps: ObjectCache<ConfigMap>;
  secrets: ObjectCache<Secret>;
}

export function newObjectCaches(
  env: Env,
  client: RestClient,
  strategy: ChangeDetection,
  onChange: (podUid: string, object: KubernetesObject) => void,
): ObjectCaches {
  return {
    configMaps: new ObjectCache(env, client, configMaps, strategy, onChange),
    secrets: new ObjectCache(env, client, secrets, strategy, onChange),
  };
}
