// NodeRestriction: a kubelet may write its own Node and the pods bound to it, and nothing of others (plugin/pkg/admission/noderestriction).

import type { AuthenticationV1TokenRequest, Node, Pod, ResourceSlice } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import { nodeOf } from '../../auth/node.ts';
import { deepEqual, type KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

type Refuse = (why: string) => Error;

export function nodeRestriction(catalog: Catalog): AdmissionPlugin {
  const podOf = async (namespace: string, name: string) =>
    (await catalog.registry('', 'pods').get(namespace, name)).object as unknown as Pod;
  return {
    name: 'NodeRestriction',
    mutate(attributes) {
      const { resource, operation, subresource, namespace, user, name } = attributes;
      const node = nodeOf(user.name, user.groups);
      if (node === undefined || operation === 'CONNECT') return undefined;
      const refuse: Refuse = (why) => newForbidden(resource.groupResource, name, why);
      switch (resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`) {
        case 'nodes':
          admitNode(attributes, node, refuse);
          return undefined;
        case 'pods':
          if (subresource !== 'eviction') admitPod(attributes, node, refuse);
          else
            return podOf(namespace, name).then((pod) => {
              if (pod.spec.nodeName !== node)
                throw refuse(`node ${node} can only evict pods with spec.nodeName set to itself`);
              return undefined;
            });
          return undefined;
        case 'serviceaccounts':
          return subresource === 'token' ? admitToken(attributes, node, refuse, podOf) : undefined;
        case 'leases.coordination.k8s.io':
          if (namespace !== 'kube-node-lease')
            throw refuse(`can only access leases in the "kube-node-lease" system namespace`);
          if (name !== node) throw refuse('can only access node lease with the same name as the requesting node');
          return undefined;
        case 'csinodes.storage.k8s.io':
          if (name !== node) throw refuse('can only access CSINode with the same name as the requesting node');
          return undefined;
        case 'resourceslices.resource.k8s.io': {
          const slice = (attributes.object ?? attributes.old) as unknown as ResourceSlice | undefined;
          if (slice && slice.spec.nodeName !== node)
            throw refuse('can only create ResourceSlice with the same NodeName as the requesting node');
          return undefined;
        }
        default:
          return undefined;
      }
    },
  };
}

function admitNode({ operation, subresource, object, old, name }: AdmissionAttributes, node: string, refuse: Refuse) {
  const who = `node ${JSON.stringify(node)}`;
  const target = object?.metadata.name ?? name;
  if (target !== node) throw refuse(`${who} is not allowed to modify node ${JSON.stringify(target)}`);
  if (!object) return;
  const labels = changedLabels(object, old);
  if (operation === 'CREATE') {
    const wrong = labels.filter((label) => isReserved(label));
    if (wrong.length > 0) throw refuse(`${who} is not allowed to set the following labels: ${wrong.join(', ')}`);
    if (object.metadata.ownerReferences?.length) throw refuse(`${who} is not allowed to set ownerReferences`);
  }
  if (operation !== 'UPDATE' || !old) return;
  const taints = (it: KubeObject) => (it as unknown as Node).spec?.taints ?? [];
  if (subresource === '' && !deepEqual(taints(object), taints(old)))
    throw refuse(`${who} is not allowed to modify taints`);
  const wrong = labels.filter((label) => isReserved(label));
  if (wrong.length > 0) throw refuse(`${who} is not allowed to modify labels: ${wrong.join(', ')}`);
  if (!deepEqual(object.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? []))
    throw refuse(`${who} is not allowed to modify ownerReferences`);
}

/** Keys of labels that come, go or change. */
function changedLabels(object: KubeObject, old: KubeObject | undefined): string[] {
  const now = object.metadata.labels ?? {};
  const before = old?.metadata.labels ?? {};
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((key) => now[key] !== before[key]).sort();
}

// What kubelets may say of themselves (pkg/kubelet/apis/well_known_labels.go).
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'node.kubernetes.io/windows-build',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]);
const within = (domain: string, parent: string) => domain === parent || domain.endsWith(`.${parent}`);

/** Whether only others may say this of a node: who trusts the label to keep pods apart trusts that no node gives it to itself. */
function isReserved(label: string): boolean {
  const domain = label.includes('/') ? (label.split('/')[0] as string) : '';
  if (within(domain, 'node-restriction.kubernetes.io')) return true;
  if (!within(domain, 'kubernetes.io') && !within(domain, 'k8s.io')) return false;
  return !kubeletLabels.has(label) && !within(domain, 'kubelet.kubernetes.io') && !within(domain, 'node.kubernetes.io');
}

function admitPod({ operation, subresource, object, old }: AdmissionAttributes, node: string, refuse: Refuse) {
  const who = `node ${JSON.stringify(node)}`;
  if (operation === 'CREATE' && subresource === '') {
    admitMirrorPod(object as unknown as Pod, who, node, refuse);
    return;
  }
  const pod = old as unknown as Pod | undefined;
  if (!pod) return;
  if (pod.spec.nodeName !== node) {
    const verb = operation === 'DELETE' ? 'delete pods' : 'update status for pods';
    throw refuse(`${who} can only ${verb} with spec.nodeName set to itself`);
  }
  if (subresource === 'status' && object && changedLabels(object, old).length > 0)
    throw refuse(`${who} cannot update labels through pod status`);
}

/** A mirror pod stands for one that the kubelet runs by itself: it may use nothing of the API. */
function admitMirrorPod({ metadata, spec }: Pod, who: string, node: string, refuse: Refuse) {
  if (metadata.annotations?.['kubernetes.io/config.mirror'] === undefined)
    throw refuse(`pod does not have "kubernetes.io/config.mirror" annotation, ${who} can only create mirror pods`);
  if (spec.nodeName !== node) throw refuse(`${who} can only create pods with spec.nodeName set to itself`);
  const owners = metadata.ownerReferences ?? [];
  if (owners.some(({ kind, name }) => kind !== 'Node' || name !== node))
    throw refuse(`${who} can only create pods with an owner reference set to itself`);
  const no = (what: string) => refuse(`${who} can not create pods that reference ${what}`);
  if (spec.serviceAccountName) throw no('a service account');
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const sources = [
    ...(spec.volumes ?? []),
    ...(spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []),
  ] as { secret?: unknown; configMap?: unknown; persistentVolumeClaim?: unknown }[];
  const values = containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom));
  const wholes = containers.flatMap(({ envFrom = [] }) => envFrom);
  if (sources.some(({ secret }) => secret) || values.some((v) => v?.secretKeyRef) || wholes.some((w) => w.secretRef))
    throw no('secrets');
  if (
    sources.some(({ configMap }) => configMap) ||
    values.some((v) => v?.configMapKeyRef) ||
    wholes.some((w) => w.configMapRef)
  )
    throw no('configmaps');
  if (sources.some(({ persistentVolumeClaim }) => persistentVolumeClaim)) throw no('persistentvolumeclaims');
}

/** Nodes ask for tokens on behalf of their pods only. */
async function admitToken(
  { object, namespace }: AdmissionAttributes,
  node: string,
  refuse: Refuse,
  podOf: (namespace: string, name: string) => Promise<Pod>,
): Promise<undefined> {
  const { boundObjectRef: bound } = (object as unknown as AuthenticationV1TokenRequest).spec;
  if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name)
    throw refuse('node requested token not bound to a pod');
  if (!bound.uid) throw refuse('node requested token with a pod binding without a uid');
  const pod = await podOf(namespace, bound.name);
  if (pod.metadata.uid !== bound.uid)
    throw refuse(
      `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (pod.spec.nodeName !== node) throw refuse('node requested token bound to a pod scheduled on a different node');
  return undefined;
}
