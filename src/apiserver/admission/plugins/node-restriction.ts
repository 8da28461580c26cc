// NodeRestriction: a kubelet may write its own Node and the pods bound to it, and nothing of others (plugin/pkg/admission/noderestriction).

import type { AuthenticationV1TokenRequest, Node, Pod } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import { nodeOf } from '../../auth/node.ts';
import type { KubeObject } from '../../object.ts';
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
      if (node === undefined || operation === 'CONNECT' || resource.group !== '') return undefined;
      const refuse: Refuse = (why) => newForbidden(resource.groupResource, name, why);
      if (resource.resource === 'nodes') admitNode(attributes, node, refuse);
      else if (resource.resource === 'pods' && subresource === 'eviction')
        return podOf(namespace, name).then((pod) => {
          if (pod.spec.nodeName !== node)
            throw refuse(`node ${node} can only evict pods with spec.nodeName set to itself`);
          return undefined;
        });
      else if (resource.resource === 'pods') admitPod(attributes, node, refuse);
      else if (resource.resource === 'serviceaccounts' && subresource === 'token')
        return admitToken(attributes, node, refuse, podOf);
      return undefined;
    },
  };
}

function admitNode({ operation, subresource, object, old, name }: AdmissionAttributes, node: string, refuse: Refuse) {
  const target = object?.metadata.name ?? name;
  if (target !== node)
    throw refuse(`node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(target)}`);
  if (operation !== 'UPDATE' || subresource !== '' || !object || !old) return;
  const taints = (it: KubeObject) => JSON.stringify((it as unknown as Node).spec?.taints ?? []);
  if (taints(object) !== taints(old)) throw refuse(`node ${JSON.stringify(node)} is not allowed to modify taints`);
}

function admitPod({ operation, subresource, object, old }: AdmissionAttributes, node: string, refuse: Refuse) {
  if (operation === 'CREATE' && subresource === '') {
    if (object?.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined)
      throw refuse(
        `pod does not have "kubernetes.io/config.mirror" annotation, node ${JSON.stringify(node)} can only create mirror pods`,
      );
    return;
  }
  const pod = old as unknown as Pod | undefined;
  if (!pod || pod.spec.nodeName === node) return;
  const verb = operation === 'DELETE' ? 'delete pods' : 'update status for pods';
  throw refuse(`node ${JSON.stringify(node)} can only ${verb} with spec.nodeName set to itself`);
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
