// What validating and mutating admission policies share: their compiled form, their bindings and the parameters of those
// (apiserver/pkg/admission/plugin/policy/generic).

import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../../api/labels.ts';
import { parseGroupVersion } from '../../../api/resources.ts';
import { ApiError, newForbidden } from '../../../api/status.ts';
import type { KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { Entry } from '../../storage/entry.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { type Prepared, prepare, type Scope } from '../expressions.ts';
import type { Criteria } from '../matching.ts';

export type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;
export type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

const group = 'admissionregistration.k8s.io';

/** All objects of an admission registration resource, as the watch cache has them. */
export function listCached<T>(catalog: Catalog, resource: string): T[] {
  const registry = catalog.registry(group, resource);
  const prefix = registry.resource.storagePrefix;
  return registry.store.cache
    .collection(prefix)
    .list(prefix)
    .map(({ object }) => object as unknown as T);
}

export const criteriaOf = (match: MatchResources | undefined): Criteria => ({
  rules: match?.resourceRules ?? [],
  exclude: match?.excludeResourceRules ?? [],
  matchPolicy: match?.matchPolicy,
  namespaceSelector: match?.namespaceSelector,
  objectSelector: match?.objectSelector,
});

/** The scope of a policy's expressions and its variables, compiled in their order. */
export function preparedVariables(
  spec: { paramKind?: ParamKind; variables?: { name: string; expression: string }[] },
  mutation = false,
): { scope: Scope; variables: Map<string, Prepared> } {
  const types = new Map<string, NonNullable<Prepared['program']>['type']>();
  const scope: Scope = { params: spec.paramKind !== undefined, authorizer: true, variables: types, mutation };
  const variables = new Map<string, Prepared>();
  for (const { name, expression } of spec.variables ?? []) {
    const prepared = prepare(expression, scope, ['any']);
    variables.set(name, prepared);
    types.set(name, prepared.program?.type ?? { kind: 'dyn' });
  }
  return { scope, variables };
}

/** Something about a policy or binding is wrong; treated by failurePolicy. */
export class ConfigurationError extends Error {}

/** The objects that a binding hands to its policy: one undefined where there are none to hand. Throws a ConfigurationError. */
export async function paramsOf(
  catalog: Catalog,
  paramKind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string,
): Promise<(KubeObject | undefined)[]> {
  if (!paramKind || !ref) return [undefined];
  const { group: itsGroup, version } = parseGroupVersion(paramKind.apiVersion ?? '') ?? { group: '', version: '' };
  const served = catalog.findKind(itsGroup, version, paramKind.kind ?? '');
  if (!served)
    throw new ConfigurationError(`paramKind kind \`${paramKind.apiVersion}, Kind=${paramKind.kind}\` not known`);
  const { resource, registry } = served;
  if (!resource.namespaced && ref.namespace)
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  const within = ref.namespace || namespace;
  if (resource.namespaced && !within)
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  const read = async (entries: Entry[]) =>
    (await registry.view(entries)).map(({ object }) => ({ ...(resource.fromStorage?.(object) ?? object) }));
  const collection = registry.store.cache.collection(resource.storagePrefix);
  let found: KubeObject[] = [];
  if (ref.name) {
    const entry = collection.entries.get(registry.key(within, ref.name));
    if (entry) found = await read([entry]);
  } else if (ref.selector) {
    const selector = labelSelectorAsSelector(ref.selector);
    const all = await read(collection.list(registry.prefixOf(within)));
    found = all.filter(({ metadata }) => selectorMatches(selector, metadata.labels));
  } else throw new ConfigurationError('one of name or selector must be provided');
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny')
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  return found;
}

const codes: Record<string, number> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** A refusal by a policy: Forbidden in its words, with the reason and code that the policy gives. */
export function refusal({ resource, name, object }: AdmissionAttributes, message: string, reason: string): ApiError {
  const called = name || object?.metadata?.generateName || 'Unknown';
  const { status } = newForbidden(resource.groupResource, called, message);
  return new ApiError({
    ...status,
    reason,
    code: codes[reason] ?? 422,
    details: { ...status.details, causes: [{ message }] },
  });
}
