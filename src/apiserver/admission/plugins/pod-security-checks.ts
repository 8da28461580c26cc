// The checks of the Pod Security Standards, by level and by the Kubernetes version that they came with (pod-security-admission/policy).

import type { Container, ObjectMeta, PodSpec } from '../../../api/generated/types.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** What a pod does that is not allowed: in a word, and in full. */
export interface Violation {
  reason: string;
  detail: string;
}

interface Pod {
  metadata: Partial<ObjectMeta>;
  spec: PodSpec;
  containers: Container[];
  /** Minor version of the policy. */
  minor: number;
}

interface Check {
  id: string;
  /** The first minor version in which it is made. */
  since: number;
  /** The check of the lower level that it takes the place of. */
  overrides?: string;
  check(pod: Pod): [reason: string, detail: string] | undefined;
}

const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
const plural = (word: string, count: number) => (count === 1 ? word : `${word}s`);
const named = (list: readonly Container[]) =>
  `${plural('container', list.length)} ${quoted(list.map(({ name }) => name))}`;
const uses = (list: readonly unknown[]) => (list.length === 1 ? 'uses' : 'use');
const distinct = (values: readonly string[]) => [...new Set(values)].sort();

/** "pod and containers "a", "b"", or undefined when neither. */
function setters(pod: boolean, bad: readonly Container[]): string | undefined {
  const parts = [...(pod ? ['pod'] : []), ...(bad.length > 0 ? [named(bad)] : [])];
  return parts.length > 0 ? parts.join(' and ') : undefined;
}

const windows = ({ spec, minor }: Pod) => minor >= 25 && spec.os?.name === 'windows';
const ownUsers = ({ spec, minor }: Pod) => minor >= 35 && spec.hostUsers === false;

const capabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
const sysctls: [since: number, name: string][] = [
  [0, 'kernel.shm_rmid_forced'],
  [0, 'net.ipv4.ip_local_port_range'],
  [0, 'net.ipv4.tcp_syncookies'],
  [0, 'net.ipv4.ping_group_range'],
  [0, 'net.ipv4.ip_unprivileged_port_start'],
  [27, 'net.ipv4.ip_local_reserved_ports'],
  [29, 'net.ipv4.tcp_keepalive_time'],
  [29, 'net.ipv4.tcp_fin_timeout'],
  [29, 'net.ipv4.tcp_keepalive_intvl'],
  [29, 'net.ipv4.tcp_keepalive_probes'],
  [32, 'net.ipv4.tcp_rmem'],
  [32, 'net.ipv4.tcp_wmem'],
];
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';

function procMount({ containers }: Pod): [string, string] | undefined {
  const bad = containers.filter(({ securityContext: own }) => own?.procMount && own.procMount !== 'Default');
  const types = distinct(bad.map(({ securityContext: own }) => own?.procMount ?? ''));
  return bad.length > 0
    ? ['procMount', `${named(bad)} must not set securityContext.procMount to ${quoted(types)}`]
    : undefined;
}

interface Profile {
  type?: string;
}

/** Who sets a profile that is neither RuntimeDefault nor Localhost, and which. */
function badProfiles({ spec, containers }: Pod, field: 'seccompProfile' | 'appArmorProfile') {
  const typeOf = (context: object | undefined) =>
    (context as Record<string, Profile | undefined> | undefined)?.[field]?.type;
  const isBad = (type: string | undefined): type is string =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost';
  const bad = containers.filter(({ securityContext }) => isBad(typeOf(securityContext)));
  const whole = typeOf(spec.securityContext);
  const types = distinct([whole, ...bad.map(({ securityContext }) => typeOf(securityContext))].filter(isBad));
  const silent = containers.filter(({ securityContext }) => typeOf(securityContext) === undefined);
  return { who: setters(isBad(whole), bad), types, unset: whole === undefined || isBad(whole) ? silent : [] };
}

const hosts = (container: Container): string[] => {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((each) =>
    [each?.httpGet?.host, each?.tcpSocket?.host].filter((host): host is string => Boolean(host)),
  );
};

// In the order of their names, as upstream makes them.
const baseline: Check[] = [
  {
    id: 'appArmorProfile',
    since: 0,
    check(pod) {
      const { who, types } = badProfiles(pod, 'appArmorProfile');
      const notes = Object.entries(pod.metadata.annotations ?? {})
        .filter(
          ([key, value]) =>
            key.startsWith(appArmorPrefix) &&
            value !== '' &&
            value !== 'runtime/default' &&
            !value.startsWith('localhost/'),
        )
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .sort();
      const values = [...types, ...notes];
      const all = [...(who ? [who] : []), ...(notes.length > 0 ? [plural('annotation', notes.length)] : [])];
      return all.length > 0
        ? [
            plural('forbidden AppArmor profile', values.length),
            `${all.join(' and ')} must not set AppArmor profile type to ${values.map((value) => `"${value}"`).join(', ')}`,
          ]
        : undefined;
    },
  },
  {
    id: 'capabilities_baseline',
    since: 0,
    check({ containers }) {
      const extra = ({ securityContext: own }: Container) =>
        (own?.capabilities?.add ?? []).filter((name) => !capabilities.has(name));
      const bad = containers.filter((container) => extra(container).length > 0);
      return bad.length > 0
        ? [
            'non-default capabilities',
            `${named(bad)} must not include ${quoted(distinct(bad.flatMap(extra)))} in securityContext.capabilities.add`,
          ]
        : undefined;
    },
  },
  {
    id: 'hostNamespaces',
    since: 0,
    check({ spec }) {
      const on = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
      return on.length > 0 ? ['host namespaces', on.map((field) => `${field}=true`).join(', ')] : undefined;
    },
  },
  {
    id: 'hostPathVolumes',
    since: 0,
    check({ spec }) {
      const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
      return bad.length > 0 ? ['hostPath volumes', `${plural('volume', bad.length)} ${quoted(bad)}`] : undefined;
    },
  },
  {
    id: 'hostPorts',
    since: 0,
    check({ containers }) {
      const bad = containers.filter(({ ports }) => ports?.some(({ hostPort }) => hostPort));
      const ports = distinct(
        bad.flatMap(({ ports: list = [] }) => list.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))),
      );
      return bad.length > 0
        ? ['hostPort', `${named(bad)} ${uses(bad)} ${plural('hostPort', ports.length)} ${ports.join(', ')}`]
        : undefined;
    },
  },
  {
    id: 'hostProbesAndHostLifecycle',
    since: 34,
    check({ containers }) {
      const bad = containers.filter((container) => hosts(container).length > 0);
      const found = distinct(bad.flatMap(hosts));
      return bad.length > 0
        ? [
            'probe or lifecycle host',
            `${plural('container', bad.length)} ${quoted(distinct(bad.map(({ name }) => name)))} ${uses(bad)} ${plural('probe or lifecycle host', found.length)} ${quoted(found)}`,
          ]
        : undefined;
    },
  },
  {
    id: 'privileged',
    since: 0,
    check({ containers }) {
      const bad = containers.filter(({ securityContext }) => securityContext?.privileged);
      return bad.length > 0 ? ['privileged', `${named(bad)} must not set securityContext.privileged=true`] : undefined;
    },
  },
  { id: 'procMount', since: 0, check: (pod) => (ownUsers(pod) ? undefined : procMount(pod)) },
  {
    id: 'seLinuxOptions',
    since: 0,
    check({ spec, containers, minor }) {
      const allowed = [
        '',
        'container_t',
        'container_init_t',
        'container_kvm_t',
        ...(minor >= 31 ? ['container_engine_t'] : []),
      ];
      const options = (context: { seLinuxOptions?: { type?: string; user?: string; role?: string } } | undefined) =>
        context?.seLinuxOptions ?? {};
      const isBad = ({ type = '', user, role }: ReturnType<typeof options>) =>
        !allowed.includes(type) || Boolean(user) || Boolean(role);
      const bad = containers.filter(({ securityContext }) => isBad(options(securityContext)));
      const all = [options(spec.securityContext), ...bad.map(({ securityContext }) => options(securityContext))];
      const who = setters(isBad(options(spec.securityContext)), bad);
      const types = distinct(all.map(({ type = '' }) => type).filter((type) => !allowed.includes(type)));
      const why = [
        ...(types.length > 0 ? [`${plural('type', types.length)} ${quoted(types)}`] : []),
        ...(all.some(({ user }) => user) ? ['user may not be set'] : []),
        ...(all.some(({ role }) => role) ? ['role may not be set'] : []),
      ];
      return who
        ? ['seLinuxOptions', `${who} set forbidden securityContext.seLinuxOptions: ${why.join('; ')}`]
        : undefined;
    },
  },
  {
    id: 'seccompProfile_baseline',
    since: 19,
    check(pod) {
      const { who, types } = badProfiles(pod, 'seccompProfile');
      return who
        ? ['seccompProfile', `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`]
        : undefined;
    },
  },
  {
    id: 'sysctls',
    since: 0,
    check({ spec, minor }) {
      const safe = new Set(sysctls.filter(([since]) => since <= minor).map(([, name]) => name));
      const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safe.has(name));
      return bad.length > 0 ? ['forbidden sysctls', bad.join(', ')] : undefined;
    },
  },
  {
    id: 'windowsHostProcess',
    since: 0,
    check({ spec, containers }) {
      const bad = containers.filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess);
      const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, bad);
      return who ? ['hostProcess', `${who} must not set securityContext.windowsOptions.hostProcess=true`] : undefined;
    },
  },
];

const allowedVolumes =
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' ');

const restricted: Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: 8,
    check(pod) {
      const bad = pod.containers.filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
      return bad.length > 0 && !windows(pod)
        ? ['allowPrivilegeEscalation != false', `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`]
        : undefined;
    },
  },
  {
    id: 'capabilities_restricted',
    since: 22,
    overrides: 'capabilities_baseline',
    check(pod) {
      if (windows(pod)) return undefined;
      const extra = ({ securityContext: own }: Container) =>
        (own?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
      const kept = pod.containers.filter(({ securityContext: own }) => !own?.capabilities?.drop?.includes('ALL'));
      const added = pod.containers.filter((container) => extra(container).length > 0);
      const parts = [
        ...(kept.length > 0 ? [`${named(kept)} must set securityContext.capabilities.drop=["ALL"]`] : []),
        ...(added.length > 0
          ? [
              `${named(added)} must not include ${quoted(distinct(added.flatMap(extra)))} in securityContext.capabilities.add`,
            ]
          : []),
      ];
      return parts.length > 0 ? ['unrestricted capabilities', parts.join('; ')] : undefined;
    },
  },
  { id: 'procMount_restricted', since: 35, overrides: 'procMount', check: procMount },
  {
    id: 'restrictedVolumes',
    since: 0,
    overrides: 'hostPathVolumes',
    check({ spec }) {
      const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.some((field) => field in volume));
      const types = distinct(bad.map((volume) => Object.keys(volume).find((field) => field !== 'name') ?? 'unknown'));
      return bad.length > 0
        ? [
            'restricted volume types',
            `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))} ${uses(bad)} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
          ]
        : undefined;
    },
  },
  {
    id: 'runAsNonRoot',
    since: 0,
    check(pod) {
      if (ownUsers(pod)) return undefined;
      const whole = pod.spec.securityContext?.runAsNonRoot;
      const explicit = pod.containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === false);
      const silent = pod.containers.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
      const who = setters(whole === false, explicit);
      if (who) return ['runAsNonRoot != true', `${who} must not set securityContext.runAsNonRoot=false`];
      return silent.length > 0 && whole !== true
        ? ['runAsNonRoot != true', `pod or ${named(silent)} must set securityContext.runAsNonRoot=true`]
        : undefined;
    },
  },
  {
    id: 'runAsUser',
    since: 23,
    check(pod) {
      if (ownUsers(pod)) return undefined;
      const bad = pod.containers.filter(({ securityContext }) => securityContext?.runAsUser === 0);
      const who = setters(pod.spec.securityContext?.runAsUser === 0, bad);
      return who ? ['runAsUser=0', `${who} must not set runAsUser=0`] : undefined;
    },
  },
  {
    id: 'seccompProfile_restricted',
    since: 19,
    overrides: 'seccompProfile_baseline',
    check(pod) {
      if (windows(pod)) return undefined;
      const { who, types, unset } = badProfiles(pod, 'seccompProfile');
      if (who) return ['seccompProfile', `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`];
      return unset.length > 0
        ? [
            'seccompProfile',
            `pod or ${named(unset)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
          ]
        : undefined;
    },
  },
];

/** What a pod does that its level does not allow, in upstream's words and order. `version` is "latest" or "v1.25". */
export function violations(level: Level, version: string, metadata: Partial<ObjectMeta>, spec: PodSpec): Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? 36 : Number(/^v1\.(\d+)$/.exec(version)?.[1] ?? 36);
  const containers = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ] as Container[];
  const pod: Pod = { metadata, spec, containers, minor };
  const upper = level === 'restricted' ? restricted.filter(({ since }) => since <= minor) : [];
  const overridden = new Set(upper.map(({ overrides }) => overrides));
  const lower = baseline.filter(({ id, since }) => since <= minor && !overridden.has(id));
  return [...lower, ...upper].flatMap(({ check }) => {
    const found = check(pod);
    return found ? [{ reason: found[0], detail: `${found[0]} (${found[1]})` }] : [];
  });
}
