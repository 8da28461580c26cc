// Rules of what pods use: services and their network, configuration, nodes, storage, quota.

import type { RulesByType } from '../rules.ts';
import * as classes from './classes.ts';
import * as cluster from './cluster.ts';
import * as drivers from './drivers.ts';
import * as quota from './quota.ts';

export const clusterRules: RulesByType = {
  Service: { create: cluster.validateService, update: cluster.validateServiceUpdate },
  ConfigMap: { create: cluster.validateConfigMap, update: cluster.validateConfigMapUpdate },
  Secret: { create: cluster.validateSecret, update: cluster.validateSecretUpdate },
  Node: { create: cluster.validateNode, update: cluster.validateNodeUpdate },
  EndpointSlice: { create: cluster.validateEndpointSlice, update: cluster.validateEndpointSliceUpdate },
  PersistentVolumeClaim: { create: cluster.validateClaim, update: cluster.validateClaimUpdate },
  PersistentVolume: { create: cluster.validateVolume },
  StorageClass: { create: cluster.validateStorageClass, update: cluster.validateStorageClassUpdate },
  Ingress: { create: cluster.validateIngress },
  IngressClass: { create: classes.validateIngressClass, update: classes.validateIngressClassUpdate },
  NetworkPolicy: { create: cluster.validateNetworkPolicy },
  ResourceQuota: { create: quota.validateResourceQuota, update: quota.validateResourceQuotaUpdate },
  VolumeAttributesClass: { create: classes.validateAttributesClass, update: classes.validateAttributesClassUpdate },
  VolumeAttachment: { create: drivers.validateVolumeAttachment, update: drivers.validateVolumeAttachmentUpdate },
  CSIDriver: { create: drivers.validateCsiDriver, update: drivers.validateCsiDriverUpdate },
  CSINode: { create: drivers.validateCsiNode, update: drivers.validateCsiNodeUpdate },
  CSIStorageCapacity: { create: drivers.validateCsiStorageCapacity, update: drivers.validateCsiStorageCapacityUpdate },
};
