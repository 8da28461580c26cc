// Tables of volumes and what makes them.

import { AGO, meta, namespaced, type TableCase } from './case.ts';

const storage = '/apis/storage.k8s.io/v1';
const claimColumns =
  'Name string(name)|Status string|Volume string|Capacity string|Access Modes string|StorageClass string|VolumeAttributesClass string|Age string|VolumeMode string*';
const requests = { storage: '1Gi' };

export const storageKinds: TableCase[] = [
  {
    path: '/api/v1/persistentvolumes',
    object: {
      ...meta('pv'),
      spec: {
        capacity: { storage: '2048Mi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'fast',
        claimRef: { namespace: 'default', name: 'pvc' },
        hostPath: { path: '/data' },
      },
    },
    status: { phase: 'Failed', reason: 'Broken' },
    columns:
      'Name string(name)|Capacity string|Access Modes string|Reclaim Policy string|Status string|Claim string|StorageClass string|VolumeAttributesClass string|Reason string|Age string|VolumeMode string*',
    cells: ['pv', '2Gi', 'RWO,RWX', 'Retain', 'Failed', 'default/pvc', 'fast', '<unset>', 'Broken', AGO, 'Filesystem'],
  },
  {
    path: namespaced('/api/v1', 'persistentvolumeclaims'),
    object: {
      ...meta('pvc'),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests }, storageClassName: 'fast', volumeName: 'pv' },
    },
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce', 'ReadWriteMany'], capacity: { storage: '2Gi' } },
    columns: claimColumns,
    cells: ['pvc', 'Bound', 'pv', '2Gi', 'RWO,RWX', 'fast', '<unset>', AGO, 'Filesystem'],
  },
  {
    path: namespaced('/api/v1', 'persistentvolumeclaims'),
    object: {
      ...meta('waiting'),
      spec: {
        accessModes: ['ReadWriteOncePod'],
        resources: { requests },
        storageClassName: '',
        volumeAttributesClassName: 'gold',
        volumeMode: 'Block',
      },
    },
    columns: claimColumns,
    cells: ['waiting', 'Pending', '', '', '', '', 'gold', AGO, 'Block'],
  },
  {
    path: `${storage}/storageclasses`,
    object: {
      ...meta('standard', { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }),
      provisioner: 'example.com/disk',
      allowVolumeExpansion: true,
    },
    columns:
      'Name string(name)|Provisioner string|ReclaimPolicy string|VolumeBindingMode string|AllowVolumeExpansion string|Age string',
    cells: ['standard (default)', 'example.com/disk', 'Delete', 'Immediate', true, AGO],
  },
  {
    path: `${storage}/volumeattributesclasses`,
    object: { ...meta('gold'), driverName: 'csi.example.com', parameters: { iops: '10' } },
    columns: 'Name string(name)|DriverName string|Age string',
    cells: ['gold', 'csi.example.com', AGO],
  },
  {
    path: `${storage}/volumeattachments`,
    object: {
      ...meta('va'),
      spec: { attacher: 'csi.example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv' } },
    },
    status: { attached: true },
    columns: 'Name string(name)|Attacher string(name)|PV string|Node string|Attached boolean|Age string',
    cells: ['va', 'csi.example.com', 'pv', 'n1', true, AGO],
  },
  {
    path: `${storage}/csinodes`,
    object: { ...meta('n1'), spec: { drivers: [{ name: 'csi.example.com', nodeID: 'n1' }] } },
    columns: 'Name string(name)|Drivers integer|Age string',
    cells: ['n1', 1, AGO],
  },
  {
    path: `${storage}/csidrivers`,
    object: {
      ...meta('csi.example.com'),
      spec: { attachRequired: false, tokenRequests: [{ audience: 'a' }, { audience: 'b' }] },
    },
    columns:
      'Name string(name)|AttachRequired boolean|PodInfoOnMount boolean|StorageCapacity boolean|TokenRequests string|RequiresRepublish boolean|Modes string|Age string',
    cells: ['csi.example.com', false, false, false, 'a,b', false, 'Persistent', AGO],
  },
  {
    path: `${storage}/csidrivers`,
    object: { ...meta('plain.example.com'), spec: {} },
    columns:
      'Name string(name)|AttachRequired boolean|PodInfoOnMount boolean|StorageCapacity boolean|TokenRequests string|RequiresRepublish boolean|Modes string|Age string',
    cells: ['plain.example.com', true, false, false, '<unset>', false, 'Persistent', AGO],
  },
  {
    path: namespaced(storage, 'csistoragecapacities'),
    object: { ...meta('cap'), storageClassName: 'standard', capacity: '10Gi' },
    columns: 'Name string(name)|StorageClassName string|Capacity string',
    cells: ['cap', 'standard', '10Gi'],
  },
];
