import { describe, expect, test } from 'vitest';
import { container, created, selector, statusChanged, template, updated } from './testing/load.ts';

const mismatch = (labels: string) =>
  `spec.template.metadata.labels: Invalid value: ${labels}: \`selector\` does not match template \`labels\``;
const rolling = (rollingUpdate: object) => ({
  selector,
  template: template(),
  strategy: { type: 'RollingUpdate', rollingUpdate },
});
const updating = (rollingUpdate: object) => ({
  selector,
  template: template(),
  updateStrategy: { type: 'RollingUpdate', rollingUpdate },
});

test.each<[string, object, string]>([
  ['Deployment', { selector, template: template() }, '[]'],
  ['Deployment', { selector, template: template({}, { app: 'y' }) }, mismatch('{"app":"y"}')],
  [
    'Deployment',
    { selector: {}, template: template() },
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ],
  ['Deployment', { template: template() }, `[spec.selector: Required value, ${mismatch('{"app":"x"}')}]`],
  [
    'Deployment',
    { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] }, template: template() },
    `[spec.selector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn', spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"In"}]}: invalid label selector]`,
  ],
  [
    'Deployment',
    { selector, template: template(), replicas: -1 },
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'Deployment',
    { selector, template: template(), strategy: { type: 'Recreate', rollingUpdate: {} } },
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    'Deployment',
    { selector, template: template(), strategy: { type: 'Magic' } },
    'spec.strategy: Unsupported value: {"Type":"Magic","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
  ],
  [
    'Deployment',
    rolling({ maxSurge: 0, maxUnavailable: '0%' }),
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  ],
  ['Deployment', rolling({ maxSurge: '200%', maxUnavailable: 0 }), '[]'],
  [
    'Deployment',
    rolling({ maxSurge: 'few', maxUnavailable: '101%' }),
    `[spec.strategy.rollingUpdate.maxSurge: Invalid value: "few": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%'), spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%]`,
  ],
  [
    'Deployment',
    { selector, template: template({ restartPolicy: 'Never', activeDeadlineSeconds: 5 }) },
    '[spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always", spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported]',
  ],
  [
    'Deployment',
    { selector, template: template(), progressDeadlineSeconds: 5, minReadySeconds: 5 },
    'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
  ],
  ['ReplicaSet', { selector, template: template({}, { app: 'y' }) }, mismatch('{"app":"y"}')],
  [
    'ReplicaSet',
    { selector: {}, template: template(), minReadySeconds: -1 },
    '[spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0, spec.selector: Invalid value: {}: empty selector is invalid for deployment]',
  ],
  ['ReplicationController', { template: template() }, '[]'],
  ['ReplicationController', { selector: { app: 'y' }, template: template() }, mismatch('{"app":"x"}')],
  ['ReplicationController', { selector: { app: 'y' } }, 'spec.template: Required value'],
  ['ReplicationController', {}, '[spec.selector: Required value, spec.template: Required value]'],
  [
    'ReplicationController',
    { template: template({ activeDeadlineSeconds: 5 }), minReadySeconds: -1 },
    '[spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0, spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported]',
  ],
  ['DaemonSet', { selector, template: template() }, '[]'],
  ['DaemonSet', { template: template() }, mismatch('{"app":"x"}')],
  [
    'DaemonSet',
    { selector: {}, template: template() },
    'spec.selector: Invalid value: {}: empty selector is invalid for daemonset',
  ],
  [
    'DaemonSet',
    { selector, template: template({ restartPolicy: 'OnFailure', activeDeadlineSeconds: 1 }) },
    '[spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always", spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported]',
  ],
  [
    'DaemonSet',
    { selector, template: template(), updateStrategy: { type: 'Now' } },
    'spec.updateStrategy: Unsupported value: {"Type":"Now","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
  ],
  [
    'DaemonSet',
    updating({ maxUnavailable: 0, maxSurge: 0 }),
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
  ],
  [
    'DaemonSet',
    updating({ maxUnavailable: 1, maxSurge: '110%' }),
    '[spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "110%": must not be greater than 100%, spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "110%": may not be set when maxUnavailable is non-zero]',
  ],
  [
    'DaemonSet',
    { selector, template: template(), revisionHistoryLimit: -1 },
    'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
  ],
])('%s %j', (type, spec, message) => expect(created(type, { spec })).toBe(message));

test.each(['Deployment', 'ReplicaSet', 'DaemonSet'])('the selector of a %s cannot change', (type) => {
  const old = { spec: { selector, template: template({}, { app: 'x', tier: 'y' }) } };
  const now = { spec: { ...old.spec, selector: { matchLabels: { tier: 'y' } } } };
  expect(updated(type, old, now)).toBe(
    'spec.selector: Invalid value: {"matchLabels":{"tier":"y"}}: field is immutable',
  );
});

describe('StatefulSets', () => {
  const set = (more: object = {}) => ({ spec: { selector, template: template(), serviceName: 's', ...more } });
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const mounts = template({ containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }] });
  test.each<[object, string]>([
    [set(), '[]'],
    [set({ template: mounts, volumeClaimTemplates: [claim] }), '[]'],
    [set({ template: mounts }), 'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    [set({ template: template({ containers: [] }) }), 'spec.template.spec.containers: Required value'],
    [
      set({ volumeClaimTemplates: [{ ...claim, spec: { ...claim.spec, accessModes: [] } }] }),
      'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [
      set({ podManagementPolicy: 'Any' }),
      `spec.podManagementPolicy: Invalid value: "Any": must be 'OrderedReady' or 'Parallel'`,
    ],
    [
      set({ updateStrategy: { type: 'Now' } }),
      `spec.updateStrategy: Invalid value: {"Type":"Now","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
    ],
    [
      set({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }),
      `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
    ],
    [
      set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: -1, maxUnavailable: '0%' } } }),
      '[spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0, spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0]',
    ],
    [
      set({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Maybe' } }),
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Maybe": supported values: "Retain", "Delete"',
    ],
    [set({ ordinals: { start: -2 } }), 'spec.ordinals.start: Invalid value: -2: must be greater than or equal to 0'],
    [set({ serviceName: 'a.b' }), 'spec.serviceName: Invalid value: "a.b": must not contain dots'],
    [set({ selector: {} }), 'spec.selector: Invalid value: {}: empty selector is invalid for statefulset'],
    [
      { ...set(), metadata: { name: 'a.b', namespace: 'n' } },
      'metadata.name: Invalid value: "a.b": must not contain dots',
    ],
    [
      set({ template: template({ activeDeadlineSeconds: 1 }) }),
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
    ],
  ])('%j', (value, message) => expect(created('StatefulSet', value)).toBe(message));

  test.each<[object, object, string | RegExp]>([
    [set(), set({ replicas: 3, ordinals: { start: 1 }, minReadySeconds: 2, revisionHistoryLimit: 1 }), '[]'],
    [
      set(),
      set({ serviceName: 'other' }),
      /^spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals'/,
    ],
    [set({ serviceName: 'a.b' }), set({ serviceName: 'a.b', replicas: 2 }), '[]'],
    [
      set({ template: template({ containers: [] }) }),
      set({ template: template({ containers: [] }), replicas: 2 }),
      '[]',
    ],
    [set(), set({ template: template({ containers: [] }) }), 'spec.template.spec.containers: Required value'],
    [set({ volumeClaimTemplates: [] }), set(), '[]'],
  ])('update %j %j', (old, now, message) => {
    const expected = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(updated('StatefulSet', old, now)).toEqual(expected);
  });
});

const spec = { selector, template: template() };
const greater = 'cannot be greater than';
test.each<[string, object, object, string]>([
  ['Deployment', {}, { replicas: 2, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 }, '[]'],
  [
    'Deployment',
    {},
    { replicas: 1, updatedReplicas: 2, readyReplicas: 0, availableReplicas: 1 },
    `[status.updatedReplicas: Invalid value: 2: ${greater} status.replicas, status.availableReplicas: Invalid value: 1: ${greater} readyReplicas]`,
  ],
  ['Deployment', { collisionCount: 2 }, {}, 'status.collisionCount: Invalid value: 0: cannot be decremented'],
  [
    'ReplicaSet',
    {},
    { replicas: 1, fullyLabeledReplicas: 2 },
    `status.fullyLabeledReplicas: Invalid value: 2: ${greater} status.replicas`,
  ],
  [
    'ReplicationController',
    {},
    { observedGeneration: -1 },
    'status.observedGeneration: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'StatefulSet',
    { collisionCount: 2 },
    { replicas: 1, availableReplicas: 1, currentReplicas: 2, collisionCount: 1 },
    `[status.currentReplicas: Invalid value: 2: ${greater} status.replicas, status.availableReplicas: Invalid value: 1: ${greater} status.readyReplicas, status.collisionCount: Invalid value: 1: cannot be decremented]`,
  ],
  ['DaemonSet', {}, { numberReady: -1 }, 'status.numberReady: Invalid value: -1: must be greater than or equal to 0'],
  [
    'DaemonSet',
    { collisionCount: 2 },
    { collisionCount: 1 },
    'status.collisionCount: Invalid value: 1: cannot be decremented',
  ],
])('status of a %s: %j, then %j', (type, old, now, message) =>
  expect(statusChanged(type, type === 'ReplicationController' ? { template: template() } : spec, old, now)).toBe(
    message,
  ),
);
