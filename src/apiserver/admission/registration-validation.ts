// Webhook configurations, admission policies and their bindings as objects: what they must say (pkg/apis/admissionregistration/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooMany,
} from '../../api/field-error.ts';
import type {
  MatchCondition,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  Validation,
} from '../../api/generated/types.ts';
import { isDns1035Label, isDns1123Subdomain, isQualifiedName, isValidPathSegmentName } from '../../api/names.ts';
import { validateConditions as validateMetaConditions } from '../../api/validation/conditions.ts';
import { validateLabelSelector } from '../../api/validation/index.ts';
import { deepEqual, type KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import { compileExpression, type Scope } from './expressions.ts';
import { oneOf, selectors, validateMatch, validateRules } from './match-validation.ts';
import { expressionOf } from './policies/mutating.ts';
import { validateWebhookClient } from './webhook-client-validation.ts';

const spec = path('spec');
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
    if (name !== '' && names.has(name)) errors.push(duplicate(here.child('name'), name));
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
  if (wrong.length > 0) errors.push(invalid(at, name, wrong.join(',')));
  else if (name.split('.').length < 3)
    errors.push(invalid(at, name, 'should be a domain with at least three segments separated by dots'));
}

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

const noEffects = ['None', 'NoneOnDryRun'];
const knownVersion = (versions: readonly string[] = []) => versions.some((each) => each === 'v1' || each === 'v1beta1');

/** What an update finds already there may stay as it is. */
function tolerated(now: Configuration, old: Configuration | undefined) {
  const before = old?.webhooks ?? [];
  const webhooks = now.webhooks ?? [];
  return {
    effects: before.some(({ sideEffects }) => !noEffects.includes(sideEffects ?? '')),
    versions: before.some(
      (each) => (each.admissionReviewVersions ?? []).length > 0 && !knownVersion(each.admissionReviewVersions),
    ),
    names: new Set(before.map(({ name }) => name)).size < before.length,
    conditions:
      old !== undefined &&
      before.length === webhooks.length &&
      before.every((each, i) => deepEqual(each.matchConditions ?? [], webhooks[i]?.matchConditions ?? [])),
  };
}

function validateWebhooks(object: KubeObject, before?: KubeObject): FieldErrorList {
  const configuration = object as unknown as Configuration;
  const { webhooks = [], kind } = configuration;
  const fine = tolerated(configuration, before as unknown as Configuration | undefined);
  const errors: FieldErrorList = [];
  const names = new Set<string>();
  for (const [i, webhook] of webhooks.entries()) {
    const at = path('webhooks').index(i);
    fullName(errors, at.child('name'), webhook.name);
    validateRules(errors, webhook.rules, at.child('rules'));
    oneOf(errors, at.child('failurePolicy'), webhook.failurePolicy ?? 'Fail', ['Fail', 'Ignore']);
    oneOf(errors, at.child('matchPolicy'), webhook.matchPolicy ?? 'Exact', ['Equivalent', 'Exact']);
    const effects = fine.effects ? ['None', 'NoneOnDryRun', 'Some', 'Unknown'] : noEffects;
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
    if (!fine.conditions)
      validateConditions(errors, webhook.matchConditions, conditionScope(false), at.child('matchConditions'));
    reviewVersions(errors, webhook.admissionReviewVersions ?? [], at.child('admissionReviewVersions'), fine.versions);
    if (webhook.name && names.has(webhook.name) && !fine.names) errors.push(duplicate(at.child('name'), webhook.name));
    names.add(webhook.name);
  }
  return errors;
}

function reviewVersions(errors: FieldErrorList, versions: readonly string[], at: FieldPath, any: boolean): void {
  if (versions.length === 0) return void errors.push(required(at, 'must specify one of v1, v1beta1'));
  for (const [i, version] of versions.entries())
    if (versions.indexOf(version) < i) errors.push(invalid(at.index(i), version, 'duplicate version'));
    else for (const wrong of isDns1035Label(version)) errors.push(invalid(at.index(i), version, wrong));
  if (!any && !knownVersion(versions)) errors.push(invalid(at, versions, 'must include at least one of v1, v1beta1'));
}

type PolicySpec = Pick<
  ValidatingAdmissionPolicy['spec'],
  'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'
>;

const reserved =
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  );

function validateParamKind(errors: FieldErrorList, { apiVersion = '', kind = '' }: ParamKind, at: FieldPath): void {
  const where = at.child('apiVersion');
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (apiVersion === '') errors.push(required(where));
  else if (parts.length > 2) errors.push(invalid(where, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    const [version = '', group = ''] = [...parts].reverse();
    const wrongGroup = group === '' ? [] : isDns1123Subdomain(group);
    if (wrongGroup.length > 0) errors.push(invalid(where, group, wrongGroup.join(',')));
    const wrong = isDns1035Label(version);
    if (version === '') errors.push(invalid(where, apiVersion, 'version must be specified'));
    else if (wrong.length > 0) errors.push(invalid(where, version, wrong.join(',')));
  }
  const wrong = isDns1035Label(kind.toLowerCase());
  if (kind === '') errors.push(required(at.child('kind')));
  else if (wrong.length > 0)
    errors.push(invalid(at.child('kind'), kind, `may have mixed case, but should otherwise match: ${wrong.join(',')}`));
}

/** What both kinds of policy share. Returns the scope of the other expressions. */
function validatePolicySpec(errors: FieldErrorList, it: PolicySpec, mutation: boolean, old?: PolicySpec): Scope {
  oneOf(errors, spec.child('failurePolicy'), it.failurePolicy, ['Fail', 'Ignore']);
  if (it.paramKind) validateParamKind(errors, it.paramKind, spec.child('paramKind'));
  const at = spec.child('matchConstraints');
  if (!it.matchConstraints) errors.push(required(at));
  else {
    validateMatch(errors, it.matchConstraints, at);
    if (!it.matchConstraints.resourceRules?.length) errors.push(required(at.child('resourceRules')));
  }
  const params = it.paramKind !== undefined;
  const sameConditions =
    old &&
    deepEqual(old.paramKind ?? null, it.paramKind ?? null) &&
    deepEqual(old.matchConditions ?? [], it.matchConditions ?? []);
  if (!sameConditions)
    validateConditions(errors, it.matchConditions, conditionScope(params), spec.child('matchConditions'));
  const variables = new Map<string, { kind: 'dyn' }>();
  const scope: Scope = { params, authorizer: true, variables: variables as Scope['variables'], mutation };
  for (const [i, { name, expression }] of (it.variables ?? []).entries()) {
    const here = spec.child('variables').index(i);
    if (!name?.trim()) errors.push(required(here.child('name'), 'name is not specified'));
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || reserved.includes(name))
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

const maxAnnotations = 20;
const maxAnnotationText = 5 * 1024;

function validateValidatingPolicy(object: KubeObject, old?: KubeObject): FieldErrorList {
  const { spec: it, metadata } = object as unknown as ValidatingAdmissionPolicy;
  const errors: FieldErrorList = [];
  const scope = validatePolicySpec(errors, it, false, (old as unknown as ValidatingAdmissionPolicy | undefined)?.spec);
  const { validations = [], auditAnnotations = [] } = it;
  if (validations.length === 0 && auditAnnotations.length === 0)
    for (const name of ['validations', 'auditAnnotations'])
      errors.push(required(spec.child(name), 'validations or auditAnnotations must contain at least one item'));
  for (const [i, validation] of validations.entries())
    validateValidation(errors, validation, scope, spec.child('validations').index(i));
  if (auditAnnotations.length > maxAnnotations)
    errors.push(
      invalid(
        spec.child('auditAnnotations'),
        auditAnnotations.map(({ key, valueExpression }) => ({ Key: key, ValueExpression: valueExpression })),
        `must not have more than ${maxAnnotations} auditAnnotations`,
      ),
    );
  const keys = new Set<string>();
  for (const [i, { key, valueExpression }] of auditAnnotations.entries()) {
    const at = spec.child('auditAnnotations').index(i);
    for (const wrong of isQualifiedName(`${metadata.name}/${key}`))
      errors.push(invalid(at.child('key'), `${metadata.name}/${key}`, wrong));
    if (!valueExpression.trim()) errors.push(required(at.child('valueExpression'), 'valueExpression is not specified'));
    else if (valueExpression.trim().length > maxAnnotationText)
      errors.push(required(at.child('valueExpression'), `must not exceed ${maxAnnotationText} bytes in length`));
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
  const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(at.child('reason'), reason, reasons));
}

function validateMutatingPolicy(object: KubeObject, old?: KubeObject): FieldErrorList {
  const it = (object as unknown as MutatingAdmissionPolicy).spec ?? {};
  const errors: FieldErrorList = [];
  const scope = validatePolicySpec(errors, it, true, (old as unknown as MutatingAdmissionPolicy | undefined)?.spec);
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
  const { name, selector, parameterNotFoundAction: action } = ref;
  const both = 'name and selector are mutually exclusive';
  if (name) {
    for (const wrong of isValidPathSegmentName(name)) errors.push(invalid(at.child('name'), name, wrong));
    if (selector) errors.push(forbidden(at.child('name'), both));
  }
  if (selector) {
    validateLabelSelector(errors, selector, at.child('selector'));
    if (name) errors.push(forbidden(at.child('selector'), both));
  }
  if (!name && !selector) errors.push(required(at, 'one of name or selector must be specified'));
  if (!action) errors.push(required(at.child('parameterNotFoundAction')));
  else oneOf(errors, at.child('parameterNotFoundAction'), action, ['Deny', 'Allow']);
}

function validateBinding(object: KubeObject): FieldErrorList {
  const { spec: it } = object as unknown as ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;
  const errors: FieldErrorList = [];
  if (!it?.policyName) errors.push(required(spec.child('policyName')));
  else
    for (const wrong of isDns1123Subdomain(it.policyName))
      errors.push(invalid(spec.child('policyName'), it.policyName, wrong));
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

/** What the type checker has to say, and conditions. */
function validatePolicyStatus(object: KubeObject): FieldErrorList {
  const { status } = object as unknown as ValidatingAdmissionPolicy;
  const errors: FieldErrorList = [];
  const at = path('status');
  for (const [i, { warning, fieldRef }] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const here = at.child('typeChecking', 'expressionWarnings').index(i);
    if (!warning) errors.push(required(here.child('warning')));
    if (!fieldRef?.trim()) errors.push(required(here.child('fieldRef')));
  }
  validateMetaConditions(errors, status?.conditions, at.child('conditions'));
  return errors;
}

const checks: Record<string, (object: KubeObject, old?: KubeObject) => FieldErrorList> = {
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
  if (!validate) return {};
  const status = resource === 'validatingadmissionpolicies' ? { validateStatus: validatePolicyStatus } : {};
  return {
    requireResourceVersion: true,
    validate: (object) => validate(object),
    validateUpdate: (object, old) => validate(object, old),
    ...status,
  };
}
