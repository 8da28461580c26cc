// Namespaces, Nodes, Secrets, services' endpoints and ingresses, volumes (pkg/registry/{core,networking,discovery,storage}).

import type { Namespace, Secret } from '../../api/generated/types.ts';
import type { KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';

const namespace: Strategy = {
  prepareForCreate(object) {
    const it = object as unknown as Namespace;
    // The finalizer by which the namespace controller empties a namespace before it goes.
    const finalizers = it.spec?.finalizers ?? [];
    it.spec = {
      ...it.spec,
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    };
    it.status = { phase: 'Active' };
    it.metadata.labels = { ...it.metadata.labels, 'kubernetes.io/metadata.name': it.metadata.name };
  },
  prepareForUpdate(object, old) {
    const it = object as unknown as Namespace;
    it.spec = { ...it.spec, finalizers: (old as unknown as Namespace).spec?.finalizers ?? [] };
    it.metadata.labels = { ...it.metadata.labels, 'kubernetes.io/metadata.name': it.metadata.name };
  },
  subresources: {
    finalize: {
      prepare(object, old) {
        object['status'] = old['status'];
      },
    },
  },
};

function encodeStringData(object: KubeObject): void {
  const secret = object as unknown as Secret;
  if (secret.stringData) {
    const data = { ...secret.data };
    for (const [key, text] of Object.entries(secret.stringData))
      data[key] = btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
    secret.data = data;
  }
  delete secret.stringData;
  secret.type ??= 'Opaque';
}

const secret: Strategy = {
  prepareForCreate: encodeStringData,
  prepareForUpdate: encodeStringData,
};

const phase = (value: string): Strategy => ({
  returnDeletedObject: true,
  prepareForCreate(object) {
    object['status'] = { phase: value };
  },
});

/** By "plural.group". */
export const coreStrategies: Record<string, Strategy> = {
  namespaces: namespace,
  secrets: secret,
  nodes: { statusAtCreate: true },
  persistentvolumes: phase('Pending'),
  persistentvolumeclaims: phase('Pending'),
  serviceaccounts: { returnDeletedObject: true },
  resourcequotas: { returnDeletedObject: true },
  endpoints: { allowCreateOnUpdate: true },
  events: { allowCreateOnUpdate: true },
  'events.events.k8s.io': { allowCreateOnUpdate: true },
  'ingresses.networking.k8s.io': { generation: true },
  'ingressclasses.networking.k8s.io': { generation: true },
  'csidrivers.storage.k8s.io': { returnDeletedObject: true },
  'csinodes.storage.k8s.io': { returnDeletedObject: true },
  'storageclasses.storage.k8s.io': { returnDeletedObject: true },
  'volumeattachments.storage.k8s.io': { returnDeletedObject: true },
  'volumeattributesclasses.storage.k8s.io': { returnDeletedObject: true },
  'networkpolicies.networking.k8s.io': { generation: true },
  'endpointslices.discovery.k8s.io': { generation: true },
};
