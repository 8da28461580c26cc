// Namespaces, Nodes, Secrets, ServiceAccounts, services' endpoints and ingresses (pkg/registry/{core,networking,discovery}).

import type { CoreV1Event, EndpointSlice, Namespace, Node, Secret, ServiceAccount } from '../../api/generated/types.ts';
import { validateStrictEvent, validateStrictEventUpdate } from '../../api/validation/cluster/events.ts';
import { validateNamespaceFinalize } from '../../api/validation/cluster/namespaces.ts';
import { deepEqual, type KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import {
  endpointSliceWarnings,
  endpointsWarnings,
  ingressWarnings,
  networkPolicyWarnings,
} from './network-warnings.ts';
import { secretWarnings } from './secret-warnings.ts';
import { storageStrategies } from './storage.ts';

const asNamespace = (object: KubeObject) => object as unknown as Namespace;

function labelWithName({ metadata }: KubeObject): void {
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
}

const namespace: Strategy = {
  prepareForCreate(object) {
    const it = asNamespace(object);
    // The finalizer by which the namespace controller empties a namespace before it goes.
    const finalizers = it.spec?.finalizers ?? [];
    it.spec = {
      ...it.spec,
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    };
    it.status = { phase: 'Active' };
    labelWithName(object);
  },
  prepareForUpdate(object, old) {
    const it = asNamespace(object);
    it.spec = { ...it.spec, finalizers: asNamespace(old).spec?.finalizers ?? [] };
    labelWithName(object);
  },
  subresources: {
    finalize: {
      prepare(object, old) {
        object['status'] = old['status'];
      },
      validate: (object) => validateNamespaceFinalize(asNamespace(object)),
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
  warnings: secretWarnings,
};

/** The singular and the plural field say the same; configuration from the API is a feature of the past. */
function tidyNode(object: KubeObject): void {
  const node = object as unknown as Node;
  const { spec, status } = node;
  if (spec) {
    if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
    else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
    delete spec.configSource;
  }
  if (status) delete status.config;
}

const node: Strategy = {
  statusAtCreate: true,
  prepareForCreate: tidyNode,
  prepareForUpdate: tidyNode,
  prepareStatusUpdate: tidyNode,
  warnings: (object) =>
    (object as unknown as Node).spec?.externalID
      ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes']
      : [],
};

const mountable = 'kubernetes.io/enforce-mountable-secrets';

/** Of Secrets, a ServiceAccount names no more than that. */
function namesOnly(object: KubeObject): void {
  const account = object as unknown as ServiceAccount;
  if (account.secrets) account.secrets = account.secrets.map(({ name = '' }) => ({ name }));
}

const serviceAccount: Strategy = {
  returnDeletedObject: true,
  prepareForCreate: namesOnly,
  prepareForUpdate: namesOnly,
  warnings: ({ metadata }, old) =>
    metadata.annotations?.[mountable] !== undefined && old?.metadata.annotations?.[mountable] === undefined
      ? [
          `metadata.annotations[${mountable}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
        ]
      : [],
};

/** Topology of v1beta1 is not written by v1's clients. */
function dropTopology(object: KubeObject, old?: KubeObject): void {
  const { endpoints = [] } = object as unknown as EndpointSlice;
  if (old && deepEqual(endpoints, (old as unknown as EndpointSlice).endpoints ?? [])) return;
  for (const endpoint of endpoints) delete endpoint.deprecatedTopology;
}

const endpointSlice: Strategy = {
  generation: true,
  prepareForCreate: (object) => dropTopology(object),
  prepareForUpdate(object, old) {
    dropTopology(object, old);
    // Labels say whose endpoints these are: a change of them counts.
    if (!deepEqual(object.metadata.labels ?? {}, old.metadata.labels ?? {}))
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  warnings: endpointSliceWarnings,
};

const asEvent = (object: KubeObject) => object as unknown as CoreV1Event;

/** Through the newer group. The older one's rules hold too. */
const strictEvent: Strategy = {
  allowCreateOnUpdate: true,
  validate: (object) => validateStrictEvent(asEvent(object)),
  validateUpdate: (object, old) => validateStrictEventUpdate(asEvent(object), asEvent(old)),
};

/** By "plural.group". */
export const coreStrategies: Record<string, Strategy> = {
  ...storageStrategies,
  namespaces: namespace,
  secrets: secret,
  nodes: node,
  serviceaccounts: serviceAccount,
  resourcequotas: { returnDeletedObject: true },
  endpoints: { allowCreateOnUpdate: true, warnings: endpointsWarnings },
  events: { allowCreateOnUpdate: true },
  'events.events.k8s.io': strictEvent,
  'ingresses.networking.k8s.io': { generation: true, warnings: ingressWarnings },
  'ingressclasses.networking.k8s.io': { generation: true },
  'networkpolicies.networking.k8s.io': { generation: true, warnings: networkPolicyWarnings },
  'servicecidrs.networking.k8s.io': { statusAtCreate: true },
  'endpointslices.discovery.k8s.io': endpointSlice,
};
