// Validation of services, nodes, configuration, storage and network policy (the validation.go of each API group).

import {
  duplicate,
  type FieldErrorList,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooLong,
} from '../../field-error.ts';
import type {
  ConfigMap,
  EndpointSlice,
  Ingress,
  IngressBackend,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Secret,
  Service,
  StorageClass,
} from '../../generated/types.ts';
import {
  isConfigMapKey,
  isDns1123Label,
  isDns1123Subdomain,
  isIp,
  isQualifiedName,
  isValidCidr,
  isValidIp,
  isValidPortName,
  isValidPortNum,
  isWildcardDns1123Subdomain,
} from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { compareQuantity } from '../../quantity.ts';
import {
  check,
  immutable,
  oneOf,
  requiredOneOf,
  specPath,
  unique,
  validateLabelSelector,
  validateLabels,
} from '../common.ts';

export function validateService({ spec }: Service): FieldErrorList {
  const errors: FieldErrorList = [];
  const ports = spec.ports ?? [];
  const headless = spec.clusterIP === 'None';
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') errors.push(required(specPath.child('ports')));
  if (spec.type === 'LoadBalancer' && headless)
    errors.push(
      invalid(specPath.child('clusterIPs').index(0), 'None', "may not be set to 'None' for LoadBalancer services"),
    );
  if (spec.type === 'NodePort' && headless)
    errors.push(
      invalid(specPath.child('clusterIPs').index(0), 'None', "may not be set to 'None' for NodePort services"),
    );
  if (spec.type === 'ExternalName') {
    if (spec.clusterIP)
      errors.push(forbidden(specPath.child('clusterIPs'), "may not be set when `type` is 'ExternalName'"));
    const name = (spec.externalName ?? '').replace(/\.$/, '');
    if (name) check(errors, specPath.child('externalName'), name, isDns1123Subdomain);
    else errors.push(required(specPath.child('externalName')));
  }
  const names = new Set<string>();
  const used = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = specPath.child('ports').index(i);
    if (!port.name) {
      if (ports.length > 1) errors.push(required(at.child('name')));
    } else {
      check(errors, at.child('name'), port.name, isDns1123Label);
      unique(errors, names, at.child('name'), port.name);
    }
    for (const message of isValidPortNum(port.port)) errors.push(invalid(at.child('port'), port.port, message));
    requiredOneOf(errors, at.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']);
    if (typeof port.targetPort === 'number')
      for (const message of isValidPortNum(port.targetPort))
        errors.push(invalid(at.child('targetPort'), port.targetPort, message));
    else if (typeof port.targetPort === 'string')
      check(errors, at.child('targetPort'), port.targetPort, isValidPortName);
    if (port.nodePort && (spec.type === 'ClusterIP' || spec.type === 'ExternalName'))
      errors.push(forbidden(at.child('nodePort'), `may not be used when \`type\` is '${spec.type}'`));
    const key = `${port.protocol}/${port.port}`;
    if (used.has(key)) errors.push(duplicate(at, { protocol: port.protocol, port: port.port }));
    used.add(key);
  }
  validateLabels(errors, spec.selector, specPath.child('selector'));
  requiredOneOf(errors, specPath.child('sessionAffinity'), spec.sessionAffinity, ['ClientIP', 'None']);
  requiredOneOf(errors, specPath.child('type'), spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  if (spec.clusterIP && !headless) check(errors, specPath.child('clusterIPs').index(0), spec.clusterIP, isValidIp);
  for (const [i, ip] of (spec.externalIPs ?? []).entries())
    check(errors, specPath.child('externalIPs').index(i), ip, isValidIp);
  oneOf(errors, specPath.child('externalTrafficPolicy'), spec.externalTrafficPolicy || undefined, ['Cluster', 'Local']);
  oneOf(errors, specPath.child('internalTrafficPolicy'), spec.internalTrafficPolicy, ['Cluster', 'Local']);
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (timeout !== undefined && (timeout <= 0 || timeout > 86400))
    errors.push(
      invalid(
        specPath.child('sessionAffinityConfig', 'clientIP', 'timeoutSeconds'),
        timeout,
        'must be greater than 0 and less than 86400',
      ),
    );
  return errors;
}

export function validateServiceUpdate(service: Service, old: Service): FieldErrorList {
  const errors: FieldErrorList = [];
  const [before, after] = [old.spec.clusterIP, service.spec.clusterIP];
  if (old.spec.type !== 'ExternalName' && service.spec.type !== 'ExternalName' && before && after !== before)
    errors.push(
      invalid(specPath.child('clusterIPs').index(0), service.spec.clusterIPs ?? [after], 'may not change once set'),
    );
  return errors;
}

const maxDataSize = 1024 * 1024;

export function validateConfigMap(map: ConfigMap): FieldErrorList {
  const errors: FieldErrorList = [];
  let size = 0;
  for (const [name, data] of [
    ['data', map.data ?? {}],
    ['binaryData', map.binaryData ?? {}],
  ] as const)
    for (const [key, value] of Object.entries(data)) {
      check(errors, path(name).key(key), key, isConfigMapKey);
      if (name === 'data' && Object.hasOwn(map.binaryData ?? {}, key))
        errors.push(invalid(path('data').key(key), key, 'duplicate of key present in binaryData'));
      size += value.length;
    }
  if (size > maxDataSize) errors.push(tooLong(path(), maxDataSize));
  return errors;
}

export function validateConfigMapUpdate(map: ConfigMap, old: ConfigMap): FieldErrorList {
  const errors: FieldErrorList = [];
  if (!old.immutable) return errors;
  const message = 'field is immutable when `immutable` is set';
  if (!map.immutable) errors.push(forbidden(path('immutable'), message));
  for (const name of ['data', 'binaryData'] as const)
    if (!equalJson(map[name] ?? {}, old[name] ?? {})) errors.push(forbidden(path(name), message));
  return errors;
}

const secretKeys: Record<string, string[]> = {
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

export function validateSecret(secret: Secret): FieldErrorList {
  const errors: FieldErrorList = [];
  const data = secret.data ?? {};
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    check(errors, path('data').key(key), key, isConfigMapKey);
    size += (value.length * 3) / 4;
  }
  if (size > maxDataSize) errors.push(tooLong(path('data'), maxDataSize));
  for (const key of secretKeys[secret.type ?? ''] ?? [])
    if (!Object.hasOwn(data, key)) errors.push(required(path('data').key(key)));
  if (secret.type === 'kubernetes.io/basic-auth' && !data['username'] && !data['password'])
    errors.push(required(path('data[%username]')), required(path('data[%password]')));
  if (
    secret.type === 'kubernetes.io/service-account-token' &&
    !secret.metadata?.annotations?.['kubernetes.io/service-account.name']
  )
    errors.push(required(path('metadata').child('annotations').key('kubernetes.io/service-account.name')));
  return errors;
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, path('type'), secret.type, old.type);
  if (!old.immutable) return errors;
  if (!secret.immutable) errors.push(forbidden(path('immutable'), 'field is immutable when `immutable` is set'));
  if (!equalJson(secret.data ?? {}, old.data ?? {}))
    errors.push(forbidden(path('data'), 'field is immutable when `immutable` is set'));
  return errors;
}

export function validateNode({ spec }: Node): FieldErrorList {
  const errors: FieldErrorList = [];
  const seen = new Set<string>();
  for (const [i, taint] of (spec.taints ?? []).entries()) {
    const at = specPath.child('taints').index(i);
    check(errors, at.child('key'), taint.key, isQualifiedName);
    requiredOneOf(errors, at.child('effect'), taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) errors.push(duplicate(at, taint));
    seen.add(key);
  }
  for (const [i, cidr] of (spec.podCIDRs ?? []).entries())
    check(errors, specPath.child('podCIDRs').index(i), cidr, isValidCidr);
  return errors;
}

export function validateNodeUpdate(node: Node, old: Node): FieldErrorList {
  const errors: FieldErrorList = [];
  if (old.spec.podCIDR && node.spec.podCIDR !== old.spec.podCIDR)
    errors.push(forbidden(specPath.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID)
    errors.push(
      forbidden(specPath.child('providerID'), 'node updates may not change providerID except from "" to valid'),
    );
  return errors;
}

export function validateEndpointSlice(slice: EndpointSlice): FieldErrorList {
  const errors: FieldErrorList = [];
  requiredOneOf(errors, path('addressType'), slice.addressType, ['FQDN', 'IPv4', 'IPv6']);
  for (const [i, endpoint] of (slice.endpoints ?? []).entries()) {
    const at = path('endpoints').index(i).child('addresses');
    if ((endpoint.addresses ?? []).length === 0) errors.push(required(at, 'must contain at least 1 address'));
    for (const [j, address] of (endpoint.addresses ?? []).entries())
      if (slice.addressType !== 'FQDN' && !isIp(address))
        errors.push(invalid(at.index(j), address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
  }
  const names = new Set<string>();
  for (const [i, port] of (slice.ports ?? []).entries()) {
    if (port.name) check(errors, path('ports').index(i).child('name'), port.name, isDns1123Label);
    unique(errors, names, path('ports').index(i).child('name'), port.name ?? '');
    oneOf(errors, path('ports').index(i).child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']);
  }
  return errors;
}

export const validateEndpointSliceUpdate = (slice: EndpointSlice, old: EndpointSlice): FieldErrorList => {
  const errors: FieldErrorList = [];
  immutable(errors, path('addressType'), slice.addressType, old.addressType);
  return errors;
};

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

export function validateClaim({ spec }: PersistentVolumeClaim): FieldErrorList {
  const errors: FieldErrorList = [];
  if ((spec.accessModes ?? []).length === 0)
    errors.push(required(specPath.child('accessModes'), 'at least 1 access mode is required'));
  for (const mode of spec.accessModes ?? []) oneOf(errors, specPath.child('accessModes'), mode, accessModes);
  const storage = spec.resources?.requests?.['storage'];
  if (storage === undefined) errors.push(required(specPath.child('resources').key('storage')));
  else if (compareQuantity(storage, 0) <= 0)
    errors.push(invalid(specPath.child('resources').key('storage'), storage, 'must be greater than zero'));
  if (spec.storageClassName)
    check(errors, specPath.child('storageClassName'), spec.storageClassName, isDns1123Subdomain);
  oneOf(errors, specPath.child('volumeMode'), spec.volumeMode, ['Block', 'Filesystem']);
  validateLabelSelector(errors, spec.selector, specPath.child('selector'));
  return errors;
}

export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldErrorList {
  const masked = {
    ...claim.spec,
    resources: old.spec.resources,
    volumeAttributesClassName: old.spec.volumeAttributesClassName,
  };
  if (!old.spec.volumeName) Object.assign(masked, { volumeName: undefined });
  if (old.spec.storageClassName === undefined) Object.assign(masked, { storageClassName: undefined });
  const [before, after] = [old.spec, masked].map((spec) => JSON.parse(JSON.stringify(spec)) as unknown);
  return equalJson(before, after)
    ? []
    : [
        forbidden(
          specPath,
          'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
        ),
      ];
}

export function validateVolume({ spec }: PersistentVolume): FieldErrorList {
  const errors: FieldErrorList = [];
  if ((spec.accessModes ?? []).length === 0) errors.push(required(specPath.child('accessModes')));
  for (const mode of spec.accessModes ?? []) oneOf(errors, specPath.child('accessModes'), mode, accessModes);
  if (!spec.capacity?.['storage'])
    errors.push(
      spec.capacity
        ? notSupported(specPath.child('capacity'), spec.capacity, ['storage'])
        : required(specPath.child('capacity')),
    );
  else if (compareQuantity(spec.capacity['storage'], 0) <= 0)
    errors.push(
      invalid(specPath.child('capacity').key('storage'), spec.capacity['storage'], 'must be greater than zero'),
    );
  oneOf(errors, specPath.child('persistentVolumeReclaimPolicy'), spec.persistentVolumeReclaimPolicy, [
    'Delete',
    'Recycle',
    'Retain',
  ]);
  const sources = [
    'hostPath',
    'nfs',
    'csi',
    'local',
    'iscsi',
    'fc',
    'rbd',
    'cephfs',
    'awsElasticBlockStore',
    'gcePersistentDisk',
    'azureDisk',
    'azureFile',
    'cinder',
    'glusterfs',
    'vsphereVolume',
    'flexVolume',
    'portworxVolume',
    'quobyte',
    'scaleIO',
    'storageos',
    'flocker',
    'photonPersistentDisk',
  ];
  const named = sources.filter((name) => spec[name as 'nfs'] !== undefined);
  if (named.length === 0) errors.push(required(specPath, 'must specify a volume type'));
  for (const extra of named.slice(1))
    errors.push(forbidden(specPath.child(extra), 'may not specify more than 1 volume type'));
  if (spec.local && !spec.nodeAffinity)
    errors.push(required(specPath.child('nodeAffinity'), 'Local volume requires node affinity'));
  return errors;
}

export function validateStorageClass(object: StorageClass): FieldErrorList {
  const errors: FieldErrorList = [];
  if (!object.provisioner) errors.push(required(path('provisioner')));
  oneOf(errors, path('reclaimPolicy'), object.reclaimPolicy, ['Delete', 'Retain']);
  oneOf(errors, path('volumeBindingMode'), object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
  return errors;
}

export function validateStorageClassUpdate(object: StorageClass, old: StorageClass): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const name of ['parameters', 'provisioner', 'reclaimPolicy'] as const)
    if (!equalJson(object[name] ?? null, old[name] ?? null))
      errors.push(forbidden(path(name), `updates to ${name} are forbidden.`));
  immutable(errors, path('volumeBindingMode'), object.volumeBindingMode, old.volumeBindingMode);
  return errors;
}

function validateBackend(errors: FieldErrorList, backend: IngressBackend | undefined, at = specPath): void {
  const { service, resource } = backend ?? {};
  if (service && resource) errors.push(invalid(at, '', 'cannot set both resource and service backends'));
  else if (!service && !resource) errors.push(required(at, 'resource or service backend is required'));
  if (!service) return;
  if (!service.name) errors.push(required(at.child('service', 'name')));
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalid(at, '', 'cannot set both port name & port number'));
  else if (!name && !number) errors.push(required(at, 'port name or number is required'));
  if (number)
    for (const message of isValidPortNum(number))
      errors.push(invalid(at.child('service', 'port', 'number'), number, message));
}

export function validateIngress({ spec }: Ingress): FieldErrorList {
  const errors: FieldErrorList = [];
  if ((spec?.rules ?? []).length === 0 && !spec?.defaultBackend)
    errors.push(invalid(specPath, spec?.rules ?? null, 'either `defaultBackend` or `rules` must be specified'));
  if (spec?.defaultBackend) validateBackend(errors, spec.defaultBackend, specPath.child('defaultBackend'));
  for (const [i, rule] of (spec?.rules ?? []).entries()) {
    const at = specPath.child('rules').index(i);
    if (rule.host) {
      if (isIp(rule.host)) errors.push(invalid(at.child('host'), rule.host, 'must be a DNS name, not an IP address'));
      else
        check(
          errors,
          at.child('host'),
          rule.host,
          rule.host.includes('*') ? isWildcardDns1123Subdomain : isDns1123Subdomain,
        );
    }
    if (rule.http && (rule.http.paths ?? []).length === 0) errors.push(required(at.child('http', 'paths')));
    for (const [j, item] of (rule.http?.paths ?? []).entries()) {
      const where = at.child('http', 'paths').index(j);
      if (!item.pathType) errors.push(required(where.child('pathType'), 'pathType must be specified'));
      else if (item.pathType !== 'ImplementationSpecific' && !item.path?.startsWith('/'))
        errors.push(invalid(where.child('path'), item.path ?? '', 'must be an absolute path'));
      oneOf(errors, where.child('pathType'), item.pathType || undefined, ['Exact', 'ImplementationSpecific', 'Prefix']);
      validateBackend(errors, item.backend, where.child('backend'));
    }
  }
  return errors;
}

export function validateNetworkPolicy({ spec }: NetworkPolicy): FieldErrorList {
  const errors: FieldErrorList = [];
  validateLabelSelector(errors, spec?.podSelector, specPath.child('podSelector'));
  for (const [list, rules] of [
    ['ingress', (spec?.ingress ?? []).map((r) => ({ ports: r.ports, peers: r.from, name: 'from' }))],
    ['egress', (spec?.egress ?? []).map((r) => ({ ports: r.ports, peers: r.to, name: 'to' }))],
  ] as const)
    for (const [i, rule] of rules.entries()) {
      const at = specPath.child(list).index(i);
      for (const [j, port] of (rule.ports ?? []).entries()) {
        const where = at.child('ports').index(j);
        oneOf(errors, where.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']);
        if (typeof port.port === 'number')
          for (const message of isValidPortNum(port.port))
            errors.push(invalid(where.child('port'), port.port, message));
      }
      for (const [j, peer] of (rule.peers ?? []).entries()) {
        const where = at.child(rule.name).index(j);
        const count = [peer.podSelector, peer.namespaceSelector, peer.ipBlock].filter(Boolean).length;
        if (count === 0) errors.push(required(where, 'must specify a peer'));
        else if (peer.ipBlock && count > 1)
          errors.push(forbidden(where, 'may not specify both ipBlock and another peer'));
        if (peer.ipBlock) {
          if (!peer.ipBlock.cidr) errors.push(required(where.child('ipBlock', 'cidr')));
          else check(errors, where.child('ipBlock', 'cidr'), peer.ipBlock.cidr, isValidCidr);
        }
      }
    }
  for (const [i, type] of (spec?.policyTypes ?? []).entries())
    oneOf(errors, specPath.child('policyTypes').index(i), type, ['Egress', 'Ingress']);
  return errors;
}
