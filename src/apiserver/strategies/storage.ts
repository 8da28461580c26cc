// Volumes, claims and what drivers say of themselves (pkg/registry/core/{persistentvolume,persistentvolumeclaim}, pkg/registry/storage).

import type {
  CSIDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { deepEqual, type KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import { claimWarnings, storageCapacityWarnings, storageClassWarnings, volumeWarnings } from './storage-warnings.ts';

const asVolume = (object: KubeObject) => object as unknown as PersistentVolume;
const asClaim = (object: KubeObject) => object as unknown as PersistentVolumeClaim;

const volume: Strategy = {
  returnDeletedObject: true,
  prepareForCreate(object, { env }) {
    asVolume(object).status = { phase: 'Pending', lastPhaseTransitionTime: rfc3339(env.clock.now()) };
  },
  subresources: {
    status: {
      /** When the phase last changed, unless who changes it says so. */
      prepare(object, old, { env }) {
        const it = asVolume(object);
        const before = asVolume(old).status ?? {};
        const { phase, lastPhaseTransitionTime = before.lastPhaseTransitionTime } = it.status ?? {};
        const stale = phase !== before.phase && lastPhaseTransitionTime === before.lastPhaseTransitionTime;
        const time = stale ? rfc3339(env.clock.now()) : lastPhaseTransitionTime;
        it.status = { ...it.status, ...(time !== undefined && { lastPhaseTransitionTime: time }) };
      },
    },
  },
  warnings: volumeWarnings,
};

const isPlainSource = ({ kind, apiGroup = '' }: { kind?: string; apiGroup?: string }) =>
  (kind === 'PersistentVolumeClaim' && apiGroup === '') ||
  (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');

/** Sources that only `dataSourceRef` may name are dropped from `dataSource`, as they always were; one in another namespace needs an alpha feature. */
function dropSources(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec | undefined): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  if (old?.dataSource || old?.dataSourceRef || spec.dataSourceRef) return;
  if (spec.dataSource && !isPlainSource(spec.dataSource)) delete spec.dataSource;
}

/** Each of `dataSource` and `dataSourceRef` says what the other does. */
function alignSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}

const claim: Strategy = {
  returnDeletedObject: true,
  prepareForCreate(object) {
    const it = asClaim(object);
    it.status = { phase: 'Pending' };
    dropSources(it.spec, undefined);
    alignSources(it.spec);
  },
  prepareForUpdate(object, old) {
    const { spec } = asClaim(object);
    const { spec: before } = asClaim(old);
    dropSources(spec, before);
    // An older client that knows `dataSource` only keeps the reference.
    if (spec.dataSource && !spec.dataSourceRef && before.dataSourceRef && deepEqual(spec.dataSource, before.dataSource))
      spec.dataSourceRef = before.dataSourceRef;
  },
  warnings: claimWarnings,
};

const changeableOfDrivers = [
  'tokenRequests',
  'requiresRepublish',
  'seLinuxMount',
  'nodeAllocatableUpdatePeriodSeconds',
  'serviceAccountTokenInSecrets',
] as const;

const asDriver = (object: KubeObject) => object as unknown as CSIDriver;

const driver: Strategy = {
  returnDeletedObject: true,
  prepareForCreate(object) {
    // alpha in v1.36
    delete asDriver(object).spec.preventPodSchedulingIfMissing;
  },
  prepareForUpdate(object, old) {
    const { spec } = asDriver(object);
    const before = asDriver(old).spec;
    if (before.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing;
    if (changeableOfDrivers.some((field) => !deepEqual(spec[field], before[field])))
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
};

/** By "plural.group". */
export const storageStrategies: Record<string, Strategy> = {
  persistentvolumes: volume,
  persistentvolumeclaims: claim,
  'csidrivers.storage.k8s.io': driver,
  'csinodes.storage.k8s.io': { returnDeletedObject: true },
  'csistoragecapacities.storage.k8s.io': { warnings: storageCapacityWarnings },
  'storageclasses.storage.k8s.io': { returnDeletedObject: true, warnings: storageClassWarnings },
  'volumeattachments.storage.k8s.io': { returnDeletedObject: true },
  'volumeattributesclasses.storage.k8s.io': { returnDeletedObject: true },
};
