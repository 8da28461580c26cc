// The strategy of each built-in resource. Kinds that are not named here have the generic one.

import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import { podStrategy } from './pod.ts';

const withGeneration: Strategy = { generation: true };

const own: Record<string, Strategy> = {
  pods: podStrategy,
  'deployments.apps': withGeneration,
  'replicasets.apps': withGeneration,
  'statefulsets.apps': withGeneration,
  'daemonsets.apps': withGeneration,
  replicationcontrollers: { generation: true, orphanByDefault: true },
  'jobs.batch': { generation: true, orphanByDefault: true },
  'cronjobs.batch': withGeneration,
  'ingresses.networking.k8s.io': withGeneration,
  'networkpolicies.networking.k8s.io': withGeneration,
  'poddisruptionbudgets.policy': withGeneration,
  'endpointslices.discovery.k8s.io': withGeneration,
  'leases.coordination.k8s.io': { allowCreateOnUpdate: true },
  events: { allowCreateOnUpdate: true },
  services: { returnDeletedObject: true, allowCreateOnUpdate: true },
  serviceaccounts: { returnDeletedObject: true },
  persistentvolumes: { returnDeletedObject: true },
  persistentvolumeclaims: { returnDeletedObject: true },
  resourcequotas: { returnDeletedObject: true },
};

/** Never undefined: what upstream does for every kind is generic. */
export function strategyOf(resource: ResourceInfo): Strategy {
  const { group, subresources } = resource;
  const hasStatus = subresources.some(({ name }) => name === 'status');
  return { hasStatus, ...own[group === '' ? resource.resource : `${resource.resource}.${group}`] };
}
