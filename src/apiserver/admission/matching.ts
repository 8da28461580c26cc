// Which requests a webhook or a policy is for: rules, namespace and object selectors, equivalent resources
// (apiserver/pkg/admission/plugin/webhook/predicates, policy/matching).

import type { LabelSelector, Namespace } from '../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../api/labels.ts';
import type { KubeObject } from '../object.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { AdmissionAttributes } from './admission.ts';

export interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
  resourceNames?: string[];
}

export interface Criteria {
  rules: readonly Rule[];
  exclude: readonly Rule[];
  matchPolicy: string | undefined;
  namespaceSelector: LabelSelector | undefined;
  objectSelector: LabelSelector | undefined;
}

/** The request as the one who matches wants to see it: in the version that its rules name. */
export interface Matched {
  resource: ResourceInfo;
  object: KubeObject | undefined;
  old: KubeObject | undefined;
}

const has = (list: readonly string[] | undefined, value: string) =>
  list !== undefined && (list.includes('*') || list.includes(value));

function resourceMatches(patterns: readonly string[] | undefined, resource: string, subresource: string): boolean {
  return (patterns ?? []).some((pattern) => {
    const [name, sub = ''] = pattern.split('/');
    return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
  });
}

function ruleMatches(
  rule: Rule,
  { operation, subresource, name }: AdmissionAttributes,
  resource: ResourceInfo,
): boolean {
  const cluster = !resource.namespaced;
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, resource.group) &&
    has(rule.apiVersions, resource.version) &&
    resourceMatches(rule.resources, resource.resource, subresource) &&
    (rule.scope === undefined || rule.scope === '*' || (rule.scope === 'Cluster') === cluster) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  );
}

/** The same object at another version. */
export async function convert(
  object: KubeObject | undefined,
  from: ResourceInfo,
  to: ResourceInfo,
): Promise<KubeObject | undefined> {
  // What is sent to a subresource is the same for all versions.
  if (!object || from === to || object.kind !== from.kind) return object;
  if (to.conversion) return (await to.conversion.read([object]))[0];
  const stored = from.toStorage?.(object) ?? object;
  return to.fromStorage?.(stored) ?? stored;
}

/** The labels that a namespaceSelector looks at; undefined for what is in no namespace and is none (selected by every selector). */
export async function namespaceLabels(
  catalog: Catalog,
  { resource, subresource, namespace, object, old, name }: AdmissionAttributes,
): Promise<Record<string, string> | undefined> {
  if (resource.group === '' && resource.resource === 'namespaces') {
    if (subresource === '' && object) return object.metadata.labels ?? {};
    return old?.metadata.labels ?? (await namespaceOf(catalog, name))?.metadata.labels ?? {};
  }
  if (!resource.namespaced || namespace === '') return undefined;
  return (await namespaceOf(catalog, namespace))?.metadata.labels ?? {};
}

/** A Namespace as it is now, or undefined. */
export async function namespaceOf(catalog: Catalog, name: string): Promise<Namespace | undefined> {
  const registry = catalog.registry('', 'namespaces');
  const collection = registry.store.cache.collection(registry.resource.storagePrefix);
  const entry = collection.entries.get(registry.key('', name)) ?? (await registry.find('', name));
  return entry?.object as unknown as Namespace | undefined;
}

const selects = (selector: LabelSelector | undefined, labels: Record<string, string> | undefined) =>
  selectorMatches(labelSelectorAsSelector(selector ?? {}), labels);

const isEmpty = (selector: LabelSelector | undefined) =>
  !selector || (!selector.matchExpressions?.length && Object.keys(selector.matchLabels ?? {}).length === 0);

/** The configuration of admission itself is never subject to it. */
export const isExempt = ({ resource }: AdmissionAttributes): boolean =>
  resource.group === 'admissionregistration.k8s.io' &&
  /^(validating|mutating)(webhookconfigurations|admissionpolicies|admissionpolicybindings)$/.test(resource.resource);

// Questions that components ask all the time: a policy that refused them could break the cluster (kubeapiserver/admission/exclusion).
const reviews = new Set([
  'selfsubjectreviews.authentication.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
]);

/** What policies, unlike webhooks, never see, beside what is exempt. */
export const isBeyondPolicies = (attributes: AdmissionAttributes): boolean =>
  isExempt(attributes) || reviews.has(`${attributes.resource.resource}.${attributes.resource.group}`);

/** What the criteria select of a request, or undefined. */
export async function match(
  catalog: Catalog,
  criteria: Criteria,
  attributes: AdmissionAttributes,
): Promise<Matched | undefined> {
  const { resource, object, old } = attributes;
  const here = (rules: readonly Rule[]): ResourceInfo | undefined => {
    if (rules.some((rule) => ruleMatches(rule, attributes, resource))) return resource;
    if (criteria.matchPolicy !== 'Equivalent') return undefined;
    for (const { resource: other } of catalog.all())
      if (
        other !== resource &&
        other.storagePrefix === resource.storagePrefix &&
        rules.some((rule) => ruleMatches(rule, attributes, other))
      )
        return other;
    return undefined;
  };
  if (here(criteria.exclude)) return undefined;
  const matched = criteria.rules.length === 0 ? resource : here(criteria.rules);
  if (!matched) return undefined;
  if (!isEmpty(criteria.namespaceSelector)) {
    const labels = await namespaceLabels(catalog, attributes);
    if (labels && !selects(criteria.namespaceSelector, labels)) return undefined;
  }
  if (!isEmpty(criteria.objectSelector)) {
    const either = [object, old].some(
      (each) => each?.metadata !== undefined && selects(criteria.objectSelector, each.metadata.labels ?? {}),
    );
    if (!either) return undefined;
  }
  const [now, before] = await Promise.all([convert(object, resource, matched), convert(old, resource, matched)]);
  return { resource: matched, object: now, old: before };
}
