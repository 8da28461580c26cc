// StorageObjectInUseProtection: volumes and claims are made with a finalizer, so that they do not go away in use. Controllers take it off
// (plugin/pkg/admission/storage/storageobjectinuseprotection).

import type { AdmissionPlugin } from '../admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  resources: Object.keys(finalizers),
  mutate({ operation, subresource, resource, object }) {
    const finalizer = finalizers[resource.resource];
    if (operation !== 'CREATE' || subresource !== '' || !object || !finalizer) return undefined;
    const { metadata } = object;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    return object;
  },
};
