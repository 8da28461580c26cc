import { expect, test } from 'vitest';
import { renderErrors } from '../../api/field-error.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { registrationStrategyFor } from './registration-validation.ts';

const strategy = (resource: string) =>
  registrationStrategyFor({ group: 'admissionregistration.k8s.io', resource } as ResourceInfo);
const named = (kind: string, object: object) => ({ kind, metadata: { name: 'x' }, ...object }) as unknown as KubeObject;
const kinds: Record<string, string> = {
  validatingwebhookconfigurations: 'ValidatingWebhookConfiguration',
  validatingadmissionpolicies: 'ValidatingAdmissionPolicy',
  validatingadmissionpolicybindings: 'ValidatingAdmissionPolicyBinding',
};
const judge = (resource: string, object: object) =>
  renderErrors(strategy(resource).validate?.(named(kinds[resource] as string, object)) ?? []);
const rejudge = (resource: string, old: object, now: object) => {
  const kind = kinds[resource] as string;
  return renderErrors(strategy(resource).validateUpdate?.(named(kind, now), named(kind, old)) ?? []);
};

const rule = (more: object = {}) => ({
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  ...more,
});
const hook = (more: object = {}) => ({
  name: 'a.b.c',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  clientConfig: { url: 'https://a/b' },
  rules: [rule()],
  ...more,
});
const hooks = (...list: object[]) => ({ webhooks: list });
const withRule = (more: object) => hooks(hook({ rules: [rule(more)] }));
const at = 'webhooks[0]';
const here = `${at}.rules[0]`;

test.each<[object, unknown]>([
  [hooks(hook()), '[]'],
  [
    hooks(hook({ name: 'a.b' })),
    `${at}.name: Invalid value: "a.b": should be a domain with at least three segments separated by dots`,
  ],
  [hooks(hook(), hook()), 'webhooks[1].name: Duplicate value: "a.b.c"'],
  [
    hooks(hook({ sideEffects: 'Some' })),
    `${at}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
  ],
  [
    hooks(hook({ timeoutSeconds: 31 })),
    `${at}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
  ],
  [
    hooks(hook({ admissionReviewVersions: ['v7', 'v7', 'V'] })),
    expect.stringMatching(
      /^\[webhooks\[0\].admissionReviewVersions\[1\]: Invalid value: "v7": duplicate version, webhooks\[0\].admissionReviewVersions\[2\]: Invalid value: "V": a DNS-1035 label .*, webhooks\[0\].admissionReviewVersions: Invalid value: \["v7","v7","V"\]: must include at least one of v1, v1beta1\]$/,
    ),
  ],
  [hooks(hook({ clientConfig: { service: { name: 's' } } })), `${at}.clientConfig.service.name: Required value`],
  [
    hooks(hook({ clientConfig: { service: { name: 's', namespace: 'n', path: 'a/b//c' } } })),
    `[${at}.clientConfig.service.path: Invalid value: "a/b//c": must start with a '/', ${at}.clientConfig.service.path: Invalid value: "a/b//c": segment[0] may not be empty, ${at}.clientConfig.service.path: Invalid value: "a/b//c": segment[2] may not be empty]`,
  ],
  [
    withRule({ operations: ['*', 'LOOK'] }),
    `[${here}.operations: Invalid value: ["*","LOOK"]: if '*' is present, must not specify other operations, ${here}.operations[1]: Unsupported value: "LOOK": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"]`,
  ],
  [
    withRule({ resources: ['*', 'pods'] }),
    `${here}.resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
  ],
  [withRule({ resources: ['pods', '*'] }), '[]'],
  [
    withRule({ resources: ['pods/*', 'pods/log', ''] }),
    `[${here}.resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log, ${here}.resources[2]: Required value]`,
  ],
])('webhooks %#', (object, message) => expect(judge('validatingwebhookconfigurations', object)).toEqual(message));

const never = { matchConditions: [{ name: 'n', expression: 'nonsense' }] };
test.each<[object, object, unknown]>([
  [hook({ sideEffects: 'Some' }), hook({ sideEffects: 'Unknown' }), '[]'],
  [hook({ admissionReviewVersions: ['v7'] }), hook({ admissionReviewVersions: ['v8'] }), '[]'],
  [hook(never), hook({ ...never, timeoutSeconds: 3 }), '[]'],
  [hook(), hook(never), expect.stringContaining(`${at}.matchConditions[0].expression: Invalid value: "nonsense"`)],
])('an update of webhooks %#', (old, now, message) =>
  expect(rejudge('validatingwebhookconfigurations', hooks(old), hooks(now))).toEqual(message),
);

const constraints = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, resourceRules: [rule()] };
const policy = (more: object = {}) => ({
  spec: { failurePolicy: 'Fail', matchConstraints: constraints, validations: [{ expression: 'true' }], ...more },
});
const annotation = { key: 'k', valueExpression: "'v'" };
test.each<[object, unknown]>([
  [policy(), '[]'],
  [
    policy({ paramKind: { apiVersion: 'a/b/c', kind: 'K' } }),
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ],
  [
    policy({ paramKind: { apiVersion: 'a.io/', kind: 'K' } }),
    'spec.paramKind.apiVersion: Invalid value: "a.io/": version must be specified',
  ],
  [
    policy({ paramKind: { apiVersion: 'v1', kind: '1K' } }),
    expect.stringMatching(
      /^spec.paramKind.kind: Invalid value: "1K": may have mixed case, but should otherwise match: a DNS-1035 label/,
    ),
  ],
  [
    policy({ variables: [{ name: 'in', expression: 'true' }] }),
    'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
  ],
  [
    policy({ validations: [{ expression: 'true', reason: 'Unauthorized' }] }),
    'spec.validations[0].reason: Unsupported value: "Unauthorized": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
  ],
  [
    policy({ auditAnnotations: Array.from({ length: 21 }, (_, i) => ({ ...annotation, key: `k${i}` })) }),
    expect.stringMatching(
      /^spec.auditAnnotations: Invalid value: \[\{"Key":"k0","ValueExpression":"'v'"\},.*: must not have more than 20 auditAnnotations$/,
    ),
  ],
  [
    policy({ auditAnnotations: [{ ...annotation, valueExpression: `'${'v'.repeat(5200)}'` }] }),
    'spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length',
  ],
  [
    policy({ matchConstraints: { ...constraints, resourceRules: [rule({ resourceNames: ['a/b', 'c', 'c'] })] } }),
    `[spec.matchConstraints.resourceRules[0].resourceNames[0]: Invalid value: "a/b": may not contain '/', spec.matchConstraints.resourceRules[0].resourceNames[2]: Duplicate value: "c"]`,
  ],
])('policies %#', (object, message) => expect(judge('validatingadmissionpolicies', object)).toEqual(message));

const binding = (more: object = {}) => ({ spec: { policyName: 'p', validationActions: ['Deny'], ...more } });
test.each<[object, unknown]>([
  [binding(), '[]'],
  [
    binding({ policyName: 'P' }),
    expect.stringMatching(/^spec.policyName: Invalid value: "P": a lowercase RFC 1123 subdomain/),
  ],
  [
    binding({ paramRef: { name: 'a/b', selector: {}, parameterNotFoundAction: 'Cry' } }),
    `[spec.paramRef.name: Invalid value: "a/b": may not contain '/', spec.paramRef.name: Forbidden: name and selector are mutually exclusive, spec.paramRef.selector: Forbidden: name and selector are mutually exclusive, spec.paramRef.parameterNotFoundAction: Unsupported value: "Cry": supported values: "Deny", "Allow"]`,
  ],
  [binding({ validationActions: ['Deny', 'Deny'] }), 'spec.validationActions[1]: Duplicate value: "Deny"'],
])('bindings %#', (object, message) => expect(judge('validatingadmissionpolicybindings', object)).toEqual(message));

test('what the type checker says has a place', () => {
  const status = { typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] } };
  const object = named('ValidatingAdmissionPolicy', { ...policy(), status });
  expect(renderErrors(strategy('validatingadmissionpolicies').validateStatus?.(object, object) ?? [])).toBe(
    '[status.typeChecking.expressionWarnings[0].warning: Required value, status.typeChecking.expressionWarnings[0].fieldRef: Required value]',
  );
});
