// RuntimeClass: a pod that names one must find it, carries its overhead, and goes where it says (plugin/pkg/admission/runtimeclass).

import type { Pod, RuntimeClass } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import { deepEqual } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

const unknownOverhead = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';
const otherOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

export function runtimeClass(catalog: Catalog): AdmissionPlugin {
  /** The pod that is made and the class that it names. Throws Forbidden when there is no such class. */
  async function prepare({ operation, resource, subresource, object }: AdmissionAttributes) {
    if (operation !== 'CREATE' || subresource !== '' || resource.group !== '' || resource.resource !== 'pods')
      return undefined;
    const pod = object as unknown as Pod;
    const refuse = (why: string) => newForbidden(resource.groupResource, pod.metadata.name, why);
    const name = pod.spec?.runtimeClassName;
    if (!name) return { pod, refuse, found: undefined };
    const found = await catalog.registry('node.k8s.io', 'runtimeclasses').lookUp('', name);
    if (!found) throw refuse(`pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    return { pod, refuse, found: found.object as unknown as RuntimeClass };
  }
  return {
    name: 'RuntimeClass',
    resources: ['pods'],
    async mutate(attributes) {
      const prepared = await prepare(attributes);
      if (!prepared?.found) return undefined;
      const { pod, refuse } = prepared;
      const { overhead, scheduling } = prepared.found;
      if (overhead?.podFixed) {
        if (pod.spec.overhead && !deepEqual(pod.spec.overhead, overhead.podFixed)) throw refuse(otherOverhead);
        pod.spec.overhead = { ...overhead.podFixed };
      }
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
      return attributes.object;
    },
    async validate(attributes) {
      const prepared = await prepare(attributes);
      if (!prepared) return;
      const { pod, refuse, found } = prepared;
      const own = pod.spec?.overhead ?? {};
      const wanted = found?.overhead?.podFixed;
      if (wanted && !deepEqual(own, wanted)) throw refuse(otherOverhead);
      if (!wanted && Object.keys(own).length > 0) throw refuse(unknownOverhead);
    },
  };
}
