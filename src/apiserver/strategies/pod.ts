// Pods: status at birth, quality of service, grace at deletion (pkg/registry/core/pod/strategy.go).

import type { Pod, PodCondition, PodStatus } from '../../api/generated/types.ts';
import { qosClass } from '../../api/qos.ts';
import type { KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import { syncAppArmor } from './pod-apparmor.ts';
import { dropDisabledFields } from './pod-fields.ts';
import { mergeLabelKeys } from './pod-labels.ts';
import { ephemeralContainers, resize } from './pod-subresources.ts';
import { warningsOfPod } from './pod-warnings.ts';

const asPod = (object: KubeObject) => object as unknown as Pod;

/** A client that does not know of observedGeneration does not unset it. */
function keepObservedGenerations(status: PodStatus, old: PodStatus): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  const before = [...(old.conditions ?? [])];
  for (const condition of status.conditions ?? []) {
    const i = before.findIndex(({ type }) => type === condition.type);
    const [known]: PodCondition[] = i < 0 ? [] : before.splice(i, 1);
    if (!condition.observedGeneration && known?.observedGeneration)
      condition.observedGeneration = known.observedGeneration;
  }
}

export const podStrategy: Strategy = {
  returnDeletedObject: true,
  generation: true,
  prepareForCreate(object, context) {
    const pod = asPod(object);
    pod.status = { phase: 'Pending' };
    dropDisabledFields(pod.spec, undefined);
    if ((pod.spec?.schedulingGates ?? []).length > 0)
      pod.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ];
    if (pod.spec) {
      mergeLabelKeys(pod);
      syncAppArmor(pod, context.warnings);
    }
    pod.status.qosClass = qosClass(pod.spec);
  },
  prepareForUpdate(object, old) {
    dropDisabledFields(asPod(object).spec, asPod(old).spec);
  },
  prepareStatusUpdate(object, old) {
    const pod = asPod(object);
    const before = asPod(old);
    const was = before.status ?? {};
    if (pod.status) {
      // What clients drop because they do not know it.
      for (const field of ['qosClass', 'resourceClaimStatuses', 'extendedResourceClaimStatus'] as const)
        if (!pod.status[field] && was[field]) Object.assign(pod.status, { [field]: was[field] });
      keepObservedGenerations(pod.status, was);
    }
    // The kubelet may not lift a deletion, nor change what the owner wrote.
    pod.metadata.deletionTimestamp = before.metadata.deletionTimestamp as string;
    if (pod.metadata.deletionTimestamp === undefined) delete pod.metadata.deletionTimestamp;
    if (before.metadata.ownerReferences) pod.metadata.ownerReferences = before.metadata.ownerReferences;
    else delete pod.metadata.ownerReferences;
  },
  warnings: (object, old) => warningsOfPod(asPod(object), old && asPod(old)),
  subresources: { ephemeralcontainers: ephemeralContainers, resize },
  gracePeriod(object, requested) {
    const pod = asPod(object);
    let seconds = requested ?? pod.spec?.terminationGracePeriodSeconds ?? 0;
    // Nobody runs it: there is nothing to wait for.
    if (!pod.spec?.nodeName || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') seconds = 0;
    return seconds < 0 ? 1 : seconds;
  },
};
