// One look at one Deployment: what the files of this folder share while they reconcile it.

import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../api/generated/types.ts';
import {
  deployments,
  type EventRecorder,
  type ReconcileContext,
  type RestClient,
  referenceTo,
} from '../../client/index.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { Env, Json } from '../../env/env.ts';
import { annotations } from './deployment-math.ts';

export class DeploymentSync {
  readonly env: Env;
  readonly client: RestClient;
  readonly recorder: EventRecorder;
  readonly context: ReconcileContext;
  /** Its ReplicaSets as the cache has them, after adoption; changed ones are replaced by what the server answered. */
  replicaSets: ReplicaSet[];
  /** Its pods, by the uid of their ReplicaSet. */
  readonly podsByReplicaSet: ReadonlyMap<string, Pod[]>;
  /** A copy: may be changed here. */
  deployment: Deployment;

  constructor(options: {
    env: Env;
    client: RestClient;
    recorder: EventRecorder;
    context: ReconcileContext;
    deployment: Deployment;
    replicaSets: ReplicaSet[];
    podsByReplicaSet: ReadonlyMap<string, Pod[]>;
  }) {
    this.env = options.env;
    this.client = options.client;
    this.recorder = options.recorder;
    this.context = options.context;
    this.deployment = options.deployment;
    this.replicaSets = options.replicaSets;
    this.podsByReplicaSet = options.podsByReplicaSet;
  }

  /** Cluster time as conditions carry it. */
  now(): string {
    return rfc3339(this.env.clock.now());
  }

  /** Tells the trace what comes next, and waits while it is held there. */
  plan(will: string, saw: { [key: string]: Json }): Promise<void> {
    return this.context.plan({ subject: referenceTo(this.deployment), saw, will });
  }

  /** Writes the status, and with it the annotation that carries the revision. */
  async updateStatus(status: DeploymentStatus = this.deployment.status ?? {}): Promise<void> {
    const revision = this.deployment.metadata.annotations?.[annotations.revision];
    const { trace } = this.context;
    let updated = await this.client.updateStatus(deployments, { ...this.deployment, status }, { trace });
    if (revision !== undefined && updated.metadata.annotations?.[annotations.revision] !== revision) {
      const { uid, resourceVersion } = updated.metadata;
      const patch = { metadata: { uid, resourceVersion, annotations: { [annotations.revision]: revision } } };
      updated = await this.client.patch(deployments, updated.metadata, 'application/merge-patch+json', patch, {
        trace,
      });
    }
    this.deployment = structuredClone(updated);
  }

  /** Puts a changed ReplicaSet in place of the one of that uid, or adds it. */
  replace(replicaSet: ReplicaSet): void {
    const index = this.replicaSets.findIndex((each) => each.metadata.uid === replicaSet.metadata.uid);
    if (index >= 0) this.replicaSets[index] = replicaSet;
    else this.replicaSets.push(replicaSet);
  }
}
