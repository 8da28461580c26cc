// MutatingAdmissionPolicy: changes objects by CEL expressions that give a configuration to apply or a JSON patch
// (apiserver/pkg/admission/plugin/policy/mutating).

import { matchConditionsBudget, runtimeBudget } from '../../../api/cel/index.ts';
import { CelError, MapValue, toJson, type Value } from '../../../api/cel/values.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '../../../api/generated/types.ts';
import { applyJsonPatch, PatchError, patchTypes } from '../../../api/patch/index.ts';
import { parseJsonPatch } from '../../../api/patch/json-patch.ts';
import { ApiError } from '../../../api/status.ts';
import type { Authorizer } from '../../auth/authorizer.ts';
import { deepEqual, type KubeObject } from '../../object.ts';
import type { Catalog } from '../../registry/catalog.ts';
import { applyFields, patchObject } from '../../server/machinery.ts';
import type { AdmissionAttributes, AdmissionPlugin, Calls } from '../admission.ts';
import { conditionsHold, Evaluation, type Prepared, prepare } from '../expressions.ts';
import { convert, isBeyondPolicies, type Matched, match, namespaceOf } from '../matching.ts';
import { configurationProblem } from './configuration-check.ts';
import { criteriaOf, listCached, paramsOf, preparedVariables, refusal } from './policy.ts';

interface CompiledPolicy {
  variables: ReadonlyMap<string, Prepared>;
  conditions: Prepared[];
  mutations: { patchType: string; expression: Prepared }[];
}

const compiled = new WeakMap<MutatingAdmissionPolicy, CompiledPolicy>();

/** The expression of a mutation and the type that it must have. */
export const expressionOf = ({ patchType, applyConfiguration, jsonPatch }: Mutation): [string, string] =>
  patchType === 'JSONPatch'
    ? [jsonPatch?.expression ?? '', 'list(JSONPatch)']
    : [applyConfiguration?.expression ?? '', 'Object'];

function compilePolicy(policy: MutatingAdmissionPolicy): CompiledPolicy {
  const known = compiled.get(policy);
  if (known) return known;
  const { spec } = policy;
  const { scope, variables } = preparedVariables(spec ?? {}, true);
  const plain = { ...scope, variables: new Map() };
  const made: CompiledPolicy = {
    variables,
    conditions: (spec?.matchConditions ?? []).map(({ expression }) => prepare(expression, plain, ['bool'])),
    mutations: (spec?.mutations ?? []).map((mutation) => {
      const [text, type] = expressionOf(mutation);
      return { patchType: mutation.patchType, expression: prepare(text, scope, [type]) };
    }),
  };
  compiled.set(policy, made);
  return made;
}

export function mutatingPolicies(catalog: Catalog, authorizer: () => Authorizer): AdmissionPlugin {
  return {
    name: 'MutatingAdmissionPolicy',
    mutate(attributes) {
      const policies = listCached<MutatingAdmissionPolicy>(catalog, 'mutatingadmissionpolicies');
      const { object } = attributes;
      if (policies.length === 0 || !object || isBeyondPolicies(attributes)) return undefined;
      return applyAll(catalog, authorizer(), { ...attributes, object }, policies);
    },
  };
}

async function applyAll(
  catalog: Catalog,
  authorizer: Authorizer,
  attributes: AdmissionAttributes & { object: KubeObject },
  policies: readonly MutatingAdmissionPolicy[],
): Promise<KubeObject> {
  const bindings = listCached<MutatingAdmissionPolicyBinding>(catalog, 'mutatingadmissionpolicybindings');
  const calls = attributes.rounds?.of('MutatingAdmissionPolicy');
  let { object } = attributes;
  calls?.begin(object);
  for (const policy of policies)
    for (const binding of bindings.filter(({ spec }) => spec?.policyName === policy.metadata.name))
      object = await apply(catalog, authorizer, { ...attributes, object }, policy, binding, calls);
  // Unlike with webhooks, a policy that was applied makes itself due, too.
  if (object !== attributes.object) calls?.changed();
  calls?.end(object);
  return object;
}

async function apply(
  catalog: Catalog,
  authorizer: Authorizer,
  attributes: AdmissionAttributes & { object: KubeObject },
  policy: MutatingAdmissionPolicy,
  binding: MutatingAdmissionPolicyBinding,
  calls: Calls | undefined,
): Promise<KubeObject> {
  const { resource, namespace: name, object: before } = attributes;
  const names = `policy '${policy.metadata.name}' with binding '${binding.metadata.name}'`;
  let object = before;
  const failClosed = policy.spec?.failurePolicy !== 'Ignore';
  try {
    const matched = await match(catalog, criteriaOf(policy.spec?.matchConstraints), attributes);
    if (!matched?.object) return before;
    if (binding.spec?.matchResources && !(await match(catalog, criteriaOf(binding.spec.matchResources), attributes)))
      return before;
    const params = await paramsOf(catalog, policy.spec?.paramKind, binding.spec?.paramRef, name);
    const namespace = resource.namespaced && name ? await namespaceOf(catalog, name) : undefined;
    const { variables, conditions, mutations } = compilePolicy(policy);
    for (const param of params) {
      const key = `${policy.metadata.name} ${binding.metadata.name} ${param?.metadata.namespace ?? ''}/${param?.metadata.name ?? ''}`;
      if (calls?.skips(key)) continue;
      let now: Matched = { ...matched, object: await convert(object, resource, matched.resource) };
      const inputs = { attributes, matched: now, params: param, namespace, authorizer };
      if (!conditionsHold(new Evaluation(inputs, variables, matchConditionsBudget), conditions, failClosed)) continue;
      const began = object;
      for (const { patchType, expression } of mutations) {
        const outcome = new Evaluation({ ...inputs, matched: now }, variables, runtimeBudget).run(expression);
        if ('error' in outcome) throw new CelError(outcome.error);
        now = { ...now, object: mutated(now, patchType, outcome.value) };
      }
      object = (await convert(now.object, matched.resource, resource)) as KubeObject;
      calls?.called(key, policy.spec?.reinvocationPolicy === 'IfNeeded', !deepEqual(began, object));
    }
    return object;
  } catch (error) {
    if (error instanceof ApiError && error.code >= 500) throw error;
    if (!failClosed) return object;
    throw refusal(attributes, `${names} denied request: ${(error as Error).message}`, 'Invalid');
  }
}

function mutated({ resource, object }: Matched, patchType: string, value: Value): KubeObject {
  if (patchType === 'JSONPatch') {
    const operations = (Array.isArray(value) ? value : []).map((operation) => {
      if (!(operation instanceof MapValue))
        throw new CelError('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
      return toJson(operation);
    });
    const patch = JSON.stringify(operations);
    if (!passes(object as KubeObject, JSON.parse(patch))) return object as KubeObject;
    return patchObject(resource, patchTypes.json, object as KubeObject, patch, 'Ignore', new Set());
  }
  const fields = toJson(value) as KubeObject;
  // What is sent to a subresource has a schema of its own.
  const own = object?.kind === resource.kind;
  const problem = configurationProblem(own ? resource : { type: object?.kind ?? '' }, fields);
  if (problem) throw new CelError(problem);
  return applyFields(resource, object as KubeObject, fields);
}

/** Whether the tests of a patch hold; if not, nothing of it is applied. Throws a CelError when it does not fit the object. */
function passes(object: KubeObject, operations: unknown): boolean {
  try {
    applyJsonPatch(object, parseJsonPatch(operations));
    return true;
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.message.endsWith(': test failed')) return false;
    throw new CelError(`JSON Patch: ${error.message}`);
  }
}
