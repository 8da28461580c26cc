import { expect, test } from 'vitest';
import { created, statusUpdated, updated } from '../testing/cluster-errors.ts';

const node = (...drivers: object[]) => ({ spec: { drivers } });
const capacity = (more: object) => ({ storageClassName: 's', ...more });
const csi = { accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h' } };
const attach = (source: object, more: object = {}) => ({ spec: { attacher: 'a', nodeName: 'n', source, ...more } });
const inline = 'in the context of inline volumes';

test.each<[string, object, string]>([
  ['CSIDriver', { spec: { fsGroupPolicy: 'File', volumeLifecycleModes: ['Ephemeral'] } }, ''],
  [
    'CSIDriver',
    { spec: { fsGroupPolicy: 'Never' } },
    'spec.fsGroupPolicy: Unsupported value: "Never": supported values: "File", "None", "ReadWriteOnceWithFSType"',
  ],
  [
    'CSIDriver',
    { spec: { volumeLifecycleModes: ['Brief'] } },
    'spec.volumeLifecycleModes: Unsupported value: "Brief": supported values: "Persistent", "Ephemeral"',
  ],
  [
    'CSIDriver',
    { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 599 }] } },
    'spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
  ],
  [
    'CSIDriver',
    { spec: { tokenRequests: [{ audience: '' }, { audience: '', expirationSeconds: 1 }] } },
    'spec.tokenRequests[1].audience: Duplicate value: ""',
  ],
  [
    'CSIDriver',
    { spec: { nodeAllocatableUpdatePeriodSeconds: 9 } },
    'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
  ],
  [
    'CSIDriver',
    { spec: { serviceAccountTokenInSecrets: true } },
    'spec.serviceAccountTokenInSecrets: Invalid value: true: may only be set when tokenRequests is set',
  ],
  ['CSIDriver', { spec: { serviceAccountTokenInSecrets: true, tokenRequests: [{ audience: 'a' }] } }, ''],
  ['CSINode', node({ name: 'D.io', nodeID: 'n', topologyKeys: ['a.io/zone'], allocatable: { count: 0 } }), ''],
  ['CSINode', node({ name: 'd', nodeID: '' }), 'spec.drivers[0].nodeID: Required value'],
  [
    'CSINode',
    node({ name: 'd', nodeID: 'n' }, { name: 'd', nodeID: 'n' }),
    'spec.drivers[1].name: Duplicate value: "d"',
  ],
  [
    'CSINode',
    node({ name: 'd', nodeID: 'n', allocatable: { count: -1 } }),
    'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'CSINode',
    node({ name: 'd', nodeID: 'n'.repeat(257), topologyKeys: ['a', 'a'] }),
    `[spec.drivers[0].nodeID: Invalid value: "${'n'.repeat(257)}": must be 256 characters or less, spec.drivers[0]: Duplicate value: "a"]`,
  ],
  ['CSIStorageCapacity', { storageClassName: 's', capacity: '1Gi' }, ''],
  [
    'CSIStorageCapacity',
    { storageClassName: 's', capacity: '-1' },
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ],
  ['VolumeAttachment', attach({ persistentVolumeName: 'v' }), ''],
  ['VolumeAttachment', attach({ inlineVolumeSpec: csi }), ''],
  [
    'VolumeAttachment',
    attach({}),
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ],
  [
    'VolumeAttachment',
    attach({ persistentVolumeName: 'v', inlineVolumeSpec: csi }),
    'spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ],
  [
    'VolumeAttachment',
    attach({
      inlineVolumeSpec: { hostPath: { path: '/' }, capacity: { storage: '1' }, storageClassName: 'c', claimRef: {} },
    }),
    `[${[
      `claimRef: Forbidden: may not be specified ${inline}`,
      `capacity: Forbidden: may not be specified ${inline}`,
      `csi: Required value: has to be specified ${inline}`,
      'accessModes: Required value',
      `storageClassName: Forbidden: may not be specified ${inline}`,
    ]
      .map((text) => `spec.source.inlineVolumeSpec.${text}`)
      .join(', ')}]`,
  ],
  [
    'VolumeAttachment',
    attach({
      inlineVolumeSpec: { ...csi, persistentVolumeReclaimPolicy: 'Delete', volumeMode: 'Block', nodeAffinity: {} },
    }),
    `[${[
      `persistentVolumeReclaimPolicy: Forbidden: may only be Retain ${inline}`,
      `nodeAffinity: Forbidden: may not be specified ${inline}`,
      `volumeMode: Forbidden: may not specify volumeMode other than Filesystem ${inline}`,
    ]
      .map((text) => `spec.source.inlineVolumeSpec.${text}`)
      .join(', ')}]`,
  ],
])('%s %j', (type, object, message) => expect(created(type, object)).toBe(message));

test.each<[string, object, string]>([
  ['an attacher', attach({ persistentVolumeName: 'v' }, { attacher: 'A b' }), 'spec.attacher: Invalid value: "A b": '],
  ['a volume', attach({ persistentVolumeName: 'V' }), 'spec.source.persistentVolumeName: Invalid value: "V": '],
  ['a node', attach({ persistentVolumeName: 'v' }, { nodeName: 'N' }), 'spec.nodeName: Invalid value: "N": '],
])('a VolumeAttachment names %s', (_, object, start) => {
  expect(created('VolumeAttachment', object).startsWith(start)).toBe(true);
});

test.each<[object, string]>([
  [{ attached: true, attachmentMetadata: { a: 'b' } }, ''],
  [
    { attached: false, attachError: { message: 'm'.repeat(1025), errorCode: -1 } },
    '[status.attachError.message: Too long: may not be more than 262144 bytes, status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive]',
  ],
  [
    { attached: false, attachmentMetadata: { a: 'b'.repeat(262_144) } },
    'status.attachmentMetadata: Too long: may not be more than 262144 bytes',
  ],
])('the status of a VolumeAttachment', (status, message) => {
  const object = attach({ persistentVolumeName: 'v' });
  expect(statusUpdated('VolumeAttachment', object, { ...object, status })).toBe(message);
});

test('a bad selector of nodes stays', () => {
  const bad = (value: string) =>
    capacity({ nodeTopology: { matchExpressions: [{ key: 'a', operator: 'In', values: [value] }] } });
  expect(created('CSIStorageCapacity', bad('-'))).toContain(
    'nodeTopology.matchExpressions[0].values[0]: Invalid value: "-"',
  );
  expect(updated('CSIStorageCapacity', bad('-'), bad('-'))).toBe('');
});

test.each<[string, object, object, RegExp | string]>([
  [
    'CSIDriver',
    { spec: { attachRequired: true } },
    { spec: { attachRequired: false } },
    'spec.attachedRequired: Invalid value: false: field is immutable',
  ],
  [
    'CSINode',
    node({ name: 'd', nodeID: 'n' }),
    node({ name: 'd', nodeID: 'other' }),
    /^spec.drivers: Invalid value: .*: field is immutable$/,
  ],
  ['CSINode', node({ name: 'd', nodeID: 'n' }), node({ name: 'd', nodeID: 'n', allocatable: { count: 3 } }), ''],
  [
    'VolumeAttachment',
    attach({ persistentVolumeName: 'v' }),
    attach({ persistentVolumeName: 'w' }),
    /^spec: Invalid value: .*: field is immutable$/,
  ],
  [
    'CSIStorageCapacity',
    { storageClassName: 's' },
    { storageClassName: 't' },
    'storageClassName: Invalid value: "t": field is immutable',
  ],
])('what may not change of a %s', (type, before, after, message) => {
  expect(updated(type, before, after)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});
