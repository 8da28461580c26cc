import { expect, test } from 'vitest';
import type { Pod } from '../../api/generated/types.ts';
import { podOf } from '../../api/validation/testing/pod-errors.ts';
import { templateWarnings, warningsOfPod } from './pod-warnings.ts';

const container = { name: 'c', image: 'i' };
const annotated = (annotations: Record<string, string>) => ({ metadata: { annotations } });
const items = (...paths: string[]) => paths.map((path) => ({ key: path, path }));
const volume = (source: object) => ({ spec: { volumes: [{ name: 'v', ...source }] } });
const projected = (...sources: object[]) => volume({ projected: { sources } });
const ports = (...list: object[]) => ({ spec: { containers: [{ ...container, ports: list }] } });
const spec = (more: object) => ({ spec: more });
const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

const cases: [object, string[]][] = [
  [{}, []],
  [
    spec({ nodeSelector: { 'beta.kubernetes.io/arch': 'amd64' } }),
    ['spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ],
  [
    spec({
      affinity: {
        nodeAffinity: {
          [hard]: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'Exists' }] }] },
          [soft]: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-1'] }] } }],
        },
      },
    }),
    [
      `spec.affinity.nodeAffinity.${hard}.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead`,
      `spec.affinity.nodeAffinity.${soft}[0].preference.matchExpressions[0].values[0]: -1 is invalid, a valid label must`,
    ],
  ],
  [
    spec({
      affinity: {
        podAffinity: { [hard]: [{ topologyKey: 'z' }] },
        podAntiAffinity: { [soft]: [{ weight: 1, podAffinityTerm: { topologyKey: 'z' } }] },
      },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'ScheduleAnyway' }],
    }),
    [
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
      `spec.affinity.podAffinity.${hard}[0].labelSelector: a null labelSelector results in matching no pod`,
      `spec.affinity.podAntiAffinity.${soft}[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod`,
    ],
  ],
  [
    annotated({ 'scheduler.alpha.kubernetes.io/critical-pod': '' }),
    [
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    ],
  ],
  [
    annotated({
      'seccomp.security.alpha.kubernetes.io/pod': 'x',
      'container.seccomp.security.alpha.kubernetes.io/c': 'x',
      'container.apparmor.security.beta.kubernetes.io/c': 'unconfined',
    }),
    [
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
      'metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ],
  ],
  [
    spec({ imagePullSecrets: [{ name: 'a' }, { name: 'a' }, { name: '' }] }),
    ['spec.imagePullSecrets[1].name: duplicate name "a"', 'spec.imagePullSecrets[2].name: invalid empty name ""'],
  ],
  [spec({ hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] }), ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"']],
  [
    spec({ overhead: { memory: '1m' } }),
    ['spec.overhead[memory]: fractional byte value "1m" is invalid, must be an integer'],
  ],
  [
    spec({ dnsConfig: { nameservers: ['2001:DB8::0'] } }),
    ['spec.dnsConfig.nameservers[0]: IPv6 address "2001:DB8::0" should be in RFC 5952 canonical format ("2001:db8::")'],
  ],
  // Volumes.
  [
    volume({ glusterfs: { endpoints: 'e', path: 'p' } }),
    ['spec.volumes[0].glusterfs: deprecated in v1.25, non-functional in v1.26+'],
  ],
  [
    volume({ gitRepo: { repository: 'r' } }),
    ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
  ],
  // Upstream looks at the beginnings of names, whatever follows.
  [
    volume({ configMap: { name: 'm', items: items('a', 'a/b', 'ab', 'b') } }),
    [
      'volume "v" (ConfigMap "m"): overlapping paths: "a/b" with "a"',
      'volume "v" (ConfigMap "m"): overlapping paths: "ab" with "a"',
    ],
  ],
  [
    volume({ secret: { secretName: 's', items: items('a/b', 'a') } }),
    ['volume "v" (Secret "s"): overlapping paths: "a" with "a/b"'],
  ],
  [
    projected({ serviceAccountToken: { path: 'a' } }, { configMap: { name: 'm', items: items('a') } }),
    ['volume "v" (Projected ConfigMap "m"): overlapping paths: "a" with "a"'],
  ],
  [projected({}), ['volume "v" (Projected) has no sources provided']],
  // Ports.
  [
    ports({ containerPort: 80, hostPort: 80 }, { containerPort: 80 }),
    ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  ],
  [
    ports({ containerPort: 80, hostPort: 80 }, { containerPort: 80, hostPort: 80, hostIP: '1.1.1.1' }),
    ['spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]'],
  ],
  [ports({ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }), []],
  [
    ports({ containerPort: 80, hostIP: '1.1.1.1' }),
    [
      'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.1.1.1}',
    ],
  ],
  [
    spec({
      initContainers: [{ ...container, name: 'i', restartPolicy: 'Always', ports: [{ containerPort: 1 }] }],
      containers: [{ ...container, ports: [{ containerPort: 1 }] }],
    }),
    ['spec.containers[0].ports[0]: duplicate port definition with spec.initContainers[0].ports[0]'],
  ],
];

test.each(cases)('%j', (part, expected) => {
  const texts = warningsOfPod(podOf(part), undefined);
  expect(texts.map((text, i) => (text.startsWith(expected[i] ?? '\0') ? expected[i] : text))).toEqual(expected);
});

test('a template says what a pod does not: that AppArmor annotations are old', () => {
  const template = podOf(annotated({ 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' }));
  const { warnings } = templateWarnings('deployments.apps');
  const deployment = { metadata: { name: 'd' }, spec: { template } } as never;
  expect(warnings?.(deployment, undefined)).toEqual([
    'spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead',
  ]);
});

test('an update is looked at for addresses only', () => {
  const unwise = podOf({ spec: { terminationGracePeriodSeconds: -1 } });
  const later: Pod = { ...unwise, status: { ...unwise.status, podIPs: [{ ip: '::0' }], hostIPs: [{ ip: '1.2.3.4' }] } };
  expect(warningsOfPod(unwise, unwise)).toEqual([]);
  expect(warningsOfPod(later, unwise)).toEqual([
    'status.podIPs[0].ip: IPv6 address "::0" should be in RFC 5952 canonical format ("::")',
  ]);
});
