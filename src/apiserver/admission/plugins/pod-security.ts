// PodSecurity: the Pod Security Standards, by labels on the namespace: enforce refuses, audit notes, warn warns (pod-security-admission).

import type { Container, Namespace, Pod, PodSpec } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';

type Level = 'privileged' | 'baseline' | 'restricted';
const labelPrefix = 'pod-security.kubernetes.io/';

// Where the pod template of each workload is.
const templates: Record<string, string[]> = {
  replicationcontrollers: ['spec', 'template'],
  podtemplates: ['template'],
  'deployments.apps': ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};

export function podSecurity(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    async validate({ operation, resource, subresource, namespace, object, context }) {
      if (!object || operation === 'DELETE' || (subresource !== '' && subresource !== 'ephemeralcontainers')) return;
      const key = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
      const isPod = key === 'pods';
      const path = templates[key];
      if (!isPod && !path) return;
      const found = await catalog.registry('', 'namespaces').lookUp('', namespace);
      const labels = (found?.object as unknown as Namespace | undefined)?.metadata.labels ?? {};
      const level = (mode: string): Level => {
        const value = labels[labelPrefix + mode];
        return value === 'baseline' || value === 'restricted' ? value : 'privileged';
      };
      if (level('enforce') === 'privileged' && level('warn') === 'privileged') return;
      let pod: unknown = object;
      for (const field of path ?? []) pod = (pod as Record<string, unknown> | undefined)?.[field];
      const spec = (pod as Pod | undefined)?.spec;
      if (!spec) return;
      const versionOf = (mode: string) => labels[`${labelPrefix}${mode}-version`] ?? 'latest';
      if (isPod) {
        const wrong = violations(level('enforce'), spec);
        if (wrong.length > 0)
          throw newForbidden(
            resource.groupResource,
            object.metadata.name,
            `violates PodSecurity "${level('enforce')}:${versionOf('enforce')}": ${wrong.join(', ')}`,
          );
      }
      const warnings = violations(level('warn'), spec);
      if (warnings.length > 0)
        context.warnings.add(
          `would violate PodSecurity "${level('warn')}:${versionOf('warn')}": ${warnings.join(', ')}`,
        );
    },
  };
}

type Check = (spec: PodSpec, containers: Container[]) => string | undefined;

const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
const named = (list: readonly Container[]) =>
  `${list.length === 1 ? 'container' : 'containers'} ${quoted(list.map(({ name }) => name))}`;

const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]);
const baselineCapabilities = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
  'image',
]);

const baseline: Check[] = [
  (spec) => {
    const on = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
    return on.length > 0 ? `host namespaces (${on.map((field) => `${field}=true`).join(', ')})` : undefined;
  },
  (_spec, containers) => {
    const bad = containers.filter(({ securityContext }) => securityContext?.privileged);
    return bad.length > 0 ? `privileged (${named(bad)} must not set securityContext.privileged=true)` : undefined;
  },
  (_spec, containers) => {
    const bad = containers.filter(({ securityContext }) =>
      securityContext?.capabilities?.add?.some((name) => !baselineCapabilities.has(name)),
    );
    const names = [
      ...new Set(
        bad
          .flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
          .filter((name) => !baselineCapabilities.has(name)),
      ),
    ].sort();
    return bad.length > 0
      ? `non-default capabilities (${named(bad)} must not include ${quoted(names)} in securityContext.capabilities.add)`
      : undefined;
  },
  (spec) => {
    const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
    return bad.length > 0 ? `hostPath volumes (${bad.length === 1 ? 'volume' : 'volumes'} ${quoted(bad)})` : undefined;
  },
  (_spec, containers) => {
    const bad = containers.filter(({ ports }) => ports?.some(({ hostPort }) => hostPort));
    const ports = [
      ...new Set(bad.flatMap(({ ports: list }) => list ?? []).flatMap(({ hostPort }) => (hostPort ? [hostPort] : []))),
    ].sort((a, b) => a - b);
    return bad.length > 0
      ? `hostPort (${named(bad)} ${bad.length === 1 ? 'uses' : 'use'} ${ports.length === 1 ? 'hostPort' : 'hostPorts'} ${ports.join(', ')})`
      : undefined;
  },
  (_spec, containers) => {
    const bad = containers.filter(
      ({ securityContext }) => securityContext?.procMount && securityContext.procMount !== 'Default',
    );
    return bad.length > 0
      ? `procMount (${named(bad)} must not set securityContext.procMount to "Unmasked")`
      : undefined;
  },
  (spec, containers) => {
    const type = (context: { seccompProfile?: { type: string } } | undefined) =>
      context?.seccompProfile?.type === 'Unconfined';
    const bad = containers.filter(({ securityContext }) => type(securityContext));
    const parts = [...(type(spec.securityContext) ? ['pod'] : []), ...(bad.length > 0 ? [named(bad)] : [])];
    return parts.length > 0
      ? `seccompProfile (${parts.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined")`
      : undefined;
  },
  (spec) => {
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safeSysctls.has(name));
    return bad.length > 0 ? `forbidden sysctls (${bad.join(', ')})` : undefined;
  },
];

const restricted: Check[] = [
  (spec) => {
    const bad = (spec.volumes ?? []).filter(
      (volume) => !Object.keys(volume).some((field) => allowedVolumes.has(field)),
    );
    const types = [
      ...new Set(bad.map((volume) => Object.keys(volume).find((field) => field !== 'name') ?? 'unknown')),
    ].sort();
    const names = bad.map(({ name }) => name);
    return bad.length > 0
      ? `restricted volume types (${names.length === 1 ? 'volume' : 'volumes'} ${quoted(names)} ${names.length === 1 ? 'uses' : 'use'} restricted volume ${types.length === 1 ? 'type' : 'types'} ${quoted(types)})`
      : undefined;
  },
  (_spec, containers) => {
    const bad = containers.filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
    return bad.length > 0
      ? `allowPrivilegeEscalation != false (${named(bad)} must set securityContext.allowPrivilegeEscalation=false)`
      : undefined;
  },
  (_spec, containers) => {
    const undropped = containers.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
    const added = containers.filter(({ securityContext }) =>
      securityContext?.capabilities?.add?.some((name) => name !== 'NET_BIND_SERVICE'),
    );
    const names = [
      ...new Set(
        added
          .flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
          .filter((name) => name !== 'NET_BIND_SERVICE'),
      ),
    ].sort();
    const parts = [
      ...(undropped.length > 0 ? [`${named(undropped)} must set securityContext.capabilities.drop=["ALL"]`] : []),
      ...(added.length > 0
        ? [`${named(added)} must not include ${quoted(names)} in securityContext.capabilities.add`]
        : []),
    ];
    return parts.length > 0 ? `unrestricted capabilities (${parts.join('; ')})` : undefined;
  },
  (spec, containers) => {
    const whole = spec.securityContext?.runAsNonRoot;
    const explicit = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false);
    const silent = containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
    if (explicit.length > 0)
      return `runAsNonRoot != true (${named(explicit)} must not set securityContext.runAsNonRoot=false)`;
    if (silent.length > 0 && whole !== true)
      return `runAsNonRoot != true (pod or ${named(silent)} must set securityContext.runAsNonRoot=true)`;
    return undefined;
  },
  (spec, containers) => {
    const bad = containers.filter(({ securityContext }) => securityContext?.runAsUser === 0);
    const parts = [...(spec.securityContext?.runAsUser === 0 ? ['pod'] : []), ...(bad.length > 0 ? [named(bad)] : [])];
    return parts.length > 0 ? `runAsUser=0 (${parts.join(' and ')} must not set runAsUser=0)` : undefined;
  },
  (spec, containers) => {
    const good = (type: string | undefined) => type === 'RuntimeDefault' || type === 'Localhost';
    const bad = containers.filter(
      ({ securityContext }) =>
        !good(securityContext?.seccompProfile?.type ?? spec.securityContext?.seccompProfile?.type),
    );
    return bad.length > 0
      ? `seccompProfile (pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`
      : undefined;
  },
];

/** What a pod does that its level does not allow, in upstream's words. */
export function violations(level: Level, spec: PodSpec): string[] {
  if (level === 'privileged') return [];
  const containers = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ] as Container[];
  const checks = level === 'restricted' ? [...baseline, ...restricted] : baseline;
  return checks.flatMap((check) => check(spec, containers) ?? []);
}
