import { expect, test } from 'vitest';
import { created } from '../testing/cluster-errors.ts';

const base = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
const required = (...fields: string[]) => {
  const all = fields.map((field) => `spec.${field}: Required value`);
  return all.length === 1 ? all[0] : `[${all.join(', ')}]`;
};
const iqn = 'iqn.2001-04.com.example:storage.disk';
const iscsi = { targetPortal: '10.0.0.1:3260', iqn, lun: 0 };
const secretRef = { name: 's', namespace: 'n' };

test.each<[object, string | undefined]>([
  [{}, 'spec: Required value: must specify a volume type'],
  [
    { hostPath: { path: '/a' }, nfs: { server: 's', path: '/p' } },
    'spec.nfs: Forbidden: may not specify more than 1 volume type',
  ],
  [
    { hostPath: { path: '/a' }, cephfs: { monitors: ['m'] } },
    'spec.cephFS: Forbidden: may not specify more than 1 volume type',
  ],
  [{ hostPath: { path: '/a' }, flexVolume: { driver: 'd/e' } }, ''],
  [{ hostPath: { path: '' } }, required('hostPath.path')],
  [{ hostPath: { path: '/a/../b' } }, `spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
  [
    { hostPath: { path: '/a', type: 'Pipe' } },
    'spec.hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ],
  [{ gcePersistentDisk: { pdName: '' } }, required('persistentDisk.pdName')],
  [
    { gcePersistentDisk: { pdName: 'd', partition: 256 } },
    'spec.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
  ],
  [{ awsElasticBlockStore: { volumeID: '' } }, required('awsElasticBlockStore.volumeID')],
  [{ glusterfs: { endpoints: '', path: '' } }, required('glusterfs.endpoints', 'glusterfs.path')],
  [
    { glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: '' } },
    'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
  ],
  [{ flocker: {} }, 'spec.flocker: Required value: one of datasetName and datasetUUID is required'],
  [
    { flocker: { datasetName: 'a/b', datasetUUID: 'u' } },
    `[spec.flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously, spec.flocker.datasetName: Invalid value: "a/b": must not contain '/']`,
  ],
  [
    { nfs: { server: '', path: 'p' } },
    '[spec.nfs.server: Required value, spec.nfs.path: Invalid value: "p": must be an absolute path]',
  ],
  [{ rbd: { monitors: [], image: '' } }, required('rbd.monitors', 'rbd.image')],
  [
    { quobyte: { registry: 'host', volume: '' } },
    '[spec.quobyte.registry: Invalid value: "host": must be a host:port pair or multiple pairs separated by commas, spec.quobyte.volume: Required value]',
  ],
  [
    { quobyte: { registry: 'h:1', volume: 'v', tenant: 't'.repeat(65) } },
    'spec.quobyte.tenant: Required value: must be a UUID and may not exceed a length of 64 characters',
  ],
  [{ quobyte: { registry: 'h:1,[::1]:2', volume: 'v' } }, ''],
  [{ cephfs: { monitors: [] } }, required('cephfs.monitors')],
  [{ iscsi }, ''],
  [{ iscsi: { ...iscsi, iqn: 'x' } }, 'spec.iscsi.iqn: Invalid value: "x": must be valid format'],
  [{ iscsi: { ...iscsi, iqn: 'eui.1' } }, 'spec.iscsi.iqn: Invalid value: "eui.1": must be valid format'],
  [{ iscsi: { ...iscsi, lun: 256 } }, 'spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive'],
  [{ iscsi: { ...iscsi, chapAuthSession: true } }, required('iscsi.secretRef')],
  [{ iscsi: { ...iscsi, secretRef: {} } }, required('iscsi.secretRef.name')],
  [
    { iscsi: { ...iscsi, initiatorName: iqn, targetPortal: 'p'.repeat(63) } },
    `spec.iscsi.targetportal: Invalid value: "${'p'.repeat(63)}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`,
  ],
  [
    { cinder: { volumeID: '', secretRef: {} } },
    required('cinder.volumeID', 'cinder.secretRef.name', 'cinder.secretRef.namespace'),
  ],
  [{ fc: {} }, 'spec.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both'],
  [
    { fc: { targetWWNs: ['w'], wwids: ['i'] } },
    '[spec.fc.targetWWNs: Invalid value: ["w"]: targetWWNs and wwids can not be specified simultaneously, spec.fc.lun: Required value: lun is required if targetWWNs is specified]',
  ],
  [
    { flexVolume: { driver: '', options: { 'a.k8s.io/b': 'c' } } },
    '[spec.flexVolume.driver: Required value, spec.flexVolume.options[a.k8s.io/b]: Invalid value: "a.k8s.io/b": kubernetes.io and k8s.io namespaces are reserved]',
  ],
  [
    { azureFile: { secretName: '', shareName: '', secretNamespace: '' } },
    required('azureFile.secretName', 'azureFile.shareName', 'azureFile.secretNamespace'),
  ],
  [{ vsphereVolume: { volumePath: '' } }, required('vsphereVolume.volumePath')],
  [{ photonPersistentDisk: { pdID: '' } }, required('photonPersistentDisk.pdID')],
  [{ portworxVolume: { volumeID: '' } }, required('portworxVolume.volumeID')],
  [
    { azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Managed' } },
    'spec.azureDisk.diskURI: Unsupported value: "x": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
  ],
  [
    { azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Shared', cachingMode: 'All' } },
    '[spec.azureDisk.cachingMode: Unsupported value: "All": supported values: "None", "ReadOnly", "ReadWrite", spec.azureDisk.diskURI: Unsupported value: "x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"]',
  ],
  [
    { scaleIO: { gateway: '', system: '', volumeName: '', secretRef } },
    required('scaleIO.gateway', 'scaleIO.system', 'scaleIO.volumeName'),
  ],
  [{ local: { path: '/a' } }, 'spec.nodeAffinity: Required value: Local volume requires node affinity'],
  [
    { local: { path: '' } },
    '[spec.local.path: Required value, spec.nodeAffinity: Required value: Local volume requires node affinity]',
  ],
  [{ storageos: { secretRef: { name: 's' } } }, required('storageos.volumeName', 'storageos.secretRef.namespace')],
  [
    { storageos: { volumeName: 'v', volumeNamespace: 'a.b' } },
    'spec.storageos.volumeNamespace: Invalid value: "a.b": must not contain dots',
  ],
  [
    { csi: { driver: 'd'.repeat(64), volumeHandle: '' } },
    '[spec.csi.driver: Too long: may not be more than 63 bytes, spec.csi.volumeHandle: Required value]',
  ],
  [
    {
      csi: {
        driver: 'D.io',
        volumeHandle: 'h',
        nodePublishSecretRef: {},
        nodeExpandSecretRef: { name: 's', namespace: 'a.b' },
      },
    },
    '[spec.csi.nodePublishSecretRef.name: Required value, spec.csi.nodePublishSecretRef.namespace: Required value, spec.csi.nodeExpandSecretRef.namespace: Invalid value: "a.b": must not contain dots]',
  ],
])('%j', (source, message) => {
  expect(created('PersistentVolume', { spec: { ...base, ...source } })).toBe(message);
});
