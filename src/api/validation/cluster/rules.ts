// Rules of what pods use: services and their network, configuration, nodes, storage, quota.

import type { RulesByType } from '../rules.ts';
import * as addresses from './addresses.ts';
import * as claims from './claims.ts';
import * as classes from './classes.ts';
import * as configuration from './configuration.ts';
import * as drivers from './drivers.ts';
import * as endpoints from './endpoints.ts';
import * as events from './events.ts';
import * as ingresses from './ingresses.ts';
import * as namespaces from './namespaces.ts';
import * as policies from './network-policies.ts';
import * as nodes from './nodes.ts';
import * as quota from './quota.ts';
import * as services from './services.ts';
import * as volumes from './volumes.ts';

// Where updates are judged otherwise than new objects, or errors come in another order, the update's function does it all.
const changesOnly = true;

export const clusterRules: RulesByType = {
  Service: {
    create: services.validateService,
    update: services.validateServiceUpdate,
    status: services.validateServiceStatusUpdate,
    changesOnly,
  },
  Endpoints: { create: endpoints.validateEndpoints, update: endpoints.validateEndpointsUpdate, changesOnly },
  EndpointSlice: {
    create: endpoints.validateEndpointSlice,
    update: endpoints.validateEndpointSliceUpdate,
    changesOnly,
  },
  ConfigMap: { create: configuration.validateConfigMap, update: configuration.validateConfigMapUpdate, changesOnly },
  Secret: { create: configuration.validateSecret, update: configuration.validateSecretUpdate, changesOnly },
  CoreV1Event: { create: events.validateCoreEvent },
  Namespace: {
    create: namespaces.validateNamespace,
    status: namespaces.validateNamespaceStatusUpdate,
  },
  Node: { create: nodes.validateNode, update: nodes.validateNodeUpdate, status: nodes.validateNodeUpdate },
  PersistentVolume: { create: volumes.validateVolume, update: volumes.validateVolumeUpdate, changesOnly },
  PersistentVolumeClaim: {
    create: claims.validateClaim,
    update: claims.validateClaimUpdate,
    status: claims.validateClaimStatusUpdate,
    changesOnly,
  },
  ResourceQuota: {
    create: quota.validateResourceQuota,
    update: quota.validateResourceQuotaUpdate,
    status: quota.validateResourceQuotaStatus,
  },
  Ingress: {
    create: ingresses.validateIngress,
    update: ingresses.validateIngressUpdate,
    status: ingresses.validateIngressStatusUpdate,
    changesOnly,
  },
  IngressClass: { create: classes.validateIngressClass, update: classes.validateIngressClassUpdate, changesOnly },
  NetworkPolicy: {
    create: policies.validateNetworkPolicy,
    update: policies.validateNetworkPolicyUpdate,
    changesOnly,
  },
  IPAddress: { create: addresses.validateIpAddress, update: addresses.validateIpAddressUpdate, changesOnly },
  ServiceCIDR: { create: addresses.validateServiceCidr, update: addresses.validateServiceCidrUpdate, changesOnly },
  StorageClass: { create: classes.validateStorageClass, update: classes.validateStorageClassUpdate },
  VolumeAttributesClass: {
    create: classes.validateAttributesClass,
    update: classes.validateAttributesClassUpdate,
    changesOnly,
  },
  VolumeAttachment: {
    create: drivers.validateVolumeAttachment,
    update: drivers.validateVolumeAttachmentUpdate,
    status: drivers.validateVolumeAttachmentUpdate,
    changesOnly,
  },
  CSIDriver: { create: drivers.validateCsiDriver, update: drivers.validateCsiDriverUpdate },
  CSINode: { create: drivers.validateCsiNode, update: drivers.validateCsiNodeUpdate },
  CSIStorageCapacity: {
    create: drivers.validateCsiStorageCapacity,
    update: drivers.validateCsiStorageCapacityUpdate,
    changesOnly,
  },
};
