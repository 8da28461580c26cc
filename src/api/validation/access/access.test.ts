import { expect, test } from 'vitest';
import { decodeTyped } from '../../decode.ts';
import { setDefaults } from '../../defaulting/index.ts';
import { renderErrors } from '../../field-error.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../index.ts';

type Loaded = { metadata: { name: string } };
const namespacedKinds = ['Role', 'RoleBinding', 'LimitRange', 'Lease'];
const namespaced = (type: string) => namespacedKinds.includes(type);

function load(type: string, value: object): Loaded {
  const metadata = {
    name: 'x',
    uid: 'u',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(namespaced(type) && { namespace: 'n' }),
  };
  const { object } = decodeTyped<Loaded>(type, { metadata, ...value });
  setDefaults(type, object);
  return object;
}

const group = 'rbac.authorization.k8s.io';
const roleRef = { apiGroup: group, kind: 'Role', name: 'r' };
const clusterRef = { ...roleRef, kind: 'ClusterRole' };
const limits = (...items: object[]) => ({ spec: { limits: items } });
const containers = (more: object) => limits({ type: 'Container', ...more });
const at = 'spec.limits[0]';
const named = (name: string, more: object) => ({ metadata: { name }, ...more });
const reserved =
  "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: ";

test.each<[string, object, unknown]>([
  ['Role', { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] }, '[]'],
  [
    'Role',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
  ],
  ['ClusterRole', { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }, '[]'],
  [
    'ClusterRole',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }] },
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
  ],
  [
    'ClusterRole',
    { aggregationRule: {} },
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ],
  [
    'ClusterRole',
    { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] } },
    "[aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn', aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.]",
  ],
  [
    'RoleBinding',
    {
      roleRef,
      subjects: [
        { kind: 'User', name: 'ann' },
        { kind: 'ServiceAccount', name: 's' },
      ],
    },
    '[]',
  ],
  [
    'ClusterRoleBinding',
    { roleRef: clusterRef, subjects: [{ kind: 'ServiceAccount', name: 's' }] },
    'subjects[0].namespace: Required value',
  ],
  ['ClusterRoleBinding', { roleRef }, 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
  [
    'RoleBinding',
    { roleRef: { apiGroup: 'x', kind: 'Robot', name: 'a/b' } },
    `[roleRef.apiGroup: Unsupported value: "x": supported values: "${group}", roleRef.kind: Unsupported value: "Robot": supported values: "Role", "ClusterRole", roleRef.name: Invalid value: "a/b": may not contain '/']`,
  ],
  [
    'RoleBinding',
    {
      roleRef,
      subjects: [
        { kind: 'ServiceAccount', name: '', apiGroup: group },
        { kind: 'User', name: 'ann', apiGroup: 'x' },
        { kind: 'Robot', name: 'r' },
      ],
    },
    `[subjects[0].name: Required value, subjects[0].apiGroup: Unsupported value: "${group}": supported values: "", subjects[1].apiGroup: Unsupported value: "x": supported values: "${group}", subjects[2].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"]`,
  ],
  ['PriorityClass', named('system-x', { value: 1 }), `${reserved}system-x is not a known system priority class`],
  [
    'PriorityClass',
    named('system-node-critical', { value: 1 }),
    `${reserved}value of system-node-critical PriorityClass must be 2000001000`,
  ],
  [
    'PriorityClass',
    named('system-node-critical', { value: 2000001000, globalDefault: true }),
    `${reserved}globalDefault of system-node-critical PriorityClass must be false`,
  ],
  [
    'PriorityClass',
    { value: 1000000001 },
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ],
  [
    'PriorityClass',
    { value: 1, preemptionPolicy: 'Maybe' },
    'preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"',
  ],
  ['LimitRange', containers({ min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '2' } }), '[]'],
  [
    'LimitRange',
    limits({ type: 'Box' }),
    `${at}.type: Invalid value: "Box": must be a standard limit type or fully qualified`,
  ],
  ['LimitRange', limits({ type: 'Pod' }, { type: 'Pod' }), 'spec.limits[1].type: Duplicate value: "Pod"'],
  [
    'LimitRange',
    limits({ type: 'Pod', max: { cpu: '1' }, default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
    `[${at}.default: Forbidden: may not be specified when \`type\` is 'Pod', ${at}.defaultRequest: Forbidden: may not be specified when \`type\` is 'Pod']`,
  ],
  [
    'LimitRange',
    limits({ type: 'PersistentVolumeClaim' }),
    `${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`,
  ],
  [
    'LimitRange',
    limits({ type: 'Pod', max: { pods: '1' } }),
    `${at}.max[pods]: Invalid value: "pods": must be a standard resource for containers`,
  ],
  [
    'LimitRange',
    limits({ type: 'a.io/b', max: { wood: '1' } }),
    `${at}.max[wood]: Invalid value: "wood": must be a standard resource type or fully qualified`,
  ],
  [
    'LimitRange',
    containers({ min: { cpu: '2' }, max: { cpu: '1' } }),
    expect.stringContaining(`${at}.min[cpu]: Invalid value: "2": min value 2 is greater than max value 1`),
  ],
  [
    'LimitRange',
    containers({ defaultRequest: { cpu: '2' }, default: { cpu: '1' } }),
    `${at}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1`,
  ],
  [
    'LimitRange',
    containers({ min: { cpu: '3' }, defaultRequest: { cpu: '1' }, default: { cpu: '2' } }),
    `[${at}.defaultRequest[cpu]: Invalid value: "1": min value 3 is greater than default request value 1, ${at}.default[cpu]: Invalid value: "3": min value 3 is greater than default value 2]`,
  ],
  [
    'LimitRange',
    containers({ maxLimitRequestRatio: { cpu: '500m', memory: '3' }, min: { memory: '1Gi' }, max: { memory: '2Gi' } }),
    `[${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1, ${at}.maxLimitRequestRatio[memory]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000]`,
  ],
  [
    'LimitRange',
    containers({ default: { 'a.io/gpu': '2' }, defaultRequest: { 'a.io/gpu': '1' } }),
    `${at}.defaultRequest[a.io/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in a.io/gpu`,
  ],
  ['RuntimeClass', { handler: 'runsc' }, '[]'],
  [
    'RuntimeClass',
    { handler: 'Run_SC' },
    expect.stringMatching(/^handler: Invalid value: "Run_SC": a lowercase RFC 1123 label/),
  ],
  [
    'RuntimeClass',
    { handler: 'h', overhead: { podFixed: { cpu: '-1' } } },
    'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    'RuntimeClass',
    { handler: 'h', scheduling: { nodeSelector: { a: '-' }, tolerations: [{ key: 'k', operator: 'Near' }] } },
    expect.stringMatching(
      /^\[scheduling.nodeSelector: Invalid value: "-": a valid label must be .*, scheduling.tolerations\[0\].operator: Unsupported value: "Near"/,
    ),
  ],
  [
    'Lease',
    { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } },
    '[spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0, spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0]',
  ],
])('%s %j', (type, value, message) =>
  expect(renderErrors(validateCreate(type, load(type, value), namespaced(type)))).toEqual(message),
);

test.each<[string, object, object, string]>([
  [
    'RoleBinding',
    { roleRef },
    { roleRef: { ...roleRef, name: 's' } },
    `roleRef: Invalid value: {"APIGroup":"${group}","Kind":"Role","Name":"s"}: cannot change roleRef`,
  ],
  [
    'PriorityClass',
    { value: 1 },
    { value: 2, preemptionPolicy: 'Never' },
    '[value: Forbidden: may not be changed in an update., preemptionPolicy: Invalid value: "Never": field is immutable]',
  ],
  ['PriorityClass', { value: 2_000_000_000 }, { value: 2_000_000_000, description: 'x' }, '[]'],
  ['RuntimeClass', { handler: 'a' }, { handler: 'B' }, 'handler: Invalid value: "B": field is immutable'],
])('what may not change of a %s: %j, then %j', (type, old, now, message) =>
  expect(renderErrors(validateUpdate(type, load(type, now), load(type, old), namespaced(type)))).toBe(message),
);

const condition = (...types: string[]) => types.map((type) => ({ type, status: 'Maybe' }));
test.each<[string, object, string]>([
  [
    'APIService',
    { conditions: condition('Available') },
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
  ],
  [
    'FlowSchema',
    { conditions: condition('a', 'a', '') },
    '[status.conditions[1].type: Duplicate value: "a", status.conditions[2].type: Required value: must not be empty]',
  ],
  [
    'PriorityLevelConfiguration',
    { conditions: condition('a', 'a') },
    'status.conditions[1].type: Duplicate value: "a"',
  ],
])('status of a %s %j', (type, status, message) =>
  expect(renderErrors(validateStatusUpdate(type, load(type, { status }), load(type, {}), false))).toBe(message),
);
