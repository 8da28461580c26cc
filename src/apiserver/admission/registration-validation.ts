// Webhook configurations, admission policies and their bindings as objects: what they must say (pkg/apis/admissionregistration/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  path,
  required,
  tooMany,
} from '../../api/field-error.ts';
import type {
  LabelSelector,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  Validation,
} from '../../api/generated/types.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../api/names.ts';
import { validateLabelSelector } from '../../api/validation/index.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import { compileExpression, type Scope } from './expressions.ts';
import type { Rule } from './matching.ts';
import { expressionOf } from './policies/mutating.ts';
import { validateWebhookClient } from './webhook-client-validation.ts';

const spec = path('spec');
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

function oneOf(errors: FieldErrorList, at: FieldPath, value: string | undefined, valid: readonly string[]): void {
  if (value === undefined) errors.push(required(at));
  else if (!valid.includes(value)) errors.push(notSupported(at, value, valid));
}

function validateRules(errors: FieldErrorList, rules: readonly Rule[] | undefined, at: FieldPath): void {
  for (const [i, rule] of (rules ?? []).entries()) {
    const here = at.index(i);
    const list = (name: 'operations' | 'apiGroups' | 'apiVersions' | 'resources', what: string) => {
      const values = rule[name] ?? [];
      if (values.length === 0) errors.push(required(here.child(name)));
      if (name !== 'resources' && values.length > 1 && values.includes('*'))
        errors.push(invalid(here.child(name), values, `if '*' is present, must not specify other ${what}`));
      return values;
    };
    for (const [j, operation] of list('operations', 'operations').entries())
      if (!operations.includes(operation))
        errors.push(notSupported(here.child('operations').index(j), operation, operations));
    list('apiGroups', 'API groups');
    for (const [j, version] of list('apiVersions', 'API versions').entries())
      if (version === '') errors.push(required(here.child('apiVersions').index(j)));
    validateResources(errors, list('resources', 'resources'), here.child('resources'));
    if (rule.scope !== undefined && !['*', 'Cluster', 'Namespaced'].includes(rule.scope))
      errors.push(notSupported(here.child('scope'), rule.scope, ['*', 'Cluster', 'Namespaced']));
    for (const [j, name] of (rule.resourceNames ?? []).entries())
      if (rule.resourceNames?.indexOf(name) !== j) errors.push(duplicate(here.child('resourceNames').index(j), name));
  }
}

function validateResources(errors: FieldErrorList, resources: readonly string[], at: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, text] of resources.entries()) {
    if (text === '') errors.push(required(at.index(i)));
    const [resource = '', sub] = text.split('/');
    if (sub === undefined) continue;
    for (const wild of [`${resource}/*`, `*/${sub}`])
      if (seen.has(wild)) errors.push(invalid(at.index(i), text, `if '${wild}' is present, must not specify ${text}`));
    if (sub === '*' || resource === '*') seen.add(text);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && resources.some((text) => text !== '*' && !text.includes('/')))
    errors.push(invalid(at, resources, "if '*' is present, must not specify other resources without subresources"));
}

function validateConditions(
  errors: FieldErrorList,
  conditions: readonly MatchCondition[] | undefined,
  scope: Scope,
  at: FieldPath,
): void {
  if ((conditions?.length ?? 0) > 64) errors.push(tooMany(at, conditions?.length ?? 0, 64));
  const names = new Set<string>();
  for (const [i, { name, expression }] of (conditions ?? []).entries()) {
    const here = at.index(i);
    if (expression.trim() === '') errors.push(required(here.child('expression')));
    else expressionError(errors, expression.trim(), scope, ['bool'], here.child('expression'));
    if (name === '') errors.push(required(here.child('name')));
    else for (const wrong of isQualifiedName(name)) errors.push(invalid(here.child('name'), name, wrong));
    if (names.has(name)) errors.push(duplicate(here.child('name'), name));
    names.add(name);
  }
}

function expressionError(
  errors: FieldErrorList,
  text: string,
  scope: Scope,
  wanted: readonly string[],
  at: FieldPath,
): void {
  const compiled = compileExpression(text, scope, wanted);
  if (typeof compiled === 'string') errors.push(invalid(at, text, compiled));
}

const conditionScope = (params: boolean): Scope => ({ params, authorizer: true, variables: new Map() });

function fullName(errors: FieldErrorList, at: FieldPath, name: string): void {
  if (!name) return void errors.push(required(at));
  const wrong = isDns1123Subdomain(name);
  if (wrong.length > 0) errors.push(...wrong.map((why) => invalid(at, name, why)));
  else if (name.split('.').length < 3)
    errors.push(invalid(at, name, 'should be a domain with at least three segments separated by dots'));
}

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

function validateWebhooks(object: KubeObject): FieldErrorList {
  const { webhooks = [], kind } = object as unknown as Configuration;
  const errors: FieldErrorList = [];
  const names = new Set<string>();
  for (const [i, webhook] of webhooks.entries()) {
    const at = path('webhooks').index(i);
    fullName(errors, at.child('name'), webhook.name);
    validateRules(errors, webhook.rules, at.child('rules'));
    oneOf(errors, at.child('failurePolicy'), webhook.failurePolicy ?? 'Fail', ['Fail', 'Ignore']);
    oneOf(errors, at.child('matchPolicy'), webhook.matchPolicy ?? 'Exact', ['Equivalent', 'Exact']);
    const effects = ['None', 'NoneOnDryRun'];
    if (!webhook.sideEffects)
      errors.push(required(at.child('sideEffects'), `must specify one of ${effects.join(', ')}`));
    else oneOf(errors, at.child('sideEffects'), webhook.sideEffects, effects);
    const seconds = webhook.timeoutSeconds;
    if (seconds !== undefined && (seconds > 30 || seconds < 1))
      errors.push(invalid(at.child('timeoutSeconds'), seconds, 'the timeout value must be between 1 and 30 seconds'));
    selectors(errors, webhook, at);
    if (kind === 'MutatingWebhookConfiguration')
      oneOf(
        errors,
        at.child('reinvocationPolicy'),
        (webhook as { reinvocationPolicy?: string }).reinvocationPolicy ?? 'Never',
        ['IfNeeded', 'Never'],
      );
    errors.push(...validateWebhookClient(webhook.clientConfig, at.child('clientConfig')));
    validateConditions(errors, webhook.matchConditions, conditionScope(false), at.child('matchConditions'));
    reviewVersions(errors, webhook.admissionReviewVersions ?? [], at.child('admissionReviewVersions'));
    if (webhook.name && names.has(webhook.name)) errors.push(duplicate(at.child('name'), webhook.name));
    names.add(webhook.name);
  }
  return errors;
}

function reviewVersions(errors: FieldErrorList, versions: readonly string[], at: FieldPath): void {
  if (versions.length === 0) errors.push(required(at, 'must specify one of v1, v1beta1'));
  else if (!versions.some((version) => version === 'v1' || version === 'v1beta1'))
    errors.push(invalid(at, versions, 'must include at least one of v1, v1beta1'));
  for (const [i, version] of versions.entries())
    if (versions.indexOf(version) < i) errors.push(invalid(at.index(i), version, 'duplicate version'));
}

function selectors(
  errors: FieldErrorList,
  { namespaceSelector, objectSelector }: { namespaceSelector?: LabelSelector; objectSelector?: LabelSelector },
  at: FieldPath,
): void {
  validateLabelSelector(errors, namespaceSelector, at.child('namespaceSelector'));
  validateLabelSelector(errors, objectSelector, at.child('objectSelector'));
}

function validateMatch(errors: FieldErrorList, match: MatchResources, at: FieldPath): void {
  oneOf(errors, at.child('matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']);
  if (!match.namespaceSelector) errors.push(required(at.child('namespaceSelector')));
  if (!match.objectSelector) errors.push(required(at.child('objectSelector')));
  selectors(errors, match, at);
  validateRules(errors, match.resourceRules, at.child('resourceRules'));
  validateRules(errors, match.excludeResourceRules, at.child('excludeResourceRules'));
}

type PolicySpec = Pick<
  ValidatingAdmissionPolicy['spec'],
  'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'
>;

/** What both kinds of policy share. Returns the scope of the other expressions. */
function validatePolicySpec(errors: FieldErrorList, it: PolicySpec, mutation: boolean): Scope {
  oneOf(errors, spec.child('failurePolicy'), it.failurePolicy, ['Fail', 'Ignore']);
  if (it.paramKind) {
    if (!it.paramKind.apiVersion) errors.push(required(spec.child('paramKind', 'apiVersion')));
    if (!it.paramKind.kind) errors.push(required(spec.child('paramKind', 'kind')));
  }
  const at = spec.child('matchConstraints');
  if (!it.matchConstraints) errors.push(required(at));
  else {
    validateMatch(errors, it.matchConstraints, at);
    if (!it.matchConstraints.resourceRules?.length) errors.push(required(at.child('resourceRules')));
  }
  const params = it.paramKind !== undefined;
  validateConditions(errors, it.matchConditions, conditionScope(params), spec.child('matchConditions'));
  const variables = new Map<string, { kind: 'dyn' }>();
  const scope: Scope = { params, authorizer: true, variables: variables as Scope['variables'], mutation };
  for (const [i, { name, expression }] of (it.variables ?? []).entries()) {
    const here = spec.child('variables').index(i);
    if (!name?.trim()) errors.push(required(here.child('name'), 'name is not specified'));
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name))
      errors.push(invalid(here.child('name'), name, 'name is not a valid CEL identifier'));
    if (!expression?.trim()) {
      errors.push(required(here.child('expression'), 'expression is not specified'));
      continue;
    }
    const compiled = compileExpression(expression, scope, ['any']);
    if (typeof compiled === 'string') errors.push(invalid(here.child('expression'), expression, compiled));
    (variables as Map<string, unknown>).set(name, typeof compiled === 'string' ? { kind: 'dyn' } : compiled.type);
  }
  return scope;
}

function validateValidatingPolicy(object: KubeObject): FieldErrorList {
  const { spec: it, metadata } = object as unknown as ValidatingAdmissionPolicy;
  const errors: FieldErrorList = [];
  const scope = validatePolicySpec(errors, it, false);
  const { validations = [], auditAnnotations = [] } = it;
  if (validations.length === 0 && auditAnnotations.length === 0)
    for (const name of ['validations', 'auditAnnotations'])
      errors.push(required(spec.child(name), 'validations or auditAnnotations must contain at least one item'));
  for (const [i, validation] of validations.entries())
    validateValidation(errors, validation, scope, spec.child('validations').index(i));
  const keys = new Set<string>();
  for (const [i, { key, valueExpression }] of auditAnnotations.entries()) {
    const at = spec.child('auditAnnotations').index(i);
    for (const wrong of isQualifiedName(`${metadata.name}/${key}`))
      errors.push(invalid(at.child('key'), `${metadata.name}/${key}`, wrong));
    if (!valueExpression.trim()) errors.push(required(at.child('valueExpression'), 'valueExpression is not specified'));
    else expressionError(errors, valueExpression, scope, ['string', 'null'], at.child('valueExpression'));
    if (keys.has(key)) errors.push(duplicate(at.child('key'), key));
    keys.add(key);
  }
  return errors;
}

function validateValidation(errors: FieldErrorList, validation: Validation, scope: Scope, at: FieldPath): void {
  const { expression, message = '', messageExpression = '', reason } = validation;
  if (expression.trim() === '') errors.push(required(at.child('expression'), 'expression is not specified'));
  else expressionError(errors, expression, scope, ['bool'], at.child('expression'));
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(invalid(at.child('messageExpression'), messageExpression, 'must be non-empty if specified'));
  else if (messageExpression !== '')
    expressionError(
      errors,
      messageExpression,
      { ...scope, authorizer: false },
      ['string'],
      at.child('messageExpression'),
    );
  if (message !== '' && message.trim() === '')
    errors.push(invalid(at.child('message'), message, 'message must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalid(at.child('message'), message, 'message must not contain line breaks'));
  const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(at.child('reason'), reason, reasons));
}

function validateMutatingPolicy(object: KubeObject): FieldErrorList {
  const it = (object as unknown as MutatingAdmissionPolicy).spec ?? {};
  const errors: FieldErrorList = [];
  const scope = validatePolicySpec(errors, it, true);
  oneOf(errors, spec.child('reinvocationPolicy'), it.reinvocationPolicy, ['IfNeeded', 'Never']);
  if (!it.mutations?.length) errors.push(required(spec.child('mutations'), 'mutations must contain at least one item'));
  for (const [i, mutation] of (it.mutations ?? []).entries()) {
    const at = spec.child('mutations').index(i);
    oneOf(errors, at.child('patchType'), mutation.patchType, ['ApplyConfiguration', 'JSONPatch']);
    const field = mutation.patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration';
    const [text, type] = expressionOf(mutation);
    if (!mutation[field])
      errors.push(required(at.child(field), `must be specified when patchType is ${mutation.patchType}`));
    else if (text.trim() === '') errors.push(required(at.child(field, 'expression'), 'expression is not specified'));
    else expressionError(errors, text, scope, [type], at.child(field, 'expression'));
  }
  return errors;
}

function validateParamRef(errors: FieldErrorList, ref: ParamRef, at: FieldPath): void {
  if (ref.name && ref.selector)
    for (const name of ['name', 'selector'] as const)
      errors.push({
        type: 'FieldValueForbidden',
        field: `${at.child(name)}`,
        detail: 'name and selector are mutually exclusive',
      });
  if (!ref.name && !ref.selector) errors.push(required(at, 'one of name or selector must be specified'));
  if (ref.namespace)
    for (const wrong of isDns1123Label(ref.namespace))
      errors.push(invalid(at.child('namespace'), ref.namespace, wrong));
  if (!ref.parameterNotFoundAction) errors.push(required(at.child('parameterNotFoundAction')));
  else oneOf(errors, at.child('parameterNotFoundAction'), ref.parameterNotFoundAction, ['Deny', 'Allow']);
}

function validateBinding(object: KubeObject): FieldErrorList {
  const { spec: it } = object as unknown as ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;
  const errors: FieldErrorList = [];
  if (!it?.policyName) errors.push(required(spec.child('policyName')));
  if (it?.paramRef) validateParamRef(errors, it.paramRef, spec.child('paramRef'));
  if (it?.matchResources) validateMatch(errors, it.matchResources, spec.child('matchResources'));
  if (object.kind !== 'ValidatingAdmissionPolicyBinding') return errors;
  const { validationActions: actions = [] } = (object as unknown as ValidatingAdmissionPolicyBinding).spec ?? {};
  const at = spec.child('validationActions');
  for (const [i, action] of actions.entries()) {
    if (!['Audit', 'Deny', 'Warn'].includes(action))
      errors.push(notSupported(at.index(i), action, ['Audit', 'Deny', 'Warn']));
    if (actions.indexOf(action) < i) errors.push(duplicate(at.index(i), action));
  }
  if (actions.includes('Deny') && actions.includes('Warn'))
    errors.push(
      invalid(
        at,
        actions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (actions.length === 0) errors.push(required(at, 'at least one validation action is required'));
  return errors;
}

const checks: Record<string, (object: KubeObject) => FieldErrorList> = {
  validatingwebhookconfigurations: validateWebhooks,
  mutatingwebhookconfigurations: validateWebhooks,
  validatingadmissionpolicies: validateValidatingPolicy,
  mutatingadmissionpolicies: validateMutatingPolicy,
  validatingadmissionpolicybindings: validateBinding,
  mutatingadmissionpolicybindings: validateBinding,
};

/** A strategy for the kinds of admission registration, laid over the general ones. */
export function registrationStrategyFor({ group, resource }: ResourceInfo): Strategy {
  const validate = group === 'admissionregistration.k8s.io' ? checks[resource] : undefined;
  return validate ? { validate, validateUpdate: validate } : {};
}
