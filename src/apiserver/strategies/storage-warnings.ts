// What is accepted in volumes, claims and storage classes and yet unwise (pkg/api/{persistentvolume,persistentvolumeclaim,storage}/util.go).

import { path } from '../../api/field-error.ts';
import type {
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  StorageClass,
} from '../../api/generated/types.ts';
import { quantityMilliValue } from '../../api/quantity.ts';
import type { KubeObject } from '../object.ts';
import { deprecatedNodeLabels } from './node-labels.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const specPath = path('spec');

const goneSources: readonly [keyof PersistentVolumeSpec, string, string][] = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

const annotationWarnings = ({ metadata }: KubeObject): string[] =>
  metadata.annotations?.[classAnnotation] === undefined
    ? []
    : [
        `${path('metadata', 'annotations').key(classAnnotation)}: deprecated since v1.8; use "storageClassName" attribute instead`,
      ];

export function volumeWarnings(object: KubeObject): string[] {
  const { spec } = object as unknown as PersistentVolume;
  const out = annotationWarnings(object);
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    out.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  for (const [i, { matchExpressions = [] }] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries())
    for (const [j, { key }] of matchExpressions.entries()) {
      const text = deprecatedNodeLabels[key];
      const terms = specPath.child('nodeAffinity', 'required', 'nodeSelectorTerms');
      if (text) out.push(`${terms.index(i).child('matchExpressions').index(j).child('key')}: ${key} is ${text}`);
    }
  for (const [field, name, text] of goneSources) if (spec[field]) out.push(`${specPath.child(name)}: ${text}`);
  return out;
}

export function claimWarnings(object: KubeObject): string[] {
  const { spec } = object as unknown as PersistentVolumeClaim;
  const out = annotationWarnings(object);
  for (const list of ['requests', 'limits'] as const) {
    const quantity = spec.resources?.[list]?.['storage'];
    if (quantity !== undefined && quantityMilliValue(quantity) % 1000 !== 0)
      out.push(
        `${specPath.child('resources', list).key('storage')}: fractional byte value "${quantity}" is invalid, must be an integer`,
      );
  }
  return out;
}

export function storageClassWarnings(object: KubeObject): string[] {
  const { allowedTopologies = [] } = object as unknown as StorageClass;
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key }, j) => {
      const at = path('allowedTopologies').index(i).child('matchLabelExpressions').index(j).child('key');
      return deprecatedNodeLabels[key] ? [`${at}: ${deprecatedNodeLabels[key]}`] : [];
    }),
  );
}

export function storageCapacityWarnings(object: KubeObject): string[] {
  const { nodeTopology } = object as unknown as CSIStorageCapacity;
  const at = path('nodeTopology');
  const out: string[] = [];
  for (const [i, { key }] of (nodeTopology?.matchExpressions ?? []).entries())
    if (deprecatedNodeLabels[key])
      out.push(`${at.child('matchExpressions').index(i).child('key')}: ${deprecatedNodeLabels[key]}`);
  for (const key of Object.keys(nodeTopology?.matchLabels ?? {}))
    if (deprecatedNodeLabels[key]) out.push(`${at.child('matchLabels', key)}: ${deprecatedNodeLabels[key]}`);
  return out;
}
