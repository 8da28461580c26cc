// What to do with an object whose owners may be gone, and with an owner that leaves its dependents or waits for them.
// Upstream: pkg/controller/garbagecollector garbagecollector.go attemptToDeleteItem, attemptToOrphanWorker.
//
// Invariants: nothing is deleted unless a live read (not the cache) says that every owner it names is gone; deletes carry the uid, so a namesake is safe.

import type { ObjectMeta, OwnerReference } from '../../api/generated/types.ts';
import {
  type DiscoveredResource,
  isNotFound,
  type KubernetesObject,
  type ReconcileContext,
  type Resource,
  type RestClient,
  resourceForKind,
} from '../../client/index.ts';
import type { GraphNode } from './graph.ts';

/** The object is not there (any more): the caller takes it out of the graph. */
export type Outcome = 'absent' | 'done' | 'wait';

export class Collector {
  readonly #client: RestClient;
  readonly #resources: () => readonly DiscoveredResource[];

  constructor(client: RestClient, resources: () => readonly DiscoveredResource[]) {
    this.#client = client;
    this.#resources = resources;
  }

  /** The resource of a node; rejects if the server does not serve its kind (a CRD that is gone, or not there yet). */
  resourceOf(node: GraphNode): Resource {
    const resource = node.resource ?? resourceForKind(this.#resources(), node.apiVersion, node.kind);
    if (!resource) throw new Error(`no matches for kind "${node.kind}" in version "${node.apiVersion}"`);
    return resource;
  }

  /** Deletes the object if its owners are gone, or moves its foreground deletion on. */
  async attemptToDelete(node: GraphNode, context: ReconcileContext): Promise<Outcome> {
    if (node.beingDeleted && !node.deletingDependents) return 'done';
    const resource = this.resourceOf(node);
    const live = await this.#read(resource, node.namespace, node.name, context);
    if (live?.metadata.uid !== node.uid) return 'absent';
    if (node.deletingDependents) return this.#processForeground(node, resource, live, context);
    const owners = live.metadata.ownerReferences ?? [];
    if (owners.length === 0 || live.metadata.deletionTimestamp) return 'done';
    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const owner of owners) {
      const state = await this.#ownerState(node, owner, context);
      ({ solid, dangling, waiting })[state].push(owner);
    }
    if (solid.length > 0) {
      if (solid.length === owners.length) return 'done';
      await context.plan({
        subject: subjectOf(node),
        saw: { owners: owners.length, gone: dangling.length + waiting.length },
        will: `take absent owners off ${label(node)}`,
      });
      await this.#setOwners(resource, live, solid, context);
      return 'done';
    }
    const foreground = waiting.length > 0 && node.dependents.size > 0;
    const why = waiting.length > 0 ? 'its owner waits for it to go' : 'its owner is gone';
    const propagationPolicy = foreground ? 'Foreground' : policyOf(live.metadata);
    await context.plan({
      subject: subjectOf(node),
      saw: { owners: owners.map((owner) => `${owner.kind} ${owner.name}`), absent: dangling.length },
      will: `delete ${label(node)} (${propagationPolicy}): ${why}`,
    });
    if (foreground) await this.#unblock(node, context);
    const { uid, resourceVersion } = live.metadata;
    const options = { propagationPolicy, preconditions: { uid, resourceVersion } };
    await this.#client.delete(resource, keyFor(node), options, { trace: context.trace }).catch(ignoreAbsent);
    return 'done';
  }

  /** Takes the owner off all its dependents, then lets it go. */
  async orphan(node: GraphNode, context: ReconcileContext): Promise<Outcome> {
    const resource = this.resourceOf(node);
    await context.plan({
      subject: subjectOf(node),
      saw: { dependents: node.dependents.size },
      will: `orphan the dependents of ${label(node)}`,
    });
    for (const dependent of node.dependents) {
      const of = this.resourceOf(dependent);
      const live = await this.#read(of, dependent.namespace, dependent.name, context);
      if (live?.metadata.uid !== dependent.uid) continue;
      const left = (live.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== node.uid);
      await this.#setOwners(of, live, left, context);
    }
    const live = await this.#read(resource, node.namespace, node.name, context);
    if (live?.metadata.uid !== node.uid) return 'absent';
    await this.#removeFinalizer(resource, live, 'orphan', context);
    return 'done';
  }

  async #processForeground(
    node: GraphNode,
    resource: Resource,
    live: KubernetesObject,
    context: ReconcileContext,
  ): Promise<Outcome> {
    const blocking = [...node.dependents].filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion),
    );
    if (blocking.length > 0) return 'wait';
    await context.plan({ subject: subjectOf(node), saw: { blocking: 0 }, will: `finish deleting ${label(node)}` });
    await this.#removeFinalizer(resource, live, 'foregroundDeletion', context);
    return 'done';
  }

  /** "waiting": in foreground deletion, for dependents such as this one. */
  async #ownerState(
    node: GraphNode,
    owner: OwnerReference,
    context: ReconcileContext,
  ): Promise<'solid' | 'dangling' | 'waiting'> {
    const resource = resourceForKind(this.#resources(), owner.apiVersion, owner.kind);
    if (!resource) throw new Error(`no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`);
    // A cluster-scoped object cannot be owned by a namespaced one: nobody knows in which namespace. It is left alone.
    if (resource.namespaced && node.namespace === '') return 'solid';
    const live = await this.#read(resource, resource.namespaced ? node.namespace : '', owner.name, context);
    if (live?.metadata.uid !== owner.uid) return 'dangling';
    const { deletionTimestamp, finalizers = [] } = live.metadata;
    const waits = deletionTimestamp !== undefined && finalizers.includes('foregroundDeletion');
    return waits ? 'waiting' : 'solid';
  }

  /** In a chain of foreground deletions, those further down must not block this one as well. */
  async #unblock(node: GraphNode, context: ReconcileContext): Promise<void> {
    for (const dependent of node.dependents) {
      if (!dependent.deletingDependents) continue;
      const resource = this.resourceOf(dependent);
      const live = await this.#read(resource, dependent.namespace, dependent.name, context);
      if (live?.metadata.uid !== dependent.uid) continue;
      const owners = (live.metadata.ownerReferences ?? []).map((owner) => ({ ...owner, blockOwnerDeletion: false }));
      await this.#setOwners(resource, live, owners, context);
    }
  }

  async #read(
    resource: Resource,
    namespace: string,
    name: string,
    { trace }: ReconcileContext,
  ): Promise<KubernetesObject | undefined> {
    try {
      return await this.#client.get(resource, { namespace, name }, { trace });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #setOwners(
    resource: Resource,
    live: KubernetesObject,
    owners: OwnerReference[],
    { trace }: ReconcileContext,
  ): Promise<void> {
    const { uid, resourceVersion } = live.metadata;
    const patch = { metadata: { uid, resourceVersion, ownerReferences: owners.length > 0 ? owners : null } };
    await this.#client
      .patch(resource, live.metadata, 'application/merge-patch+json', patch, { trace })
      .catch(ignoreAbsent);
  }

  async #removeFinalizer(
    resource: Resource,
    live: KubernetesObject,
    finalizer: string,
    { trace }: ReconcileContext,
  ): Promise<void> {
    const { uid, resourceVersion, finalizers = [] } = live.metadata;
    if (!finalizers.includes(finalizer)) return;
    const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((each) => each !== finalizer) } };
    await this.#client
      .patch(resource, live.metadata, 'application/merge-patch+json', patch, { trace })
      .catch(ignoreAbsent);
  }
}

function ignoreAbsent(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

function policyOf({ finalizers = [] }: ObjectMeta): string {
  if (finalizers.includes('orphan')) return 'Orphan';
  return finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background';
}

function keyFor(node: GraphNode): { namespace: string; name: string } {
  return { namespace: node.namespace, name: node.name };
}

function subjectOf({ apiVersion, kind, namespace, name, uid }: GraphNode) {
  return { apiVersion, kind, namespace, name, uid };
}

function label({ kind, namespace, name }: GraphNode): string {
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}
