// The APIServices of what this server serves itself, as objects (pkg/controlplane/apiserver's aggregator and crdregistration).

import type { KubeObject } from '../object.ts';

export const group = 'apiregistration.k8s.io';
/** "onstart": made at a server's start; "true": kept in step with a definition. */
export const automanaged = 'kube-aggregator.kubernetes.io/automanaged';

/** The order of groups, and of the versions in one: 15 where none is given. */
const priorities: Record<string, [group: number, version?: number]> = {
  v1: [18_000, 1],
  'apps/v1': [17_800],
  'events.k8s.io/v1': [17_750],
  'authentication.k8s.io/v1': [17_700],
  'authorization.k8s.io/v1': [17_600],
  'autoscaling/v1': [17_500],
  'autoscaling/v2': [17_500, 30],
  'batch/v1': [17_400],
  'certificates.k8s.io/v1': [17_300],
  'networking.k8s.io/v1': [17_200],
  'policy/v1': [17_100],
  'rbac.authorization.k8s.io/v1': [17_000],
  'storage.k8s.io/v1': [16_800],
  'apiextensions.k8s.io/v1': [16_700],
  'admissionregistration.k8s.io/v1': [16_700],
  'scheduling.k8s.io/v1': [16_600],
  'coordination.k8s.io/v1': [16_500],
  'node.k8s.io/v1': [16_300],
  'discovery.k8s.io/v1': [16_200],
  'flowcontrol.apiserver.k8s.io/v1': [16_100, 21],
  'resource.k8s.io/v1': [15_900],
};

function apiService(
  ofGroup: string,
  version: string,
  managed: 'onstart' | 'true',
  priority: [number, number],
): KubeObject {
  const [groupPriorityMinimum, versionPriority] = priority;
  return {
    apiVersion: `${group}/v1`,
    kind: 'APIService',
    metadata: { name: `${version}.${ofGroup}`, labels: { [automanaged]: managed } },
    spec: { ...(ofGroup !== '' && { group: ofGroup }), groupPriorityMinimum, version, versionPriority },
  };
}

/** Those of the built-in groups. */
export const builtInApiServices = (): KubeObject[] =>
  Object.entries(priorities).map(([groupVersion, [first, second = 15]]) => {
    const [version = '', ofGroup = ''] = groupVersion.split('/').reverse();
    return apiService(ofGroup, version, 'onstart', [first, second]);
  });

/** That of one version of custom resources' group: after all that is built in. */
export const customApiService = (ofGroup: string, version: string): KubeObject =>
  apiService(ofGroup, version, 'true', [1000, 100]);
