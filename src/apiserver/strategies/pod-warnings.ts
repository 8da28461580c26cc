// What is accepted in a pod and yet unwise: texts for Warning headers (pkg/api/pod/warnings.go, pkg/api/node/util.go).

import { type FieldPath, path } from '../../api/field-error.ts';
import type {
  NodeSelectorTerm,
  ObjectMeta,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
} from '../../api/generated/types.ts';
import { isDns1123Label, isValidLabelValue } from '../../api/names.ts';
import { ipWarnings } from '../../api/validation/ip.ts';
import { deepEqual } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import { deprecatedNodeLabels } from './node-labels.ts';
import { containersWarnings, fractionWarnings } from './pod-container-warnings.ts';
import { volumeWarnings } from './pod-volume-warnings.ts';

type Warn = (at: FieldPath, text: string) => void;

const deprecatedAnnotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const matchesNothing = 'a null labelSelector results in matching no pod';
const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Values that no label can have are refused where a node must match, and only remarked on where it should. */
function nodeTermWarnings(warn: Warn, term: NodeSelectorTerm, at: FieldPath, checkValues: boolean): void {
  for (const [i, { key, values = [] }] of (term.matchExpressions ?? []).entries()) {
    const where = at.child('matchExpressions').index(i);
    const text = deprecatedNodeLabels[key];
    if (text) warn(where.child('key'), `${key} is ${text}`);
    if (checkValues)
      for (const [j, value] of values.entries())
        for (const message of isValidLabelValue(value))
          warn(where.child('values').index(j), `${value} is invalid, ${message}`);
  }
}

function placementWarnings(warn: Warn, spec: PodSpec, at: FieldPath): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = deprecatedNodeLabels[key];
    if (text) warn(at.child('nodeSelector').key(key), text);
  }
  const node = spec.affinity?.nodeAffinity;
  const nodeAt = at.child('affinity', 'nodeAffinity');
  for (const [i, term] of (node?.[hard]?.nodeSelectorTerms ?? []).entries())
    nodeTermWarnings(warn, term, nodeAt.child(hard, 'nodeSelectorTerms').index(i), false);
  for (const [i, { preference }] of (node?.[soft] ?? []).entries())
    nodeTermWarnings(warn, preference, nodeAt.child(soft).index(i).child('preference'), true);
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const where = at.child('topologySpreadConstraints').index(i);
    const text = deprecatedNodeLabels[topologyKey];
    if (text) warn(where.child('topologyKey'), `${topologyKey} is ${text}`);
    if (!labelSelector) warn(where.child('labelSelector'), matchesNothing);
  }
}

function affinityWarnings(warn: Warn, { affinity }: PodSpec, at: FieldPath): void {
  const look = (term: PodAffinityTerm | undefined, where: FieldPath) => {
    if (!term?.labelSelector) warn(where.child('labelSelector'), matchesNothing);
  };
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const where = at.child('affinity', kind);
    for (const [i, term] of (affinity?.[kind]?.[hard] ?? []).entries()) look(term, where.child(hard).index(i));
    for (const [i, { podAffinityTerm }] of (affinity?.[kind]?.[soft] ?? []).entries())
      look(podAffinityTerm, where.child(soft).index(i).child('podAffinityTerm'));
  }
}

function listWarnings(warn: Warn, { hostAliases = [], imagePullSecrets = [] }: PodSpec, at: FieldPath): void {
  const addresses = new Set<string>();
  for (const [i, { ip }] of hostAliases.entries()) {
    if (addresses.has(ip)) warn(at.child('hostAliases').index(i).child('ip'), `duplicate ip ${JSON.stringify(ip)}`);
    addresses.add(ip);
  }
  const secrets = new Set<string>();
  for (const [i, { name = '' }] of imagePullSecrets.entries()) {
    if (secrets.has(name))
      warn(at.child('imagePullSecrets').index(i).child('name'), `duplicate name ${JSON.stringify(name)}`);
    secrets.add(name);
  }
  for (const [i, { name }] of imagePullSecrets.entries())
    if (!name) warn(at.child('imagePullSecrets').index(i).child('name'), 'invalid empty name ""');
}

/** Warnings about a pod or a pod template at `at` (the root for a pod). */
function podWarnings(
  metadata: Partial<ObjectMeta> | undefined,
  spec: PodSpec | undefined,
  at: FieldPath,
  isTemplate: boolean,
): string[] {
  if (!spec) return [];
  const out: string[] = [];
  const warn: Warn = (where, text) => out.push(`${where}: ${text}`);
  const within = at.child('spec');
  const annotations = metadata?.annotations ?? {};
  const annotationsAt = at.child('metadata', 'annotations');
  placementWarnings(warn, spec, within);
  for (const [key, text] of Object.entries(deprecatedAnnotations))
    if (annotations[key] !== undefined) warn(annotationsAt.key(key), text);
  if (spec.volumes) volumeWarnings((text) => out.push(text), spec.volumes, within.child('volumes'));
  listWarnings(warn, spec, within);
  for (const name of ['memory', 'ephemeral-storage'])
    fractionWarnings(warn, spec.overhead, name, within.child('overhead'));
  if (!spec.securityContext?.seccompProfile && annotations[podSeccomp] !== undefined)
    warn(annotationsAt.key(podSeccomp), 'non-functional in v1.27+; use the "seccompProfile" field instead');
  containersWarnings(warn, spec, annotations, at, isTemplate);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    warn(
      within.child('terminationGracePeriodSeconds'),
      'must be >= 0; negative values are invalid and will be treated as 1',
    );
  affinityWarnings(warn, spec, within);
  for (const [i, server] of (spec.dnsConfig?.nameservers ?? []).entries())
    out.push(...ipWarnings(within.child('dnsConfig', 'nameservers').index(i), server));
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries())
    out.push(...ipWarnings(within.child('hostAliases').index(i).child('ip'), ip));
  return out;
}

/** A name becomes, or becomes part of, the hostnames of pods. */
function hostnameWarnings({ name }: ObjectMeta, use: string): string[] {
  const messages = name ? isDns1123Label(name) : [];
  if (messages.length === 0) return [];
  return [
    `${path('metadata', 'name')}: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`,
  ];
}

/** New pods are looked at as a whole, changed ones for the addresses in their status. */
export function warningsOfPod(pod: Pod, old: Pod | undefined): string[] {
  const { metadata, spec, status } = pod;
  if (!old) return [...hostnameWarnings(metadata, "the Pod's hostname"), ...podWarnings(metadata, spec, path(), false)];
  if (deepEqual(status, old.status)) return [];
  return (['podIPs', 'hostIPs'] as const).flatMap((list) =>
    (status?.[list] ?? []).flatMap(({ ip }, i) => ipWarnings(path('status', list).index(i).child('ip'), ip ?? '')),
  );
}

// Where kinds that make pods keep their template.
const templates: Record<string, string[]> = {
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

/** Whether a kind has a pod template, by "plural.group". */
export const makesPods = (resource: string): boolean => templates[resource] !== undefined;

/** The template of a kind that makes pods, by "plural.group". */
export function templateOf(resource: string, object: unknown): PodTemplateSpec | undefined {
  let template = object;
  for (const field of templates[resource] ?? []) template = (template as Record<string, unknown> | undefined)?.[field];
  return template as PodTemplateSpec | undefined;
}

/** The warnings of a kind that makes pods, by "plural.group": on creation, and when an update changes more than metadata and status. */
export function templateWarnings(resource: string): Pick<Strategy, 'warnings'> {
  const fields = templates[resource];
  if (!fields) return {};
  return {
    warnings(object, old) {
      if (old && deepEqual(object['spec'], old['spec']) && deepEqual(object['template'], old['template'])) return [];
      const { metadata, spec } = templateOf(resource, object) ?? {};
      return [
        ...(old || unnamed.has(resource) ? [] : hostnameWarnings(object.metadata, 'Pod names and hostnames')),
        ...podWarnings(metadata, spec, path(...fields), true),
      ];
    },
  };
}
