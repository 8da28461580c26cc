// PersistentVolumeClaimResize: a claim grows only where its class lets it (plugin/pkg/admission/storage/persistentvolume/resize).

import type { PersistentVolumeClaim, StorageClass } from '../../../api/generated/types.ts';
import { compareQuantity } from '../../../api/quantity.ts';
import { newForbidden } from '../../../api/status.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

export function persistentVolumeClaimResize(catalog: Catalog): AdmissionPlugin {
  const mayGrow = async (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): Promise<boolean> => {
    const name = classOf(claim);
    if (!name || name !== classOf(old)) return false;
    const found = await catalog.registry('storage.k8s.io', 'storageclasses').lookUp('', name);
    return (found?.object as unknown as StorageClass | undefined)?.allowVolumeExpansion === true;
  };
  return {
    name: 'PersistentVolumeClaimResize',
    resources: ['persistentvolumeclaims'],
    async validate({ operation, resource, subresource, object, old, name }) {
      if (operation !== 'UPDATE' || subresource !== '' || !object || !old) return;
      const claim = object as unknown as PersistentVolumeClaim;
      const before = old as unknown as PersistentVolumeClaim;
      if (compareQuantity(sizeOf(claim), sizeOf(before)) <= 0) return;
      const refuse = (why: string) => newForbidden(resource.groupResource, name, why);
      if (before.status?.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded');
      if (!(await mayGrow(claim, before)))
        throw refuse(
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
        );
    },
  };
}

const sizeOf = ({ spec }: PersistentVolumeClaim): string => String(spec.resources?.requests?.['storage'] ?? '0');

const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '';
