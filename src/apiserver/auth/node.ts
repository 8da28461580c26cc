// The node authorizer: a kubelet sees of Secrets, ConfigMaps and the like only what pods bound to its node use (plugin/pkg/auth/authorizer/node).

import type { Pod } from '../../api/generated/types.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { AuthorizationAttributes, Authorizer, Verdict } from './authorizer.ts';
import { nodeRules } from './default-roles.ts';
import { ruleAllows } from './rules.ts';

const podPrefix = '/registry/pods/';
const allow: Verdict = { decision: 'allow', reason: '' };
const none = (reason: string): Verdict => ({ decision: 'none', reason });

interface References {
  secrets: Set<string>;
  configmaps: Set<string>;
  persistentvolumeclaims: Set<string>;
  serviceaccounts: Set<string>;
  resourceclaims: Set<string>;
}

/** The name of the node that `groups` and `name` identify, if they do. */
export function nodeOf(name: string, groups: readonly string[]): string | undefined {
  return groups.includes('system:nodes') && name.startsWith('system:node:')
    ? name.slice('system:node:'.length)
    : undefined;
}

export function nodeAuthorizer(cache: WatchCache): Authorizer {
  let seen = '';
  let index = new Map<string, References>();

  function referencesOf(node: string): References | undefined {
    const pods = cache.collection(podPrefix);
    const stamp = `${cache.fills} ${pods.changes}`;
    if (stamp !== seen) {
      seen = stamp;
      index = new Map();
    }
    let found = index.get(node);
    if (!found) {
      found = collect(
        pods
          .list(podPrefix)
          .map(({ object }) => object as unknown as Pod)
          .filter(({ spec }) => spec.nodeName === node),
      );
      index.set(node, found);
    }
    return found;
  }

  return {
    authorize(attributes) {
      const { user } = attributes;
      const node = nodeOf(user.name, user.groups);
      if (node === undefined) return none('');
      if (!nodeRules.some((rule) => ruleAllows(rule, attributes))) return none('');
      return restricted(attributes, node, referencesOf);
    },
  };
}

function restricted(
  { isResource, group, resource, subresource, verb, namespace, name }: AuthorizationAttributes,
  node: string,
  referencesOf: (node: string) => References | undefined,
): Verdict {
  if (!isResource) return allow;
  const related = (kind: keyof References) =>
    referencesOf(node)?.[kind].has(`${namespace}/${name}`)
      ? allow
      : none(`no relationship found between node '${node}' and this object`);
  if (group === '') {
    switch (resource) {
      case 'secrets':
      case 'configmaps':
        if (name === '') return none(`can only ${verb} resources of this type by name`);
        return related(resource);
      case 'persistentvolumeclaims':
        return related(resource);
      case 'serviceaccounts':
        return subresource === 'token' ? related(resource) : none('');
      case 'nodes':
        if (name !== '' && name !== node && verb !== 'get')
          return none(`node '${node}' cannot ${verb} node '${name}', only its own Node object`);
        return allow;
    }
  }
  if (group === 'coordination.k8s.io') {
    if (namespace !== 'kube-node-lease')
      return none(`can only access leases in the "kube-node-lease" system namespace`);
    if (verb !== 'create' && name !== node)
      return none('can only access node lease with the same name as the requesting node');
  }
  if (group === 'storage.k8s.io' && resource === 'csinodes' && verb !== 'create' && name !== node)
    return none('can only access CSINode with the same name as the requesting node');
  if (group === 'resource.k8s.io' && resource === 'resourceclaims') return related('resourceclaims');
  return allow;
}

function collect(pods: readonly Pod[]): References {
  const out: References = {
    secrets: new Set(),
    configmaps: new Set(),
    persistentvolumeclaims: new Set(),
    serviceaccounts: new Set(),
    resourceclaims: new Set(),
  };
  for (const { spec, metadata, status } of pods) {
    const add = (set: Set<string>, name: string | undefined) => name && set.add(`${metadata.namespace}/${name}`);
    add(out.serviceaccounts, spec.serviceAccountName ?? 'default');
    for (const { name } of spec.imagePullSecrets ?? []) add(out.secrets, name);
    for (const container of [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]) {
      for (const source of container.envFrom ?? []) {
        add(out.secrets, source.secretRef?.name);
        add(out.configmaps, source.configMapRef?.name);
      }
      for (const { valueFrom } of container.env ?? []) {
        add(out.secrets, valueFrom?.secretKeyRef?.name);
        add(out.configmaps, valueFrom?.configMapKeyRef?.name);
      }
    }
    for (const volume of spec.volumes ?? []) {
      add(out.secrets, volume.secret?.secretName);
      add(out.configmaps, volume.configMap?.name);
      add(out.persistentvolumeclaims, volume.persistentVolumeClaim?.claimName);
      if (volume.ephemeral) add(out.persistentvolumeclaims, `${metadata.name}-${volume.name}`);
      add(out.secrets, volume.csi?.nodePublishSecretRef?.name);
      for (const source of volume.projected?.sources ?? []) {
        add(out.secrets, source.secret?.name);
        add(out.configmaps, source.configMap?.name);
      }
    }
    for (const claim of status?.resourceClaimStatuses ?? []) add(out.resourceclaims, claim.resourceClaimName);
    for (const claim of spec.resourceClaims ?? []) add(out.resourceclaims, claim.resourceClaimName);
  }
  return out;
}
