import { expect, test } from 'vitest';
import { renderErrors } from '../field-error.ts';
import { validateCreate, validateUpdate } from './index.ts';

const metadata = { name: 'x', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const namespaced = (type: string) => type === 'CSIStorageCapacity';
const withMeta = (type: string, object: object) => ({
  metadata: namespaced(type) ? { ...metadata, namespace: 'n' } : metadata,
  ...object,
});
const node = (...drivers: object[]) => ({ spec: { drivers } });
const service = { namespace: 'n', name: 's' };
const aggregated = { group: 'a.io', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 };

test.each<[string, object, string]>([
  ['CSIDriver', { spec: { fsGroupPolicy: 'File', volumeLifecycleModes: ['Ephemeral'] } }, '[]'],
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
  ['CSINode', node({ name: 'D.io', nodeID: 'n', topologyKeys: ['a.io/zone'], allocatable: { count: 0 } }), '[]'],
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
  ['CSIStorageCapacity', { storageClassName: 's', capacity: '1Gi' }, '[]'],
  [
    'CSIStorageCapacity',
    { storageClassName: 's', capacity: '-1' },
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    'VolumeAttachment',
    { spec: { attacher: 'a', nodeName: 'n', source: {} } },
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ],
  [
    'VolumeAttachment',
    { spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'v', inlineVolumeSpec: {} } } },
    'spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ],
])('%s %j', (type, object, message) => {
  expect(renderErrors(validateCreate(type, withMeta(type, object), namespaced(type)))).toBe(message);
});

test.each<[object, string]>([
  [{ ...aggregated, service }, '[]'],
  [
    { ...aggregated, version: 'v2', service },
    'metadata.name: Invalid value: "v1.a.io": must be `spec.version+"."+spec.group`: "v2.a.io"',
  ],
  [
    { ...aggregated, groupPriorityMinimum: 20_001 },
    'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
  ],
  [
    { ...aggregated, versionPriority: 0 },
    'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
  ],
  [
    { ...aggregated, caBundle: btoa('four') },
    'spec.caBundle: Invalid value: "4 bytes": local APIServices may not have a caBundle',
  ],
  [
    { ...aggregated, service, caBundle: btoa('four'), insecureSkipTLSVerify: true },
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ],
  [{ ...aggregated, service: { name: 's' } }, 'spec.service.namespace: Required value'],
  [
    { ...aggregated, service: { ...service, port: 70_000 } },
    'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
  ],
])('APIService %j', (spec, message) => {
  const object = { metadata: { ...metadata, name: 'v1.a.io' }, spec };
  expect(renderErrors(validateCreate('APIService', object, false))).toBe(message);
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
  ['CSINode', node({ name: 'd', nodeID: 'n' }), node({ name: 'd', nodeID: 'n', allocatable: { count: 3 } }), '[]'],
  [
    'CSIStorageCapacity',
    { storageClassName: 's' },
    { storageClassName: 't' },
    'storageClassName: Invalid value: "t": field is immutable',
  ],
])('what may not change of a %s', (type, before, after, message) => {
  const errors = validateUpdate(type, withMeta(type, after), withMeta(type, before), namespaced(type));
  expect(renderErrors(errors)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});
