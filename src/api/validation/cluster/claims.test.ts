import { describe, expect, test } from 'vitest';
import { created, statusUpdated, updated } from '../testing/cluster-errors.ts';

const base = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } };
const claim = (spec: object, more: object = {}) => ({ spec: { ...base, ...spec }, ...more });
const size = (storage: string) => ({ resources: { requests: { storage } } });
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };

test.each<[string, object, string]>([
  ['a plain one', {}, ''],
  [
    'nothing',
    { accessModes: [], resources: {} },
    '[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]',
  ],
  ['no room', size('0'), 'spec.resources[storage]: Invalid value: "0": must be greater than zero'],
  [
    'a bad selector',
    { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
    'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
  ],
  [
    'one pod and more',
    { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] },
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ],
  ['a snapshot', { dataSource: snapshot, dataSourceRef: snapshot }, ''],
  [
    'something of the core group',
    { dataSourceRef: { kind: 'Pod', name: '' } },
    `[spec.dataSourceRef.name: Required value, spec.dataSourceRef: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup]`,
  ],
  [
    'a bad group',
    { dataSource: { ...snapshot, apiGroup: 'A' } },
    expect.stringMatching(/^spec.dataSource.apiGroup: Invalid value: "A": a lowercase RFC 1123 subdomain/),
  ],
  [
    'two sources',
    { dataSource: snapshot, dataSourceRef: { ...snapshot, name: 't' } },
    'spec: Invalid value: {}: must match dataSourceRef',
  ],
  [
    'a source elsewhere and one here',
    { dataSource: snapshot, dataSourceRef: { ...snapshot, namespace: 'n' } },
    'spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified',
  ],
  [
    'a bad class of attributes',
    { volumeAttributesClassName: 'A' },
    expect.stringMatching(/^spec.volumeAttributesClassName: Invalid value: "A"/),
  ],
])('%s', (_, spec, message) => expect(created('PersistentVolumeClaim', claim(spec))).toEqual(message));

describe('what may change', () => {
  const immutable =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const bound = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } };
  const annotation = 'volume.beta.kubernetes.io/storage-class';
  const annotated = (name: string) => ({ metadata: { annotations: { [annotation]: name } } });
  const less = 'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity';
  const attributes = 'spec.volumeAttributesClassName: Forbidden: update from non-nil value to';
  const fast = { volumeAttributesClassName: 'fast' };
  test.each<[string, object, object, string]>([
    ['the volume, once', claim({}), claim({ volumeName: 'v' }), ''],
    ['the volume, again', claim({ volumeName: 'v' }), claim({ volumeName: 'w' }), immutable],
    ['the class, once', claim({}), claim({ storageClassName: 's' }), ''],
    ['the class, again', claim({ storageClassName: 's' }), claim({ storageClassName: 't' }), immutable],
    ['the class of the annotation', claim({}, annotated('s')), claim({ storageClassName: 's' }, annotated('s')), ''],
    [
      'another than that of the annotation',
      claim({}, annotated('s')),
      claim({ storageClassName: 't' }, annotated('s')),
      immutable,
    ],
    [
      'the annotation',
      claim({}, annotated('s')),
      claim({}, annotated('t')),
      `metadata.annotations.${annotation}: Invalid value: "t": field is immutable`,
    ],
    ['more room, unbound', claim({}), claim(size('3Gi')), immutable],
    ['more room', claim({}, bound), claim(size('3Gi'), bound), ''],
    ['less room, still more than there is', claim({}, bound), claim(size('1500Mi'), bound), ''],
    ['less room than there is', claim({}, bound), claim(size('1Gi'), bound), less],
    ['attributes', claim({}, bound), claim(fast, bound), ''],
    ['no attributes', claim(fast, bound), claim({}, bound), `[${immutable}, ${attributes} nil is forbidden]`],
    [
      'attributes of no name',
      claim(fast, bound),
      claim({ volumeAttributesClassName: '' }, bound),
      `${attributes} an empty string is forbidden`,
    ],
    [
      'the mode',
      claim({}),
      claim({ volumeMode: 'Block' }),
      `[${immutable}, volumeMode: Invalid value: "Block": field is immutable]`,
    ],
  ])('%s', (_, before, after, message) => {
    expect(updated('PersistentVolumeClaim', before, after)).toBe(message);
  });
});

test.each<[object, string]>([
  [{ phase: 'Bound', capacity: { storage: '1Gi' }, allocatedResources: { storage: '2Gi' } }, ''],
  [{ capacity: { storage: '-1' } }, 'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity'],
  [
    { allocatedResources: { cpu: '1' } },
    'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
  ],
  [
    { allocatedResourceStatuses: { storage: 'Lost' } },
    'status.allocatedResourceStatus: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
  ],
  [{ allocatedResourceStatuses: { 'a.io/b': 'NodeResizePending' } }, ''],
])('status %j', (status, message) => {
  expect(statusUpdated('PersistentVolumeClaim', claim({}), claim({}, { status }))).toBe(message);
});
