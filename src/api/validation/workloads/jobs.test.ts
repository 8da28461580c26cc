import { expect, test } from 'vitest';
import { generated, indexed, job, jobTemplate } from './testing/jobs.ts';
import { created, updated } from './testing/load.ts';

const at = 'spec.template.metadata.labels';
const rule = (more: object) => job({ podFailurePolicy: { rules: [{ action: 'Count', ...more }] } });
const success = (...rules: object[]) => indexed({ successPolicy: { rules } });
const path = 'spec.podFailurePolicy.rules[0]';

test.each<[object, string]>([
  [job(), '[]'],
  [indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 5 }), '[]'],
  [
    job({ parallelism: -1, ttlSecondsAfterFinished: -2 }),
    '[spec.parallelism: Invalid value: -1: must be greater than or equal to 0, spec.ttlSecondsAfterFinished: Invalid value: -2: must be greater than or equal to 0]',
  ],
  [
    job({ template: jobTemplate({ restartPolicy: 'Always' }) }),
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    job({ template: jobTemplate({ restartPolicy: 'OnFailure' }), podFailurePolicy: { rules: [] } }),
    'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
  ],
  [
    job({ template: jobTemplate({}, { ...generated, 'job-name': 'mine' }) }),
    `${at}[job-name]: Invalid value: {"controller-uid":"u","job-name":"mine","batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"x"}: must be 'x'`,
  ],
  [
    job({ selector: { matchLabels: { a: 'b' } }, template: jobTemplate({}, { ...generated, a: 'b' }) }),
    'spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` not auto-generated',
  ],
  [job({ manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: jobTemplate({}, { a: 'b' }) }), '[]'],
  [
    job({ manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: jobTemplate({}, { a: 'c' }) }),
    `${at}: Invalid value: {"a":"c"}: \`selector\` does not match template \`labels\``,
  ],
  [job({ managedBy: 'acme.io/foo' }), '[]'],
  [
    job({ managedBy: 'foo' }),
    'spec.managedBy: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")',
  ],
  [job({ managedBy: `acme.io/${'x'.repeat(60)}` }), 'spec.managedBy: Too long: may not be more than 63 bytes'],
  [
    job({ completionMode: 'Some' }),
    'spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"',
  ],
  [
    job({ completionMode: 'Indexed', parallelism: 1 }),
    'spec.completions: Required value: when completion mode is Indexed',
  ],
  [
    indexed({ parallelism: 100_001 }),
    'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
  ],
  [job({ backoffLimitPerIndex: 1 }), 'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
  [
    job({ maxFailedIndexes: 1 }),
    '[spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified, spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode]',
  ],
  [
    indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 6 }),
    'spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions',
  ],
  [
    indexed({ completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1 }),
    '[spec.maxFailedIndexes: Required value: must be specified when completions is above 100000, spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index]',
  ],
  [
    { ...indexed(), metadata: { name: 'x.y', namespace: 'n', uid: 'u' } },
    expect.stringContaining(
      'metadata.name: Invalid value: "x.y": will not able to create pod with invalid DNS label: x.y-4',
    ),
  ],
  [
    job({ podReplacementPolicy: 'Later' }),
    'spec.podReplacementPolicy: Unsupported value: "Later": supported values: "Failed", "TerminatingOrFailed"',
  ],
  [
    job({ podReplacementPolicy: 'TerminatingOrFailed', podFailurePolicy: { rules: [] } }),
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ],
  [rule({ onExitCodes: { operator: 'In', values: [1, 2], containerName: 'c' } }), '[]'],
  [rule({}), `${path}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`],
  [
    rule({ onExitCodes: { operator: 'In', values: [1] }, onPodConditions: [{ type: 'Ready' }] }),
    `${path}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`,
  ],
  [
    rule({ action: 'Sing', onPodConditions: [{ type: 'Ready', status: 'Maybe' }] }),
    `[${path}.action: Unsupported value: "Sing": supported values: "Count", "FailIndex", "FailJob", "Ignore", ${path}.onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"]`,
  ],
  [
    rule({ action: '', onPodConditions: [{ type: 'Ready' }] }),
    `${path}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`,
  ],
  [
    rule({ action: 'FailIndex', onPodConditions: [{ type: 'Ready' }] }),
    `${path}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
  ],
  [
    rule({ onExitCodes: { operator: 'In', values: [3, 0, 0], containerName: 'd' } }),
    `[${path}.onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template, ${path}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator, ${path}.onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator, ${path}.onExitCodes.values[2]: Duplicate value: 0, ${path}.onExitCodes.values: Invalid value: [3,0,0]: must be ordered]`,
  ],
  [
    rule({ onExitCodes: { operator: '', values: [] } }),
    `[${path}.onExitCodes.operator: Required value: valid values: ["In" "NotIn"], ${path}.onExitCodes.values: Invalid value: []: at least one value is required]`,
  ],
  [
    job({
      podFailurePolicy: {
        rules: Array.from({ length: 21 }, () => ({ action: 'Count', onPodConditions: [{ type: 'Ready' }] })),
      },
    }),
    'spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items',
  ],
  [success({ succeededIndexes: '0-2,4', succeededCount: 4 }), '[]'],
  [
    success(),
    'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
  ],
  [
    success({}),
    'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
  ],
  [
    job({ successPolicy: { rules: [{ succeededCount: 1 }] } }),
    'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
  ],
  [
    success({ succeededIndexes: '1,5' }),
    'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "1,5": error parsing succeededIndexes: too large index: "5"',
  ],
  [
    success({ succeededIndexes: '0-1', succeededCount: 6 }),
    '[spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions), spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)]',
  ],
])('%j', (value, message) => expect(created('Job', value)).toEqual(message));

const held = (more: object = {}, status: object = {}) => ({ ...job({ suspend: true, ...more }), status });
const affinity = (kind: string) => ({
  [kind]: {
    requiredDuringSchedulingIgnoredDuringExecution:
      kind === 'nodeAffinity'
        ? { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] }
        : [{ topologyKey: 'zone' }],
  },
});
const resources = { requests: { cpu: '1' } };
const started = '2026-01-01T00:00:00Z';

test.each<[object, object, string | RegExp]>([
  [job(), job({ parallelism: 3, completions: 1, activeDeadlineSeconds: 9, suspend: true }), '[]'],
  [job({ completions: 2 }), job({ completions: 3 }), 'spec.completions: Invalid value: 3: field is immutable'],
  [indexed(), indexed({ completions: 3, parallelism: 3 }), '[]'],
  [
    indexed(),
    indexed({ completions: 3 }),
    'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
  ],
  [
    indexed(),
    job({ completions: 5, parallelism: 5 }),
    'spec.completionMode: Invalid value: "NonIndexed": field is immutable',
  ],
  [job(), job({ managedBy: 'acme.io/foo' }), 'spec.managedBy: Invalid value: "acme.io/foo": field is immutable'],
  [job(), job({ podFailurePolicy: { rules: [] } }), /^spec.podFailurePolicy: Invalid value: .*: field is immutable$/],
  [
    job(),
    job({ template: jobTemplate({ nodeSelector: { a: 'b' } }) }),
    /^spec.template: Invalid value: .*: field is immutable$/,
  ],
  [held(), held({ template: jobTemplate({ nodeSelector: { a: 'b' }, affinity: affinity('nodeAffinity') }) }), '[]'],
  [held({ template: jobTemplate({ affinity: affinity('nodeAffinity') }) }), held(), '[]'],
  [
    held(),
    held({ template: jobTemplate({ affinity: affinity('podAffinity') }) }),
    /^spec.template: Invalid value: .*: field is immutable$/,
  ],
  [held(), held({ template: jobTemplate({}, { ...generated, more: 'x' }) }), '[]'],
  [held(), held({ template: jobTemplate({ containers: [{ name: 'c', image: 'nginx', resources }] }) }), '[]'],
  [
    held(),
    held({ template: jobTemplate({ containers: [{ name: 'c', image: 'other' }] }) }),
    /^spec.template: .*: field is immutable$/,
  ],
  [
    held({}, { startTime: started, active: 1 }),
    held({ template: jobTemplate({ nodeSelector: { a: 'b' } }) }),
    /^spec.template: .*: field is immutable$/,
  ],
  [held({}, { startTime: started }), held({ template: jobTemplate({ nodeSelector: { a: 'b' } }) }), '[]'],
  [
    job({
      template: jobTemplate({}, { 'controller-uid': 'u', 'job-name': 'x' }),
      selector: { matchLabels: { 'controller-uid': 'u' } },
    }),
    job({
      template: jobTemplate({}, { 'controller-uid': 'u', 'job-name': 'x' }),
      selector: { matchLabels: { 'controller-uid': 'u' } },
      suspend: true,
    }),
    '[]',
  ],
])('update %j %j', (old, now, message) => {
  const expected = typeof message === 'string' ? message : expect.stringMatching(message);
  expect(updated('Job', old, now)).toEqual(expected);
});
