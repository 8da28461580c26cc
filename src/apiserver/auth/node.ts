// The node authorizer: a kubelet sees of Secrets, ConfigMaps and the like only what pods bound to its node use (plugin/pkg/auth/authorizer/node).

import { parseFieldSelector } from '../../api/fields.ts';
import type { PersistentVolume, Pod } from '../../api/generated/types.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { AuthorizationAttributes, Authorizer, Verdict } from './authorizer.ts';
import { nodeRules } from './default-roles.ts';
import { rule } from './role-notation.ts';
import { ruleAllows } from './rules.ts';

const podPrefix = '/registry/pods/';
const volumePrefix = '/registry/persistentvolumes/';
// What upstream's authorizer allows by the node, beyond the rules of the role.
const rules = [...nodeRules, rule('create,get,list,patch,update,delete,watch | resource.k8s.io | resourceslices')];
const allow: Verdict = { decision: 'allow', reason: '' };
const none = (reason: string): Verdict => ({ decision: 'none', reason });

interface References {
  pods: Set<string>;
  persistentvolumes: Set<string>;
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
    const volumes = cache.collection(volumePrefix);
    const stamp = `${cache.fills} ${pods.changes} ${volumes.changes}`;
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
        volumes.list(volumePrefix).map(({ object }) => object as unknown as PersistentVolume),
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
      if (!rules.some((rule) => ruleAllows(rule, attributes))) return none('');
      return restricted(attributes, node, referencesOf);
    },
  };
}

function restricted(
  attributes: AuthorizationAttributes,
  node: string,
  referencesOf: (node: string) => References | undefined,
): Verdict {
  const { isResource, group, resource, subresource, verb, namespace, name } = attributes;
  if (!isResource) return allow;
  const related = (kind: keyof References): Verdict => {
    if (name === '') return none('No Object name found');
    return referencesOf(node)?.[kind].has(namespace ? `${namespace}/${name}` : name)
      ? allow
      : none(`no relationship found between node '${node}' and this object`);
  };
  switch (group === '' ? resource : `${resource}.${group}`) {
    case 'secrets':
    case 'configmaps':
      return related(resource as 'secrets' | 'configmaps');
    case 'persistentvolumeclaims':
    case 'persistentvolumes':
      return related(resource as 'persistentvolumeclaims' | 'persistentvolumes');
    case 'serviceaccounts':
      return subresource === 'token' || verb === 'get' ? related('serviceaccounts') : none('');
    case 'resourceclaims.resource.k8s.io':
      return related('resourceclaims');
    case 'nodes':
      if (name !== '' && name !== node && verb !== 'get')
        return none(`node '${node}' cannot ${verb} node '${name}', only its own Node object`);
      return allow;
    case 'pods':
      if (subresource !== '') return allow;
      if (verb === 'get') return related('pods');
      if (verb !== 'list' && verb !== 'watch') return allow;
      return selectsNode(attributes.fieldSelector, node)
        ? allow
        : none('can only list/watch pods with spec.nodeName field selector');
    case 'leases.coordination.k8s.io':
      if (namespace !== 'kube-node-lease')
        return none(`can only access leases in the "kube-node-lease" system namespace`);
      if (verb !== 'create' && name !== node)
        return none('can only access node lease with the same name as the requesting node');
      return allow;
    case 'csinodes.storage.k8s.io':
      if (verb !== 'create' && name !== node)
        return none('can only access CSINode with the same name as the requesting node');
      return allow;
    default:
      return allow;
  }
}

function selectsNode(selector: string | undefined, node: string): boolean {
  try {
    return parseFieldSelector(selector ?? '').some(
      ({ field, operator, value }) => field === 'spec.nodeName' && operator !== '!=' && value === node,
    );
  } catch {
    return false;
  }
}

function collect(pods: readonly Pod[], volumes: readonly PersistentVolume[]): References {
  const out: References = {
    pods: new Set(),
    persistentvolumes: new Set(),
    secrets: new Set(),
    configmaps: new Set(),
    persistentvolumeclaims: new Set(),
    serviceaccounts: new Set(),
    resourceclaims: new Set(),
  };
  for (const { spec, metadata, status } of pods) {
    const add = (set: Set<string>, name: string | undefined) => name && set.add(`${metadata.namespace}/${name}`);
    add(out.pods, metadata.name);
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
  for (const { metadata, spec } of volumes) {
    const { claimRef, csi } = spec;
    if (!claimRef || !out.persistentvolumeclaims.has(`${claimRef.namespace}/${claimRef.name}`)) continue;
    out.persistentvolumes.add(metadata.name);
    for (const reference of [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef])
      if (reference) out.secrets.add(`${reference.namespace}/${reference.name}`);
  }
  return out;
}
