// What ReplicaSets and ReplicationControllers have in common, so that one loop serves both. Upstream: pkg/controller/replication conversion.go adapters.

import type { ReplicaSet, ReplicationController } from '../../api/generated/types.ts';
import { labelSelectorAsSelector, type Selector, selectorFromSet } from '../../api/labels.ts';
import { type Resource, replicaSets, replicationControllers } from '../../client/index.ts';

export type ReplicaOwner = ReplicaSet | ReplicationController;

export interface ReplicaOwnerKind<T extends ReplicaOwner> {
  /** The loop's name, and the source of its Events: "replicaset-controller". */
  controllerName: string;
  resource: Resource<T>;
  selectorOf(owner: T): Selector;
}

export const replicaSetKind: ReplicaOwnerKind<ReplicaSet> = {
  controllerName: 'replicaset-controller',
  resource: replicaSets,
  selectorOf: (owner) => labelSelectorAsSelector(owner.spec?.selector),
};

export const replicationControllerKind: ReplicaOwnerKind<ReplicationController> = {
  controllerName: 'replication-controller',
  resource: replicationControllers,
  selectorOf: (owner) => selectorFromSet(owner.spec?.selector),
};
