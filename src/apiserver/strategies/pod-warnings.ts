// What is accepted in a pod and yet unwise: texts for Warning headers (pkg/api/pod/warnings.go, pkg/api/persistentvolume/util).

import { type FieldPath, path } from '../../api/field-error.ts';
import type { Container, EnvVar, ObjectMeta, PodSpec, PodTemplateSpec, Volume } from '../../api/generated/types.ts';
import { isDns1123Label } from '../../api/names.ts';
import { quantityMilliValue, tryParseQuantity } from '../../api/quantity.ts';
import { deepEqual } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';

const deprecatedNodeLabels: Record<string, string> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
};

const deprecatedVolumes: Partial<Record<keyof Volume, string>> = {
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

const deprecatedAnnotations: Record<string, string> = {
  'seccomp.security.alpha.kubernetes.io/pod': 'non-functional in v1.27+; use the "seccompProfile" field instead',
};

/** Warnings about a pod or a pod template at `at` (the root for a pod). */
function podWarnings(metadata: Partial<ObjectMeta> | undefined, spec: PodSpec | undefined, at: FieldPath): string[] {
  if (!spec) return [];
  const out: string[] = [];
  const warn = (where: FieldPath, text: string) => out.push(`${where}: ${text}`);
  const within = at.child('spec');
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = deprecatedNodeLabels[key];
    if (text) warn(within.child('nodeSelector').key(key), text);
  }
  for (const key of Object.keys(metadata?.annotations ?? {})) {
    const text =
      deprecatedAnnotations[key] ??
      (key.startsWith('container.seccomp.security.alpha.kubernetes.io/')
        ? 'non-functional in v1.27+; use the "seccompProfile" field instead'
        : undefined);
    if (text) warn(at.child('metadata', 'annotations').key(key), text);
  }
  for (const [i, volume] of (spec.volumes ?? []).entries())
    for (const [source, text] of Object.entries(deprecatedVolumes))
      if (volume[source as keyof Volume]) warn(within.child('volumes').index(i).child(source), text);
  const hosts = new Set<string>();
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (hosts.has(ip)) warn(within.child('hostAliases').index(i).child('ip'), `duplicate ip ${JSON.stringify(ip)}`);
    hosts.add(ip);
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    warn(
      within.child('terminationGracePeriodSeconds'),
      'must be >= 0; negative values are invalid and will be treated as 1',
    );
  for (const list of ['initContainers', 'containers'] as const)
    for (const [i, container] of (spec[list] ?? []).entries())
      containerWarnings(container, within.child(list).index(i), warn);
  return out;
}

function containerWarnings(container: Container, at: FieldPath, warn: (where: FieldPath, text: string) => void): void {
  const variables = new Map<string, EnvVar>();
  for (const [i, variable] of (container.env ?? []).entries()) {
    const earlier = variables.get(variable.name);
    variables.set(variable.name, variable);
    if (!earlier) continue;
    // A later value that refers to the one it hides still needs it.
    const uses = variable.value?.includes(`$(${variable.name})`);
    if (!uses)
      warn(
        at.child('env').index(i),
        `hides previous definition of ${JSON.stringify(variable.name)}, which may be dropped when using apply`,
      );
  }
  const ports = new Map<string, number>();
  for (const [i, { protocol, containerPort, hostPort, name }] of (container.ports ?? []).entries()) {
    const key = `${protocol ?? 'TCP'}/${containerPort}/${hostPort ?? ''}`;
    const first = ports.get(key);
    if (first !== undefined && !name)
      warn(at.child('ports').index(i), `duplicate port definition with ${at.child('ports').index(first)}`);
    if (first === undefined) ports.set(key, i);
  }
  for (const field of ['requests', 'limits'] as const)
    for (const resource of ['memory', 'ephemeral-storage']) {
      const value = container.resources?.[field]?.[resource];
      if (value !== undefined && tryParseQuantity(value) && quantityMilliValue(value) % 1000 !== 0)
        warn(
          at.child('resources', field).key(resource),
          `fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`,
        );
    }
}

/** A workload's name becomes part of its pods' hostnames. */
function hostnameWarnings({ name }: ObjectMeta): string[] {
  const messages = name ? isDns1123Label(name) : [];
  if (messages.length === 0) return [];
  return [
    `${path('metadata', 'name')}: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${messages.join(', ')}]`,
  ];
}

// Where kinds that make pods keep their template.
const templates: Record<string, string[]> = {
  pods: [],
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  'deployments.apps': ['spec', 'template'],
  'replicasets.apps': ['spec', 'template'],
  'statefulsets.apps': ['spec', 'template'],
  'daemonsets.apps': ['spec', 'template'],
  'jobs.batch': ['spec', 'template'],
  'cronjobs.batch': ['spec', 'jobTemplate', 'spec', 'template'],
};
const unnamed = new Set(['podtemplates', 'daemonsets.apps']);

/** The warnings of a kind that is or makes pods, by "plural.group": on creation, and when an update changes more than metadata and status. */
export function templateWarnings(resource: string): Pick<Strategy, 'warnings'> {
  const fields = templates[resource];
  if (!fields) return {};
  return {
    warnings(object, old) {
      if (old && deepEqual(object['spec'], old['spec']) && deepEqual(object['template'], old['template'])) return [];
      let template: unknown = object;
      for (const field of fields) template = (template as Record<string, unknown> | undefined)?.[field];
      const { metadata, spec } = (template ?? {}) as PodTemplateSpec;
      return [
        ...(old || unnamed.has(resource) ? [] : hostnameWarnings(object.metadata)),
        ...podWarnings(metadata, spec, path(...fields)),
      ];
    },
  };
}
