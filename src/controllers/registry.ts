// Every controller of the manager, by upstream's name. Upstream: cmd/kube-controller-manager/names and app/controllermanager.go NewControllerDescriptors.

import { initCsrApprovingController } from './certificates/csr-approving-controller.ts';
import { initCsrCleanerController } from './certificates/csr-cleaner-controller.ts';
import { initCsrSigningController } from './certificates/csr-signing-controller.ts';
import { initClusterRoleAggregationController } from './clusterroleaggregation/clusterrole-aggregation-controller.ts';
import { initCronJobController } from './cronjob/cronjob-controller.ts';
import { initDeploymentController } from './deployment/deployment-controller.ts';
import { initEndpointsController } from './endpoints/endpoints-controller.ts';
import { initEndpointSliceController } from './endpointslice/endpointslice-controller.ts';
import { initGarbageCollector } from './garbagecollector/garbage-collector-controller.ts';
import { initJobController } from './job/job-controller.ts';
import { initNamespaceController } from './namespace/namespace-controller.ts';
import { initNodeIpamController } from './nodeipam/nodeipam-controller.ts';
import { initNodeLifecycleController } from './nodelifecycle/nodelifecycle-controller.ts';
import { initPodGcController } from './podgc/podgc-controller.ts';
import { initPvcProtectionController } from './pvcprotection/pvc-protection-controller.ts';
import { initPvProtectionController } from './pvprotection/pv-protection-controller.ts';
import { initReplicaSetController } from './replicaset/replicaset-controller.ts';
import { initReplicationController } from './replicationcontroller/replicationcontroller-controller.ts';
import { initResourceQuotaController } from './resourcequota/resource-quota-controller.ts';
import { initRootCaCertPublisher } from './rootcacertpublisher/root-ca-certificate-publisher.ts';
import { initServiceAccountController } from './serviceaccount/serviceaccount-controller.ts';
import type { InitController } from './shared/context.ts';
import { initTaintEvictionController } from './tainteviction/taint-eviction-controller.ts';
import { initTtlAfterFinishedController } from './ttlafterfinished/ttl-after-finished-controller.ts';

export const controllers: Readonly<Record<string, InitController>> = {
  'certificatesigningrequest-approving-controller': initCsrApprovingController,
  'certificatesigningrequest-cleaner-controller': initCsrCleanerController,
  'certificatesigningrequest-signing-controller': initCsrSigningController,
  'clusterrole-aggregation-controller': initClusterRoleAggregationController,
  'cronjob-controller': initCronJobController,
  'deployment-controller': initDeploymentController,
  'endpoints-controller': initEndpointsController,
  'endpointslice-controller': initEndpointSliceController,
  'garbage-collector-controller': initGarbageCollector,
  'job-controller': initJobController,
  'namespace-controller': initNamespaceController,
  'node-ipam-controller': initNodeIpamController,
  'node-lifecycle-controller': initNodeLifecycleController,
  'persistentvolume-protection-controller': initPvProtectionController,
  'persistentvolumeclaim-protection-controller': initPvcProtectionController,
  'pod-garbage-collector-controller': initPodGcController,
  'replicaset-controller': initReplicaSetController,
  'replicationcontroller-controller': initReplicationController,
  'resourcequota-controller': initResourceQuotaController,
  'root-ca-certificate-publisher-controller': initRootCaCertPublisher,
  'serviceaccount-controller': initServiceAccountController,
  'taint-eviction-controller': initTaintEvictionController,
  'ttl-after-finished-controller': initTtlAfterFinishedController,
};

/**
 * The names that a --controllers list switches on: "*" is all, "name" that one, "-name" not that one; a name said either way wins over "*".
 * Throws for a name that is not known.
 */
export function enabledControllers(list: readonly string[]): string[] {
  for (const entry of list) {
    const name = entry.replace(/^-/, '');
    if (name !== '*' && !Object.hasOwn(controllers, name)) {
      throw new Error(`"${name}" is not in the list of known controllers`);
    }
  }
  const all = list.includes('*');
  return Object.keys(controllers).filter((name) => !list.includes(`-${name}`) && (all || list.includes(name)));
}
