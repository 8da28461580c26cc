// Pods: status at birth, quality of service, grace at deletion (pkg/registry/core/pod/strategy.go).

import type { Pod } from '../../api/generated/types.ts';
import { qosClass } from '../../api/qos.ts';
import type { KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import { ephemeralContainers, resize } from './pod-subresources.ts';

const asPod = (object: KubeObject) => object as unknown as Pod;

export const podStrategy: Strategy = {
  returnDeletedObject: true,
  generation: true,
  prepareForCreate(object) {
    const pod = asPod(object);
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) };
    if ((pod.spec?.schedulingGates ?? []).length > 0)
      pod.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ];
  },
  prepareStatusUpdate(object, old) {
    const pod = asPod(object);
    const before = asPod(old);
    if (pod.status && before.status?.qosClass) pod.status.qosClass = before.status.qosClass;
    // The kubelet may not lift a deletion, nor change what the owner wrote.
    pod.metadata.deletionTimestamp = before.metadata.deletionTimestamp as string;
    if (pod.metadata.deletionTimestamp === undefined) delete pod.metadata.deletionTimestamp;
    if (before.metadata.ownerReferences) pod.metadata.ownerReferences = before.metadata.ownerReferences;
    else delete pod.metadata.ownerReferences;
  },
  subresources: { ephemeralcontainers: ephemeralContainers, resize },
  gracePeriod(object, requested) {
    const pod = asPod(object);
    let seconds = requested ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    // Nobody runs it: there is nothing to wait for.
    if (!pod.spec?.nodeName || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') seconds = 0;
    return seconds < 0 ? 1 : seconds;
  },
};
