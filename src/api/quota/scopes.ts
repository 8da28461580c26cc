// Which objects a ResourceQuota with scopes is for (pkg/quota/v1/evaluator/core: podMatchesScopeFunc, pvcMatchesScopeFunc).

import type { PersistentVolumeClaim, Pod, ResourceQuota } from '../generated/types.ts';
import { qosClass } from '../qos.ts';
import type { GroupResource } from '../status.ts';

interface Requirement {
  scopeName: string;
  operator: string;
  values?: string[];
}

function requirementsOf({ spec }: ResourceQuota): Requirement[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
}

/** Whether all scopes of a quota hold for an object. Kinds that know no scopes are in no quota that has some. */
export function inScope(quota: ResourceQuota, { group, resource }: GroupResource, object: object): boolean {
  const requirements = requirementsOf(quota);
  if (requirements.length === 0) return true;
  if (group !== '') return false;
  if (resource === 'pods') return requirements.every((each) => podMatches(each, object as Pod));
  if (resource === 'persistentvolumeclaims')
    return requirements.every((each) => claimMatches(each, object as PersistentVolumeClaim));
  return false;
}

/** A label selector's requirement over a label that may have any of `names`, or none. */
function selects({ operator, values = [] }: Requirement, names: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return names.some((name) => values.includes(name));
    case 'NotIn':
      return names.length === 0 || names.some((name) => !values.includes(name));
    case 'Exists':
      return names.length > 0;
    default:
      return names.length === 0;
  }
}

const given = (names: readonly (string | undefined)[]): string[] =>
  names.filter((name): name is string => name !== undefined && name !== '');

function podMatches(requirement: Requirement, { spec }: Pod): boolean {
  const terminating = (spec.activeDeadlineSeconds ?? -1) >= 0;
  const bestEffort = () => qosClass(spec) === 'BestEffort' && spec.resources === undefined;
  switch (requirement.scopeName) {
    case 'Terminating':
      return terminating;
    case 'NotTerminating':
      return !terminating;
    case 'BestEffort':
      return bestEffort();
    case 'NotBestEffort':
      return !bestEffort();
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(spec);
    case 'PriorityClass':
      return selects(requirement, given([spec.priorityClassName]));
    default:
      return false;
  }
}

/** Whether a pod's affinity looks into other namespaces. */
function crossesNamespaces({ affinity }: Pod['spec']): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((each) =>
    [
      ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ].some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined),
  );
}

function claimMatches(requirement: Requirement, { spec, status }: PersistentVolumeClaim): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const names = given([
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]);
  return selects(requirement, names);
}
