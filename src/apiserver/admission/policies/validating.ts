// ValidatingAdmissionPolicy: refuses, warns or notes by CEL expressions that bindings put to use
// (apiserver/pkg/admission/plugin/policy/validating).

import { matchConditionsBudget, runtimeBudget } from '../../../api/cel/index.ts';
import type { Value } from '../../../api/cel/values.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../../api/generated/types.ts';
import type { Authorizer } from '../../auth/authorizer.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { conditionsHold, Evaluation, type Inputs, type Prepared, prepare } from '../expressions.ts';
import { isBeyondPolicies, type Matched, match, namespaceOf } from '../matching.ts';
import { criteriaOf, listCached, paramsOf, preparedVariables, refusal } from './policy.ts';

interface CompiledPolicy {
  variables: ReadonlyMap<string, Prepared>;
  conditions: Prepared[];
  validations: { its: Validation; expression: Prepared; message: Prepared | undefined }[];
  annotations: { key: string; value: Prepared }[];
}

const compiled = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>();

function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const known = compiled.get(policy);
  if (known) return known;
  const { spec } = policy;
  const { scope, variables } = preparedVariables(spec);
  const plain = { ...scope, variables: new Map() };
  const made: CompiledPolicy = {
    variables,
    conditions: (spec.matchConditions ?? []).map(({ expression }) => prepare(expression, plain, ['bool'])),
    validations: (spec.validations ?? []).map((its) => ({
      its,
      expression: prepare(its.expression, scope, ['bool']),
      message: its.messageExpression
        ? prepare(its.messageExpression, { ...scope, authorizer: false }, ['string'])
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      value: prepare(valueExpression, scope, ['string', 'null', 'dyn']),
    })),
  };
  compiled.set(policy, made);
  return made;
}

interface Decision {
  message: string;
  reason: string;
  index: number;
}

/** The line of text that a message expression gives, if it is one. */
function usable(value: Value | undefined): string | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' || text.includes('\n') || text.length > 5 * 1024 ? undefined : text;
}

function evaluate(
  policy: ValidatingAdmissionPolicy,
  inputs: Inputs,
  annotations: Map<string, Set<string>>,
): Decision[] {
  const { variables, conditions, validations, annotations: wanted } = compilePolicy(policy);
  const failClosed = policy.spec.failurePolicy !== 'Ignore';
  const failed = (message: string, index = 0): Decision[] => (failClosed ? [{ message, reason: '', index }] : []);
  try {
    if (!conditionsHold(new Evaluation(inputs, variables, matchConditionsBudget), conditions, failClosed)) return [];
  } catch (error) {
    return failed((error as Error).message);
  }
  const evaluation = new Evaluation(inputs, variables, runtimeBudget);
  const out: Decision[] = [];
  for (const [index, { its, expression, message }] of validations.entries()) {
    const outcome = evaluation.run(expression);
    if ('error' in outcome) out.push(...failed(outcome.error, index));
    else if (outcome.value !== true) {
      const said = message && evaluation.run(message);
      const text =
        (said && 'value' in said ? usable(said.value) : undefined) ??
        ((its.message ?? '').trim() || `failed expression: ${its.expression.trim()}`);
      out.push({ message: text, reason: its.reason ?? 'Invalid', index });
    }
  }
  for (const { key, value } of wanted) {
    const outcome = evaluation.run(value);
    if ('error' in outcome) out.push(...failed(outcome.error));
    else if (typeof outcome.value === 'string' && outcome.value.trim() !== '') {
      const values = annotations.get(key) ?? new Set();
      annotations.set(key, values.add(outcome.value.trim().slice(0, 10 * 1024)));
    }
  }
  return out;
}

export function validatingPolicies(catalog: Catalog, authorizer: () => Authorizer): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    validate(attributes) {
      const policies = listCached<ValidatingAdmissionPolicy>(catalog, 'validatingadmissionpolicies');
      if (policies.length === 0 || isBeyondPolicies(attributes)) return;
      return applyAll(catalog, authorizer(), attributes, policies);
    },
  };
}

async function applyAll(
  catalog: Catalog,
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  policies: readonly ValidatingAdmissionPolicy[],
): Promise<void> {
  const bindings = listCached<ValidatingAdmissionPolicyBinding>(catalog, 'validatingadmissionpolicybindings');
  let denied: { policy: string; binding: string; decision: Decision } | undefined;
  for (const policy of policies) {
    const own = bindings.filter(({ spec }) => spec.policyName === policy.metadata.name);
    if (own.length === 0) continue;
    const matched = await match(catalog, criteriaOf(policy.spec.matchConstraints), attributes);
    if (!matched) continue;
    const annotations = new Map<string, Set<string>>();
    for (const binding of own) {
      const decisions = await apply(catalog, authorizer, attributes, matched, policy, binding, annotations);
      const first = act(attributes, policy, binding, decisions);
      if (first) denied ??= { policy: policy.metadata.name, binding: binding.metadata.name, decision: first };
    }
    for (const [key, values] of annotations)
      attributes.context.annotations?.set(`${policy.metadata.name}/${key}`, [...values].join(', '));
  }
  if (!denied) return;
  const message = `ValidatingAdmissionPolicy '${denied.policy}' with binding '${denied.binding}' denied request: ${denied.decision.message}`;
  throw refusal(attributes, message, denied.decision.reason || 'Invalid');
}

async function apply(
  catalog: Catalog,
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  matched: Matched,
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  annotations: Map<string, Set<string>>,
): Promise<Decision[]> {
  const { resource, namespace: name } = attributes;
  try {
    if (binding.spec.matchResources && !(await match(catalog, criteriaOf(binding.spec.matchResources), attributes)))
      return [];
    const params = await paramsOf(catalog, policy.spec.paramKind, binding.spec.paramRef, name);
    const namespace = resource.namespaced && name ? await namespaceOf(catalog, name) : undefined;
    return params.flatMap((each) =>
      evaluate(policy, { attributes, matched, params: each, namespace, authorizer }, annotations),
    );
  } catch (error) {
    if (policy.spec.failurePolicy === 'Ignore') return [];
    return [{ message: `failed to configure binding: ${(error as Error).message}`, reason: 'configuration', index: 0 }];
  }
}

/** Does what the binding says with the decisions; returns the first that denies. */
function act(
  { context }: AdmissionAttributes,
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  decisions: readonly Decision[],
): Decision | undefined {
  const actions = binding.spec.validationActions ?? [];
  const names = [policy.metadata.name, binding.metadata.name] as const;
  let denied: Decision | undefined;
  for (const decision of decisions) {
    const { message, index } = decision;
    // What is wrong with the binding itself denies whatever its actions are.
    if (decision.reason === 'configuration') {
      denied ??= { ...decision, reason: '' };
      continue;
    }
    if (actions.includes('Deny')) denied ??= decision;
    if (actions.includes('Warn'))
      context.warnings.add(
        `Validation failed for ValidatingAdmissionPolicy '${names[0]}' with binding '${names[1]}': ${message}`,
      );
    if (actions.includes('Audit'))
      context.annotations?.set(
        'validation.policy.admission.k8s.io/validation_failure',
        JSON.stringify([
          { message, policy: names[0], binding: names[1], expressionIndex: index, validationActions: actions },
        ]),
      );
  }
  return denied;
}
