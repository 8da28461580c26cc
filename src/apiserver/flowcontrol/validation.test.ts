import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

const api = '/apis/flowcontrol.apiserver.k8s.io/v1';
const merge = { 'content-type': 'application/merge-patch+json' };
let cluster: Harness;
beforeAll(async () => {
  cluster = await startHarness();
});

const subjects = [{ kind: 'User', user: { name: 'ann' } }];
const nonResourceRules = [{ verbs: ['get'], nonResourceURLs: ['/x'] }];
const schema = (spec: object) => ({
  metadata: { name: 'mine' },
  spec: {
    priorityLevelConfiguration: { name: 'system' },
    matchingPrecedence: 5,
    rules: [{ subjects, nonResourceRules }],
    ...spec,
  },
});
const withRule = (rule: object) => schema({ rules: [{ subjects, nonResourceRules, ...rule }] });
const withResources = (rule: object) =>
  withRule({ resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'], ...rule }] });
const queuing = (more: object) => ({
  type: 'Queue',
  queuing: { queues: 64, handSize: 6, queueLengthLimit: 50, ...more },
});
const level = (spec: object) => ({ metadata: { name: 'mine' }, spec });
const limited = (more: object) =>
  level({ type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' }, ...more } });

test.each<[string, object, string]>([
  [
    'flowschemas',
    schema({ matchingPrecedence: -1 }),
    'spec.matchingPrecedence: Invalid value: -1: must be a positive value',
  ],
  [
    'flowschemas',
    schema({ matchingPrecedence: 10001 }),
    'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
  ],
  [
    'flowschemas',
    schema({ matchingPrecedence: 1 }),
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ],
  [
    'flowschemas',
    schema({ priorityLevelConfiguration: { name: '' } }),
    'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
  ],
  [
    'flowschemas',
    schema({ distinguisherMethod: { type: 'ByMood' } }),
    'spec.distinguisherMethod.type: Unsupported value: {"type":"ByMood"}: supported values: "ByNamespace", "ByUser"',
  ],
  [
    'flowschemas',
    withRule({ subjects: [] }),
    'spec.rules[0].subjects: Required value: subjects must contain at least one value',
  ],
  [
    'flowschemas',
    withRule({ nonResourceRules: [] }),
    'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ],
  [
    'flowschemas',
    withRule({ subjects: [{ kind: 'Robot' }] }),
    'spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
  ],
  [
    'flowschemas',
    withRule({ subjects: [{ kind: 'User', group: { name: 'g' } }] }),
    "[spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User', spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group']",
  ],
  [
    'flowschemas',
    withRule({ subjects: [{ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '' } }] }),
    'spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
  ],
  [
    'flowschemas',
    withResources({ verbs: ['*', 'get'] }),
    `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
  ],
  [
    'flowschemas',
    withResources({ verbs: ['look'] }),
    'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["look"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
  ],
  [
    'flowschemas',
    withResources({ namespaces: [] }),
    'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
  ],
  [
    'flowschemas',
    withRule({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['x', '/a//b', '/a*', '/ok/*'] }] }),
    '[spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash, spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a//b": must not contain double slash, spec.rules[0].nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a*": wildcard can only do suffix matching]',
  ],
  [
    'prioritylevelconfigurations',
    level({ type: 'Exempt' }),
    `spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`,
  ],
  [
    'prioritylevelconfigurations',
    level({ type: 'Some' }),
    'spec.type: Unsupported value: "Some": supported values: "Exempt", "Limited"',
  ],
  [
    'prioritylevelconfigurations',
    level({ type: 'Limited' }),
    'spec.limited: Required value: must not be empty when type is Limited',
  ],
  [
    'prioritylevelconfigurations',
    limited({ nominalConcurrencyShares: -1 }),
    'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
  ],
  [
    'prioritylevelconfigurations',
    limited({ lendablePercent: 101 }),
    'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
  ],
  [
    'prioritylevelconfigurations',
    limited({ limitResponse: { type: 'Queue' } }),
    'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited',
  ],
  [
    'prioritylevelconfigurations',
    limited({ limitResponse: queuing({ queues: -1 }) }),
    '[spec.limited.limitResponse.queuing.queues: Invalid value: -1: must be positive, spec.limited.limitResponse.queuing.handSize: Invalid value: 6: should not be greater than queues (-1)]',
  ],
  [
    'prioritylevelconfigurations',
    limited({ limitResponse: queuing({ queues: 512, handSize: 8 }) }),
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60',
  ],
])('%s: %j', async (plural, object, message) => {
  const { code, body } = await cluster.call('POST', `${api}/${plural}`, object);
  expect(code).toBe(422);
  expect(body.message.replace(/^.*? is invalid: /, '')).toBe(message);
});

test('what everybody must have cannot be defined away', async () => {
  const change = async (path: string, spec: object) => {
    const { code, body } = await cluster.call('PATCH', `${api}/${path}`, { spec }, merge);
    return code === 422 ? body.message.replace(/^.*: /, '') : code;
  };
  expect(await change('flowschemas/catch-all', { matchingPrecedence: 99 })).toBe(
    "spec of 'catch-all' must equal the fixed value",
  );
  expect(await change('prioritylevelconfigurations/catch-all', { limited: { nominalConcurrencyShares: 9 } })).toBe(
    "spec of 'catch-all' must equal the fixed value",
  );
  expect(await change('prioritylevelconfigurations/exempt', { exempt: { nominalConcurrencyShares: 9 } })).toBe(200);
  expect(await change('flowschemas/probes', { matchingPrecedence: 3 })).toBe(200);
});
