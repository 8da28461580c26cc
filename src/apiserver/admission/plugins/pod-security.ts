// PodSecurity: the Pod Security Standards, by labels on the namespace: enforce refuses pods, audit notes, warn warns, also of templates
// (pod-security-admission/admission).

import type { Namespace, ObjectMeta, Pod, PodSpec } from '../../../api/generated/types.ts';
import { newForbidden, newInvalid } from '../../../api/status.ts';
import { deepEqual } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { namespaceOf } from '../matching.ts';
import { violations } from './pod-security-checks.ts';
import {
  defaultConfiguration,
  exemptionWarning,
  isPrivileged,
  labelPrefix,
  type PodSecurityConfiguration,
  type Policy,
  policyOf,
  type Standard,
  shown,
  stricter,
} from './pod-security-policy.ts';

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

interface Environment {
  catalog: Catalog;
  configuration: PodSecurityConfiguration;
}

export function podSecurity(catalog: Catalog, configured: () => PodSecurityConfiguration | undefined): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    resources: ['namespaces', 'pods', ...Object.keys(templates)],
    async validate(attributes) {
      const { operation, resource, subresource, object } = attributes;
      if (!object || operation === 'DELETE' || operation === 'CONNECT') return;
      const key = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
      const environment = { catalog, configuration: configured() ?? defaultConfiguration };
      if (key === 'namespaces' && subresource === '') await validateNamespace(environment, attributes);
      else if (key === 'pods' && !ignored.includes(subresource)) await validatePod(environment, attributes);
      else if (Object.hasOwn(templates, key) && subresource === '')
        await validateTemplate(environment, attributes, templates[key] as string[]);
    },
  };
}

async function validateNamespace(environment: Environment, attributes: AdmissionAttributes): Promise<void> {
  const { object, old, resource, context } = attributes;
  const { defaults, exemptions } = environment.configuration;
  const { metadata } = object as unknown as Namespace;
  const labels = metadata.labels ?? {};
  const { policy, errors } = policyOf(labels, defaults);
  const before = old && policyOf(old.metadata.labels ?? {}, defaults);
  if (errors.length > 0 && !(before && deepEqual(before.errors, errors)))
    throw newInvalid(resource.groupKind, metadata.name, errors);
  const now = policy.enforce;
  const was = before?.policy.enforce;
  if (was && (now.level === 'privileged' || (now.version === was.version && !stricter(now, was)))) return;
  if (exemptions.namespaces.includes(metadata.name)) {
    const warning = exemptionWarning(metadata.name, labels, policy, defaults);
    if (warning) context.warnings.add(warning);
  } else if (was) for (const warning of existing(environment, metadata.name, now)) context.warnings.add(warning);
}

/** Warnings of the pods that are there already and break the new standard. */
function existing({ catalog, configuration }: Environment, namespace: string, standard: Standard): string[] {
  const registry = catalog.registry('', 'pods');
  const entries = registry.store.cache.collection(registry.resource.storagePrefix).list(registry.prefixOf(namespace));
  const pods = entries.map(({ object }) => object as unknown as Pod);
  const all = oneOfEachFirst(pods.filter(({ spec }) => !isExemptClass(configuration, spec)));
  const found = new Map<string, string[]>();
  for (const { metadata, spec } of all.slice(0, mostPods)) {
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

/** One pod of each controller before the others that it has made (prioritizePods). */
function oneOfEachFirst(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>();
  const others: Pod[] = [];
  const first = pods.filter((pod) => {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    const another = uid !== undefined && seen.has(uid);
    if (another) others.push(pod);
    else if (uid !== undefined) seen.add(uid);
    return !another;
  });
  return [...first, ...others];
}

const isExemptClass = ({ exemptions }: PodSecurityConfiguration, { runtimeClassName }: PodSpec): boolean =>
  runtimeClassName !== undefined && exemptions.runtimeClasses.includes(runtimeClassName);

/** The policy of the namespace; undefined where namespace or user are exempt, which is noted. */
async function policyFor(
  { catalog, configuration }: Environment,
  { namespace, user, context }: AdmissionAttributes,
): Promise<Policy | undefined> {
  const { defaults, exemptions } = configuration;
  const exempt = exemptions.namespaces.includes(namespace)
    ? 'namespace'
    : exemptions.usernames.includes(user.name)
      ? 'user'
      : undefined;
  if (exempt === undefined)
    return policyOf((await namespaceOf(catalog, namespace))?.metadata.labels ?? {}, defaults).policy;
  context.annotations?.set(`${labelPrefix}exempt`, exempt);
  return undefined;
}

/** Whether the runtime class of a pod is exempt, which is noted. */
function passes({ configuration }: Environment, { context }: AdmissionAttributes, spec: PodSpec): boolean {
  if (!isExemptClass(configuration, spec)) return false;
  context.annotations?.set(`${labelPrefix}exempt`, 'runtimeClass');
  return true;
}

/** Whether an update changes what the standards look at: containers and their images. */
function significant(now: PodSpec, before: PodSpec): boolean {
  const images = ({ containers, initContainers, ephemeralContainers }: PodSpec) =>
    [containers, initContainers, ephemeralContainers].map((list) => (list ?? []).map(({ image }) => image));
  return !deepEqual(images(now), images(before));
}

async function validatePod(environment: Environment, attributes: AdmissionAttributes): Promise<void> {
  const { object, old, operation, resource, context } = attributes;
  const { metadata, spec } = object as unknown as Pod;
  if (!spec) return;
  const policy = await policyFor(environment, attributes);
  if (!policy) return;
  const { enforce } = policy;
  const enforced = () => context.annotations?.set(`${labelPrefix}enforce-policy`, shown(enforce));
  if (isPrivileged(policy)) return void enforced();
  if (operation === 'UPDATE' && old && !significant(spec, (old as unknown as Pod).spec)) return;
  if (passes(environment, attributes, spec)) return;
  enforced();
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
  environment: Environment,
  attributes: AdmissionAttributes,
  where: readonly string[],
): Promise<void> {
  const policy = await policyFor(environment, attributes);
  if (!policy || (policy.warn.level === 'privileged' && policy.audit.level === 'privileged')) return;
  let at: unknown = attributes.object;
  for (const field of where) at = (at as Record<string, unknown> | undefined)?.[field];
  const { metadata = {}, spec } = (at ?? {}) as { metadata?: Partial<ObjectMeta>; spec?: PodSpec };
  if (spec && !passes(environment, attributes, spec)) note(attributes, policy, metadata, spec, true);
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
  if (noted) context.annotations?.set(`${labelPrefix}audit-violations`, noted);
  const said = warning ? text(warn) : undefined;
  if (said) context.warnings.add(said);
}
