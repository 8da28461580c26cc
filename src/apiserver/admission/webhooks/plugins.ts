// MutatingAdmissionWebhook and ValidatingAdmissionWebhook (apiserver/pkg/admission/plugin/webhook).
//
// Invariants: mutating webhooks are called one after another in the order of their configurations' names, each seeing what those before it made;
// validating ones all at once; a webhook with side effects is not called in a dry run.

import { matchConditionsBudget } from '../../../api/cel/index.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  Status,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/generated/types.ts';
import { ApiError, newBadRequest, newForbidden, newInternalError } from '../../../api/status.ts';
import { deepEqual, type KubeObject } from '../../object.ts';
import type { Core } from '../../server/core.ts';
import { patchObject } from '../../server/machinery.ts';
import type { AdmissionAttributes, AdmissionPlugin, Calls } from '../admission.ts';
import { conditionsHold, Evaluation, prepare } from '../expressions.ts';
import { type Criteria, convert, isExempt, type Matched, match, namespaceOf } from '../matching.ts';
import { listCached } from '../policies/policy.ts';
import { type Answer, CallError, callWebhook } from './call.ts';

type Webhook = ValidatingWebhook | MutatingWebhook;

const criteriaOf = (webhook: Webhook): Criteria => ({
  rules: webhook.rules ?? [],
  exclude: [],
  matchPolicy: webhook.matchPolicy,
  namespaceSelector: webhook.namespaceSelector,
  objectSelector: webhook.objectSelector,
});

const plainScope = { params: false, authorizer: true, variables: new Map() };

/** What the webhook is to be asked about, or undefined if it is not concerned. Throws Forbidden when its conditions cannot be told. */
async function concerned(core: Core, webhook: Webhook, attributes: AdmissionAttributes): Promise<Matched | undefined> {
  const { catalog, authorizer } = core;
  // A webhook that names nothing is for nothing; a policy's rules may be left out.
  if (!webhook.rules?.length) return undefined;
  const matched = await match(catalog, criteriaOf(webhook), attributes);
  if (!matched || !webhook.matchConditions?.length) return matched;
  const { resource, namespace: name } = attributes;
  const namespace = resource.namespaced && name ? await namespaceOf(catalog, name) : undefined;
  const inputs = { attributes, matched, params: undefined, namespace, authorizer };
  const conditions = webhook.matchConditions.map(({ expression }) => prepare(expression, plainScope, ['bool']));
  try {
    const evaluation = new Evaluation(inputs, new Map(), matchConditionsBudget);
    return conditionsHold(evaluation, conditions, webhook.failurePolicy !== 'Ignore') ? matched : undefined;
  } catch (error) {
    throw newForbidden(resource.groupResource, attributes.name, (error as Error).message);
  }
}

/** Calls the webhook and takes its warnings and notes. Undefined: it could not be asked, and that does not matter. Throws its refusal. */
async function ask(
  core: Core,
  webhook: Webhook,
  attributes: AdmissionAttributes,
  matched: Matched,
  mutating: boolean,
): Promise<Answer | undefined> {
  const { context, dryRun } = attributes;
  if (dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun')
    throw newBadRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`);
  try {
    const answer = await callWebhook(core, webhook, attributes, matched, mutating);
    for (const warning of answer.warnings) context.warnings.add(warning);
    for (const [key, value] of Object.entries(answer.annotations))
      context.annotations?.set(`${webhook.name}/${key}`, value);
    if (!answer.allowed) throw refusal(webhook.name, answer.status);
    return answer;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (webhook.failurePolicy === 'Ignore') return undefined;
    throw newInternalError(`failed calling webhook ${JSON.stringify(webhook.name)}: ${error.message}`);
  }
}

function refusal(name: string, given: Status | undefined): ApiError {
  const start = `admission webhook ${JSON.stringify(name)} denied the request`;
  const message = given?.message
    ? `${start}: ${given.message}`
    : given?.reason
      ? `${start}: ${given.reason}`
      : `${start} without explanation`;
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    ...given,
    metadata: given?.metadata ?? {},
    status: 'Failure',
    message,
    code: (given?.code ?? 0) < 400 ? 400 : (given?.code as number),
  });
}

export function mutatingWebhooks(core: () => Core): AdmissionPlugin {
  return {
    name: 'MutatingAdmissionWebhook',
    mutate(attributes) {
      const configurations = listCached<MutatingWebhookConfiguration>(core().catalog, 'mutatingwebhookconfigurations');
      if (configurations.length === 0 || isExempt(attributes)) return undefined;
      return mutateAll(core(), attributes, configurations);
    },
  };
}

async function mutateAll(
  core: Core,
  attributes: AdmissionAttributes,
  configurations: readonly MutatingWebhookConfiguration[],
): Promise<KubeObject | undefined> {
  const calls = attributes.rounds?.of('MutatingAdmissionWebhook');
  let { object } = attributes;
  calls?.begin(object);
  for (const { metadata, webhooks } of configurations)
    for (const webhook of webhooks ?? [])
      object = await mutate(core, webhook, { ...attributes, object }, `${metadata.name} ${webhook.name}`, calls);
  calls?.end(object);
  return object;
}

async function mutate(
  core: Core,
  webhook: MutatingWebhook,
  attributes: AdmissionAttributes,
  key: string,
  calls: Calls | undefined,
): Promise<KubeObject | undefined> {
  const { resource, object } = attributes;
  const matched = await concerned(core, webhook, attributes);
  if (!matched || calls?.skips(key)) return object;
  const answer = await ask(core, webhook, attributes, matched, true);
  let out = object;
  if (answer?.patch !== undefined && answer.patch !== '[]') {
    if (!matched.object)
      throw newInternalError(
        `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
      );
    let changed: KubeObject;
    try {
      changed = patchObject(
        matched.resource,
        'application/json-patch+json',
        matched.object,
        answer.patch,
        'Ignore',
        new Set(),
      );
    } catch (error) {
      throw newInternalError((error as Error).message);
    }
    out = await convert(changed, matched.resource, resource);
  }
  calls?.called(key, webhook.reinvocationPolicy === 'IfNeeded', out !== object && !deepEqual(out, object));
  return out;
}

export function validatingWebhooks(core: () => Core): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    validate(attributes) {
      const configurations = listCached<ValidatingWebhookConfiguration>(
        core().catalog,
        'validatingwebhookconfigurations',
      );
      if (configurations.length === 0 || isExempt(attributes)) return;
      return validateAll(core(), attributes, configurations);
    },
  };
}

async function validateAll(
  core: Core,
  attributes: AdmissionAttributes,
  configurations: readonly ValidatingWebhookConfiguration[],
): Promise<void> {
  const calls: Promise<unknown>[] = [];
  for (const webhook of configurations.flatMap(({ webhooks }) => webhooks ?? [])) {
    const matched = await concerned(core, webhook, attributes);
    if (matched) calls.push(ask(core, webhook, attributes, matched, false));
  }
  const results = await Promise.allSettled(calls);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
