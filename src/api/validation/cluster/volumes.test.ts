import { describe, expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const base = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
const volume = (spec: object) => ({ spec: { ...base, hostPath: { path: '/data' }, ...spec } });
const csi = { hostPath: undefined, csi: { driver: 'd.io', volumeHandle: 'h' } };
const onNode = (key: string, values = ['n']) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values }] }] },
});
const errors = (spec: object) => created('PersistentVolume', volume(spec));

test.each<[string, object, string]>([
  ['a plain one', {}, ''],
  ['no modes', { accessModes: [] }, 'spec.accessModes: Required value'],
  [
    'an unknown mode',
    { accessModes: ['Any'] },
    'spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
  ],
  [
    'one pod and more',
    { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] },
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ],
  [
    'no capacity',
    { capacity: {} },
    '[spec.capacity: Required value, spec.capacity: Unsupported value: null: supported values: "storage"]',
  ],
  [
    'another capacity',
    { capacity: { storage: '1Gi', iops: '1' } },
    'spec.capacity: Unsupported value: {"storage":"1Gi","iops":"1"}: supported values: "storage"',
  ],
  [
    'nothing to store in',
    { capacity: { storage: '0' } },
    'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
  ],
  [
    'less than nothing',
    { capacity: { storage: '-1' } },
    '[spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity, spec.capacity[storage]: Invalid value: "-1": must be greater than zero]',
  ],
  [
    'an unknown policy',
    { persistentVolumeReclaimPolicy: 'Burn' },
    'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
  ],
  [
    'recycling the host',
    { persistentVolumeReclaimPolicy: 'Recycle', hostPath: { path: '//.' } },
    `spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'`,
  ],
  [
    'no nodes',
    { nodeAffinity: {} },
    'spec.nodeAffinity.required: Required value: must specify required node constraints',
  ],
  [
    'a bad value',
    { nodeAffinity: onNode('a', ['-']) },
    expect.stringMatching(
      /^spec.nodeAffinity.required.nodeSelectorTerms\[0\].matchExpressions\[0\].values\[0\]: Invalid value: "-": a valid label must be/,
    ),
  ],
  [
    'no such mode',
    { volumeMode: 'Tape' },
    'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
  ],
  [
    'attributes of no driver',
    { volumeAttributesClassName: '' },
    '[spec.volumeAttributesClassName: Required value: an empty string is disallowed, spec.csi: Required value: has to be specified when using volumeAttributesClassName]',
  ],
  ['attributes', { ...csi, volumeAttributesClassName: 'fast' }, ''],
])('%s', (_, spec, message) => expect(errors(spec)).toEqual(message));

describe('what may change', () => {
  const source = 'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation';
  const secret = { name: 's', namespace: 'n' };
  const old = 'failure-domain.beta.kubernetes.io/zone';
  test.each<[string, object, object, string]>([
    ['the size', {}, { capacity: { storage: '2Gi' } }, ''],
    ['the path', {}, { hostPath: { path: '/other' } }, source],
    ['a secret for growing', csi, { ...csi, csi: { ...csi.csi, controllerExpandSecretRef: secret } }, ''],
    [
      'another secret for growing',
      { ...csi, csi: { ...csi.csi, controllerExpandSecretRef: secret } },
      { ...csi, csi: { ...csi.csi, controllerExpandSecretRef: { ...secret, name: 't' } } },
      source,
    ],
    ['the mode', {}, { volumeMode: 'Block' }, 'volumeMode: Invalid value: "Block": field is immutable'],
    ['nodes, first', {}, { nodeAffinity: onNode('a') }, ''],
    [
      'a label by its new name',
      { nodeAffinity: onNode(old) },
      { nodeAffinity: onNode('topology.kubernetes.io/zone') },
      '',
    ],
    [
      'another node',
      { nodeAffinity: onNode('a') },
      { nodeAffinity: onNode('a', ['m']) },
      expect.stringMatching(
        /^nodeAffinity: Invalid value: .*: field is immutable, except for updating from beta label to GA$/,
      ),
    ],
    ['what was bad before', { nodeAffinity: onNode('a', ['-']) }, { nodeAffinity: onNode('a', ['-']) }, ''],
    [
      'no attributes any more',
      { ...csi, volumeAttributesClassName: 'fast' },
      csi,
      'spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden',
    ],
  ])('%s', (_, before, after, message) => {
    expect(updated('PersistentVolume', volume(before), volume(after))).toEqual(message);
  });
});
