import { beforeAll, expect, test } from 'vitest';
import { renderErrors } from '../../api/field-error.ts';
import type { KubeObject } from '../object.ts';
import { type Harness, startHarness } from '../testing/harness.ts';
import { reviewErrors } from './review-validation.ts';

const plain = { path: '/x', verb: 'get' };
const at = 'spec.resourceAttributes';

test.each<['SubjectAccessReview' | 'LocalSubjectAccessReview' | 'SelfSubjectAccessReview', object, string]>([
  ['SelfSubjectAccessReview', { spec: { resourceAttributes: { verb: 'get' } } }, '[]'],
  [
    'SelfSubjectAccessReview',
    {},
    `${at}: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified`,
  ],
  [
    'SubjectAccessReview',
    { spec: { resourceAttributes: {}, nonResourceAttributes: plain } },
    '[spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with resourceAttributes, spec.user: Invalid value: "": at least one of user or group must be specified]',
  ],
  [
    'SelfSubjectAccessReview',
    { metadata: { name: 'n' }, spec: { nonResourceAttributes: plain } },
    'metadata: Invalid value: {"name":"n"}: must be empty',
  ],
  [
    'LocalSubjectAccessReview',
    { metadata: { namespace: 'a' }, spec: { user: 'u', resourceAttributes: { namespace: 'b' } } },
    `${at}.namespace: Invalid value: "b": must match metadata.namespace`,
  ],
  [
    'LocalSubjectAccessReview',
    { spec: { user: 'u', nonResourceAttributes: plain } },
    'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request',
  ],
  [
    'SelfSubjectAccessReview',
    {
      spec: {
        resourceAttributes: {
          fieldSelector: {},
          labelSelector: { rawSelector: 'a', requirements: [{ key: 'k', operator: 'In' }] },
        },
      },
    },
    `[${at}.fieldSelector.requirements: Required value: when ${at}.fieldSelector is specified, requirements or rawSelector is required, ${at}.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements, ${at}.labelSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn']`,
  ],
])('%s %j', (kind, review, message) => {
  const object = { metadata: { name: '' }, ...review } as KubeObject;
  expect(renderErrors(reviewErrors(kind, object, 'a'))).toBe(message);
});

let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness();
});

test('a review that is none says so', async () => {
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const { code, body } = await cluster.call('POST', path, { spec: { nonResourceAttributes: plain } });
  expect([code, body.message]).toEqual([
    422,
    '.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
  ]);
});

test('tokens are for the account they are asked for, and for what runs as it', async () => {
  const core = '/api/v1/namespaces/default';
  await cluster.call('POST', `${core}/serviceaccounts`, { metadata: { name: 'me' } });
  await cluster.call('POST', `${core}/serviceaccounts`, { metadata: { name: 'you' } });
  const spec = { serviceAccountName: 'you', containers: [{ name: 'c', image: 'i' }] };
  expect((await cluster.call('POST', `${core}/pods`, { metadata: { name: 'p' }, spec })).code).toBe(201);
  const ask = async (request: object) => {
    const { code, body } = await cluster.call('POST', `${core}/serviceaccounts/me/token`, request);
    return [code, body.message];
  };
  const bound = (reference: object) => ask({ spec: { audiences: [], boundObjectRef: reference } });
  expect(await ask({ metadata: { name: 'you' } })).toEqual([
    422,
    'TokenRequest.authentication.k8s.io "me" is invalid: metadata.name: Invalid value: "you": must match the service account name if specified',
  ]);
  expect(await bound({ apiVersion: 'v1', kind: 'Pod', name: 'p' })).toEqual([
    400,
    'cannot bind token for serviceaccount "me" to pod running with different serviceaccount name.',
  ]);
  expect(await bound({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'p' })).toEqual([
    400,
    'cannot bind token to object of type apps/v1, Kind=Deployment',
  ]);
  expect(await bound({ apiVersion: 'v1', kind: 'Secret', name: 'none' })).toEqual([404, 'secrets "none" not found']);
  expect(await bound({ kind: 'Pod' })).toEqual([400, 'Name parameter required.']);
});
