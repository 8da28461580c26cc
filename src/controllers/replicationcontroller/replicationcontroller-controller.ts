// ReplicationControllers, the ancestors of ReplicaSets, are driven by the same loop. Upstream: pkg/controller/replication.

import { replicationControllerKind } from '../replicaset/replica-owner.ts';
import { initReplicaController } from '../replicaset/replicaset-controller.ts';
import type { InitController } from '../shared/context.ts';

export const initReplicationController: InitController = (context) =>
  initReplicaController(context, replicationControllerKind);
