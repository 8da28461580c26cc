// The small plugins that fill in or refuse parts of pods and nodes: DefaultTolerationSeconds, Priority, TaintNodesByCondition, RuntimeClass's overhead,
// DefaultStorageClass, DefaultIngressClass (plugin/pkg/admission).

import type {
  Node,
  PersistentVolumeClaim,
  Pod,
  PriorityClass,
  StorageClass,
  Toleration,
} from '../../../api/generated/types.ts';
import { newForbidden, newInternalError } from '../../../api/status.ts';
import type { KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

const isPodCreate = ({ operation, resource, subresource }: AdmissionAttributes) =>
  operation === 'CREATE' && resource.group === '' && resource.resource === 'pods' && subresource === '';

const notReady = 'node.kubernetes.io/not-ready';
const unreachable = 'node.kubernetes.io/unreachable';

/** Pods tolerate an unreachable or unready node for five minutes unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate(attributes) {
    if (!isPodCreate(attributes) || !attributes.object) return undefined;
    const { spec } = attributes.object as unknown as Pod;
    if (!spec) return undefined;
    const tolerations: Toleration[] = [...(spec.tolerations ?? [])];
    for (const key of [notReady, unreachable]) {
      const has = tolerations.some(
        (each) => (each.key === key || !each.key) && (each.effect === 'NoExecute' || !each.effect),
      );
      if (!has) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
    }
    spec.tolerations = tolerations;
    return attributes.object;
  },
};

/** Turns priorityClassName into a number; refuses a number that the class does not give, and a second default class. */
export function priority(catalog: Catalog): AdmissionPlugin {
  /** The default class, the lowest if there are several. */
  const defaultClassOf = async (): Promise<PriorityClass | undefined> => {
    const { store, resource } = catalog.registry('scheduling.k8s.io', 'priorityclasses');
    const all = await store.recent(resource.storagePrefix);
    return (all?.list(resource.storagePrefix) ?? [])
      .map(({ object }) => object as unknown as PriorityClass)
      .filter(({ globalDefault }) => globalDefault)
      .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  };
  return {
    name: 'Priority',
    resources: ['pods', 'priorityclasses.scheduling.k8s.io'],
    async validate({ operation, resource, object, name }) {
      if (resource.resource !== 'priorityclasses' || !(object as unknown as PriorityClass | undefined)?.globalDefault)
        return;
      const other = (await defaultClassOf())?.metadata?.name;
      if (other === undefined || (operation === 'UPDATE' && other === name)) return;
      throw newForbidden(
        resource.groupResource,
        name,
        `PriorityClass ${other} is already marked as default. Only one default can exist`,
      );
    },
    async mutate(attributes) {
      if (!isPodCreate(attributes) || !attributes.object) return undefined;
      const pod = attributes.object as unknown as Pod;
      const { spec } = pod;
      if (!spec) return undefined;
      const classes = catalog.registry('scheduling.k8s.io', 'priorityclasses');
      const refuse = (why: string) => newForbidden(attributes.resource.groupResource, pod.metadata.name, why);
      let value = 0;
      let policy = 'PreemptLowerPriority';
      if (spec.priorityClassName) {
        const found = await classes.lookUp('', spec.priorityClassName);
        if (!found) throw refuse(`no PriorityClass with name ${spec.priorityClassName} was found`);
        const it = found.object as unknown as PriorityClass;
        value = it.value ?? 0;
        policy = it.preemptionPolicy ?? policy;
      } else {
        const chosen = await defaultClassOf();
        if (chosen) {
          spec.priorityClassName = chosen.metadata.name;
          value = chosen.value ?? 0;
          policy = chosen.preemptionPolicy ?? policy;
        }
      }
      if (spec.priority !== undefined && spec.priority !== value)
        throw refuse(
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
        throw refuse(
          `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
        );
      spec.priority = value;
      spec.preemptionPolicy = policy;
      return attributes.object;
    },
  };
}

/** A new node is tainted until its first status says that it is ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate({ operation, resource, subresource, object }) {
    if (
      operation !== 'CREATE' ||
      resource.group !== '' ||
      resource.resource !== 'nodes' ||
      subresource !== '' ||
      !object
    )
      return undefined;
    const node = object as unknown as Node;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (!taints.some(({ key, effect }) => key === notReady && effect === 'NoSchedule'))
      node.spec.taints = [...taints, { key: notReady, effect: 'NoSchedule' }];
    return object;
  },
};

const defaultClass = 'storageclass.kubernetes.io/is-default-class';

/** A claim that names no class gets the newest default one. */
export function defaultStorageClass(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    resources: ['persistentvolumeclaims'],
    async mutate({ operation, resource, subresource, object }) {
      if (operation !== 'CREATE' || resource.resource !== 'persistentvolumeclaims' || subresource !== '' || !object)
        return undefined;
      const claim = object as unknown as PersistentVolumeClaim;
      if (!claim.spec || claim.spec.storageClassName !== undefined) return undefined;
      if (claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined) return undefined;
      const chosen = await newestDefault<StorageClass>(catalog, 'storage.k8s.io', 'storageclasses', defaultClass);
      if (chosen) claim.spec.storageClassName = chosen.metadata.name;
      return object;
    },
  };
}

/** An Ingress that names no class gets the newest default one. */
export function defaultIngressClass(catalog: Catalog): AdmissionPlugin {
  const annotation = 'ingressclass.kubernetes.io/is-default-class';
  return {
    name: 'DefaultIngressClass',
    resources: ['ingresses.networking.k8s.io'],
    async mutate({ operation, resource, subresource, object }) {
      if (operation !== 'CREATE' || resource.resource !== 'ingresses' || subresource !== '' || !object)
        return undefined;
      const spec = (object['spec'] ?? {}) as { ingressClassName?: string };
      if (
        spec.ingressClassName !== undefined ||
        object.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined
      )
        return undefined;
      const chosen = await newestDefault(catalog, 'networking.k8s.io', 'ingressclasses', annotation);
      if (!chosen) return undefined;
      spec.ingressClassName = chosen.metadata.name;
      object['spec'] = spec;
      return object;
    },
  };
}

async function newestDefault<T extends { metadata: KubeObject['metadata'] }>(
  catalog: Catalog,
  group: string,
  resource: string,
  annotation: string,
): Promise<T | undefined> {
  const registry = catalog.registry(group, resource);
  const all = await registry.store.recent(registry.resource.storagePrefix);
  if (!all) throw newInternalError(`cannot list ${resource} now`);
  return all
    .list(registry.resource.storagePrefix)
    .map(({ object }) => object as unknown as T)
    .filter(({ metadata }) => metadata.annotations?.[annotation] === 'true')
    .sort((a, b) => byAge(b.metadata, a.metadata) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

/** Negative when the first is the older, 0 when they came in the same second. */
function byAge({ creationTimestamp: a = '' }: KubeObject['metadata'], b: KubeObject['metadata']): number {
  const other = b.creationTimestamp ?? '';
  return a === other ? 0 : a < other ? -1 : 1;
}
