// PodSecurity: the Pod Security Standards, by labels on the namespace: enforce refuses pods, audit notes, warn warns, also of templates
// (pod-security-admission/admission).

import { type FieldErrorList, invalid, path } from '../../../api/field-error.ts';
import type { Namespace, ObjectMeta, Pod, PodSpec } from '../../../api/generated/types.ts';
import { newForbidden, newInvalid } from '../../../api/status.ts';
import { deepEqual } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { namespaceOf } from '../matching.ts';
import { type Level, violations } from './pod-security-checks.ts';

const labelPrefix = 'pod-security.kubernetes.io/';
const levels: readonly string[] = ['privileged', 'baseline', 'restricted'];
const modes = ['enforce', 'audit', 'warn'] as const;
const ignored = ['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'];
const mostPods = 3000;

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

interface Standard {
  level: Level;
  version: string;
}
type Policy = Record<(typeof modes)[number], Standard>;

/** What a namespace's labels ask for. A level that is none counts as restricted, a version that is none as the latest (api.PolicyToEvaluate). */
function policyOf(labels: Readonly<Record<string, string>>): { policy: Policy; errors: FieldErrorList } {
  const errors: FieldErrorList = [];
  const at = path('metadata', 'labels');
  const standard = (mode: string): Standard => {
    const level = labels[labelPrefix + mode];
    const version = labels[`${labelPrefix}${mode}-version`];
    if (level !== undefined && !levels.includes(level))
      errors.push(invalid(at.key(labelPrefix + mode), level, `must be one of ${levels.join(', ')}`));
    const good = version === undefined || version === 'latest' || /^v1\.([0-9]|[1-9][0-9]*)$/.test(version);
    if (!good) errors.push(invalid(at.key(`${labelPrefix}${mode}-version`), version, 'must be "latest" or "v1.x"'));
    const known =
      level === undefined
        ? 'privileged'
        : levels.includes(level)
          ? level
          : mode === 'enforce'
            ? 'restricted'
            : 'privileged';
    return { level: known as Level, version: good ? (version ?? 'latest') : 'latest' };
  };
  const policy = { enforce: standard('enforce'), audit: standard('audit'), warn: standard('warn') };
  // Whoever enforces and does not say otherwise is warned of templates by the same measure.
  const explicit = levels.includes(labels[`${labelPrefix}enforce`] ?? '');
  if (labels[`${labelPrefix}warn`] === undefined && explicit && policy.enforce.level !== 'privileged') {
    const own = labels[`${labelPrefix}warn-version`] !== undefined;
    policy.warn = { level: policy.enforce.level, version: own ? policy.warn.version : policy.enforce.version };
  }
  return { policy, errors };
}

const shown = ({ level, version }: Standard) => `${level}:${version}`;

export function podSecurity(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    resources: ['namespaces', 'pods', ...Object.keys(templates)],
    async validate(attributes) {
      const { operation, resource, subresource, object } = attributes;
      if (!object || operation === 'DELETE' || operation === 'CONNECT') return;
      const key = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
      if (key === 'namespaces' && subresource === '') await validateNamespace(catalog, attributes);
      else if (key === 'pods' && !ignored.includes(subresource)) await validatePod(catalog, attributes);
      else if (Object.hasOwn(templates, key) && subresource === '')
        await validateTemplate(catalog, attributes, templates[key] as string[]);
    },
  };
}

async function validateNamespace(catalog: Catalog, attributes: AdmissionAttributes): Promise<void> {
  const { object, old, resource, context } = attributes;
  const { metadata } = object as unknown as Namespace;
  const { policy, errors } = policyOf(metadata.labels ?? {});
  const before = old && policyOf(old.metadata.labels ?? {});
  if (errors.length > 0 && !(before && deepEqual(before.errors, errors)))
    throw newInvalid(resource.groupKind, metadata.name, errors);
  if (!before) return;
  const now = policy.enforce;
  const was = before.policy.enforce;
  if (now.level === 'privileged') return;
  if (now.version === was.version && levels.indexOf(now.level) <= levels.indexOf(was.level)) return;
  for (const warning of existing(catalog, metadata.name, now)) context.warnings.add(warning);
}

/** Warnings of the pods that are there already and break the new standard. */
function existing(catalog: Catalog, namespace: string, standard: Standard): string[] {
  const registry = catalog.registry('', 'pods');
  const all = registry.store.cache.collection(registry.resource.storagePrefix).list(registry.prefixOf(namespace));
  const found = new Map<string, string[]>();
  for (const { object } of all.slice(0, mostPods)) {
    const { metadata, spec } = object as unknown as Pod;
    const reasons = violations(standard.level, standard.version, metadata, spec).map(({ reason }) => reason);
    if (reasons.length > 0) found.set(reasons.join(', '), [...(found.get(reasons.join(', ')) ?? []), metadata.name]);
  }
  const out: string[] = [];
  if (all.length > mostPods)
    out.push(`new PodSecurity enforce level only checked against the first ${mostPods} of ${all.length} existing pods`);
  if (found.size > 0)
    out.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(shown(standard))}`,
    );
  const lines = [...found].map(([reasons, names]) => {
    const others = names.length - 1;
    const more = others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
    return `${[...names].sort()[0]}${more}: ${reasons}`;
  });
  return [...out, ...lines.sort()];
}

async function policyFor(catalog: Catalog, { namespace }: AdmissionAttributes): Promise<Policy> {
  return policyOf((await namespaceOf(catalog, namespace))?.metadata.labels ?? {}).policy;
}

/** Whether an update changes what the standards look at: containers and their images. */
function significant(now: PodSpec, before: PodSpec): boolean {
  const images = ({ containers, initContainers, ephemeralContainers }: PodSpec) =>
    [containers, initContainers, ephemeralContainers].map((list) => (list ?? []).map(({ image }) => image));
  return !deepEqual(images(now), images(before));
}

async function validatePod(catalog: Catalog, attributes: AdmissionAttributes): Promise<void> {
  const { object, old, operation, resource, context } = attributes;
  const { metadata, spec } = object as unknown as Pod;
  if (!spec) return;
  const policy = await policyFor(catalog, attributes);
  if (modes.every((mode) => policy[mode].level === 'privileged')) return;
  if (operation === 'UPDATE' && old && !significant(spec, (old as unknown as Pod).spec)) return;
  const { enforce } = policy;
  context.annotations?.set('pod-security.kubernetes.io/enforce-policy', shown(enforce));
  const wrong = violations(enforce.level, enforce.version, metadata, spec);
  note(attributes, policy, metadata, spec, wrong.length === 0);
  if (wrong.length > 0)
    throw newForbidden(
      resource.groupResource,
      metadata.name,
      `violates PodSecurity ${JSON.stringify(shown(enforce))}: ${wrong.map(({ detail }) => detail).join(', ')}`,
    );
}

async function validateTemplate(
  catalog: Catalog,
  attributes: AdmissionAttributes,
  where: readonly string[],
): Promise<void> {
  const policy = await policyFor(catalog, attributes);
  if (policy.warn.level === 'privileged' && policy.audit.level === 'privileged') return;
  let at: unknown = attributes.object;
  for (const field of where) at = (at as Record<string, unknown> | undefined)?.[field];
  const { metadata = {}, spec } = (at ?? {}) as { metadata?: Partial<ObjectMeta>; spec?: PodSpec };
  if (spec) note(attributes, policy, metadata, spec, true);
}

/** The audit annotation and, unless the pod is refused anyway, the warning. */
function note(
  { context }: AdmissionAttributes,
  { audit, warn }: Policy,
  metadata: Partial<ObjectMeta>,
  spec: PodSpec,
  warning: boolean,
): void {
  const text = (standard: Standard): string | undefined => {
    const wrong = violations(standard.level, standard.version, metadata, spec);
    if (wrong.length === 0) return undefined;
    return `would violate PodSecurity ${JSON.stringify(shown(standard))}: ${wrong.map(({ detail }) => detail).join(', ')}`;
  };
  const noted = text(audit);
  if (noted) context.annotations?.set('pod-security.kubernetes.io/audit-violations', noted);
  const said = warning ? text(warn) : undefined;
  if (said) context.warnings.add(said);
}
