// RuntimeClass: a pod that names one must find it, carries its overhead, and goes where it says (plugin/pkg/admission/runtimeclass).

import type { Pod, RuntimeClass } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import { deepEqual } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';

export function runtimeClass(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    resources: ['pods'],
    async mutate({ operation, resource, subresource, object }) {
      if (operation !== 'CREATE' || subresource !== '' || resource.group !== '' || resource.resource !== 'pods')
        return undefined;
      const pod = object as unknown as Pod;
      const name = pod.spec?.runtimeClassName;
      const refuse = (why: string) => newForbidden(resource.groupResource, pod.metadata.name, why);
      if (!name) {
        if (Object.keys(pod.spec?.overhead ?? {}).length > 0)
          throw refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
        return undefined;
      }
      const found = await catalog.registry('node.k8s.io', 'runtimeclasses').lookUp('', name);
      if (!found) throw refuse(`pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
      const { overhead, scheduling } = found.object as unknown as RuntimeClass;
      if (overhead?.podFixed) {
        if (pod.spec.overhead && !deepEqual(pod.spec.overhead, overhead.podFixed))
          throw refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        pod.spec.overhead = { ...overhead.podFixed };
      } else if (Object.keys(pod.spec.overhead ?? {}).length > 0)
        throw refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
        const own = pod.spec.nodeSelector?.[key];
        if (own !== undefined && own !== value)
          throw refuse(
            `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
          );
        pod.spec.nodeSelector = { ...pod.spec.nodeSelector, [key]: value };
      }
      for (const toleration of scheduling?.tolerations ?? [])
        if (!pod.spec.tolerations?.some((own) => deepEqual(own, toleration)))
          pod.spec.tolerations = [...(pod.spec.tolerations ?? []), { ...toleration }];
      return object;
    },
  };
}
