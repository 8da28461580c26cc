// The graph of owners and dependents. Upstream: pkg/controller/garbagecollector graph.go, graph_builder.go.
//
// Invariants: one node per uid; an owner that was named but never seen is in it as a virtual node, until it is seen or found not to exist; links always agree with
// the owner references last seen.

import type { OwnerReference } from '../../api/generated/types.ts';
import type { KubernetesObject, Resource } from '../../client/index.ts';

export interface GraphNode {
  readonly uid: string;
  /** Undefined for a virtual node whose kind the server does not know. */
  resource: Resource | undefined;
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  owners: readonly OwnerReference[];
  readonly dependents: Set<GraphNode>;
  /** Named by a dependent, not yet seen itself. */
  virtual: boolean;
  beingDeleted: boolean;
  /** Waits in foreground deletion until its blocking dependents are gone. */
  deletingDependents: boolean;
}

/** What a change of the graph makes worth looking at. */
export interface Consequences {
  attemptToDelete: Set<GraphNode>;
  attemptToOrphan: Set<GraphNode>;
}

export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** An object was added or changed. */
  observe(resource: Resource, object: KubernetesObject): Consequences {
    const found: Consequences = { attemptToDelete: new Set(), attemptToOrphan: new Set() };
    const {
      uid = '',
      namespace = '',
      name,
      ownerReferences = [],
      finalizers = [],
      deletionTimestamp,
    } = object.metadata;
    const { apiVersion = '', kind = '' } = object;
    let node = this.#nodes.get(uid);
    if (!node) {
      node = {
        ...{ uid, resource, apiVersion, kind, namespace, name, owners: [], dependents: new Set() },
        ...{ virtual: false, beingDeleted: false, deletingDependents: false },
      };
      this.#nodes.set(uid, node);
    } else if (node.virtual) {
      // Dependents in another namespace than the real one named it by mistake: their owner is absent.
      for (const dependent of node.dependents) found.attemptToDelete.add(dependent);
    }
    Object.assign(node, { resource, apiVersion, kind, namespace, name, virtual: false });
    this.#relink(node, ownerReferences, found);
    if (deletionTimestamp === undefined) return found;
    node.beingDeleted = true;
    if (finalizers.includes('orphan')) found.attemptToOrphan.add(node);
    if (finalizers.includes('foregroundDeletion')) {
      node.deletingDependents = true;
      for (const dependent of node.dependents) found.attemptToDelete.add(dependent);
      found.attemptToDelete.add(node);
    }
    return found;
  }

  /** An object is gone, or was found not to exist. */
  remove(uid: string): Consequences {
    const found: Consequences = { attemptToDelete: new Set(), attemptToOrphan: new Set() };
    const node = this.#nodes.get(uid);
    if (!node) return found;
    this.#nodes.delete(uid);
    for (const { uid: owner } of node.owners) {
      const of = this.#nodes.get(owner);
      of?.dependents.delete(node);
      if (of?.deletingDependents) found.attemptToDelete.add(of);
      if (of?.virtual && of.dependents.size === 0) this.#nodes.delete(owner);
    }
    for (const dependent of node.dependents) found.attemptToDelete.add(dependent);
    return found;
  }

  #relink(node: GraphNode, owners: readonly OwnerReference[], found: Consequences): void {
    const before = new Map(node.owners.map((owner) => [owner.uid, owner]));
    const after = new Map(owners.map((owner) => [owner.uid, owner]));
    node.owners = owners;
    for (const [uid, old] of before) {
      const now = after.get(uid);
      const unblocked = old.blockOwnerDeletion && !now?.blockOwnerDeletion;
      const owner = this.#nodes.get(uid);
      if (!now) {
        owner?.dependents.delete(node);
        // It may have lost its last owner, or the owner no longer exists.
        if (owners.length > 0) found.attemptToDelete.add(node);
      }
      if (unblocked && owner?.deletingDependents) found.attemptToDelete.add(owner);
    }
    for (const [uid, reference] of after) {
      if (before.has(uid)) continue;
      let owner = this.#nodes.get(uid);
      if (!owner) {
        owner = {
          ...{ uid, resource: undefined, apiVersion: reference.apiVersion, kind: reference.kind, name: reference.name },
          ...{ namespace: node.namespace, owners: [], dependents: new Set() },
          ...{ virtual: true, beingDeleted: false, deletingDependents: false },
        };
        this.#nodes.set(uid, owner);
        // Does it exist at all?
        found.attemptToDelete.add(owner);
      } else if (!owner.virtual && owner.namespace !== '' && owner.namespace !== node.namespace) {
        found.attemptToDelete.add(node);
      }
      owner.dependents.add(node);
      if (owner.deletingDependents) found.attemptToDelete.add(node);
    }
  }
}
