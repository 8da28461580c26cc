// Volumes of pods. Errors are those of spec.volumes[0], unless they begin with a slash.

import { expect, test } from 'vitest';
import { specErrors, volumeErrors } from '../testing/pod-errors.ts';

const place = 'spec.volumes[0]';
const within = (errors: string[]) =>
  errors.map((error) => (error.startsWith(place) ? error.slice(place.length) : `/${error}`));

test.each<[object, string[]]>([
  [
    { emptyDir: { sizeLimit: '-1' } },
    ['.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
  ],
  [{ hostPath: { path: '' } }, ['.hostPath.path: Required value']],
  [
    { hostPath: { path: '/a/../b', type: 'Dir' } },
    [
      '.hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      '.hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  [
    { gitRepo: { repository: '', directory: '/x' } },
    ['.gitRepo.repository: Required value', '.gitRepo.directory: Invalid value: "/x": must be a relative path'],
  ],
  [
    { gcePersistentDisk: { pdName: '', partition: 256 } },
    [
      '.persistentDisk.pdName: Required value',
      '.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
    ],
  ],
  [
    { secret: { secretName: '', defaultMode: 512, items: [{ key: '', path: '../x', mode: -1 }] } },
    [
      '.secret.secretName: Required value',
      '.secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
      '.secret.items[0].key: Required value',
      '.secret.items[0].path: Invalid value: "../x": must not contain \'..\'',
      '.secret.items[0].mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive',
    ],
  ],
  [{ nfs: { server: 's', path: 'rel' } }, ['.nfs.path: Invalid value: "rel": must be an absolute path']],
  [
    { iscsi: { targetPortal: '', iqn: 'x', lun: 256, chapAuthSession: true, initiatorName: 'iqn.bad' } },
    [
      '.iscsi.targetPortal: Required value',
      '.iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
      '.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
      '.iscsi.secretRef: Required value',
      '.iscsi.initiatorname: Invalid value: "iqn.bad": must be valid format',
    ],
  ],
  [
    { glusterfs: { endpoints: '', path: '' } },
    ['.glusterfs.endpoints: Required value', '.glusterfs.path: Required value'],
  ],
  [{ persistentVolumeClaim: { claimName: '' } }, ['.persistentVolumeClaim.claimName: Required value']],
  [{ rbd: { monitors: [], image: '' } }, ['.rbd.monitors: Required value', '.rbd.image: Required value']],
  [
    { cinder: { volumeID: '', secretRef: {} } },
    ['.cinder.volumeID: Required value', '.cinder.secretRef.name: Required value'],
  ],
  [{ cephfs: { monitors: [] } }, ['.cephfs.monitors: Required value']],
  [{ portworxVolume: { volumeID: '' } }, ['.portworxVolume.volumeID: Required value']],
  [
    { quobyte: { registry: 'a', volume: '' } },
    [
      '.quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas',
      '.quobyte.volume: Required value',
    ],
  ],
  [
    {
      downwardAPI: {
        items: [
          { path: '', fieldRef: { fieldPath: 'spec.nodeName' } },
          { path: 'a', resourceFieldRef: { resource: 'limits.cpu' } },
          { path: '..b' },
        ],
      },
    },
    [
      '.downwardAPI.path: Required value',
      '.downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
      '.downwardAPI.resourceFieldRef.containerName: Required value',
      '.downwardAPI.path: Invalid value: "..b": must not start with \'..\'',
      '.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
    ],
  ],
  [{ fc: {} }, ['.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both']],
  [
    { flexVolume: { driver: '', options: { 'x.k8s.io/a': 'b' } } },
    [
      '.flexVolume.driver: Required value',
      '.flexVolume.options[x.k8s.io/a]: Invalid value: "x.k8s.io/a": kubernetes.io and k8s.io namespaces are reserved',
    ],
  ],
  [
    { configMap: { name: '', items: [{ key: 'k', path: '/abs' }] } },
    ['.configMap.name: Required value', '.configMap.items[0].path: Invalid value: "/abs": must be a relative path'],
  ],
  [
    { azureFile: { secretName: '', shareName: '' } },
    ['.azureFile.secretName: Required value', '.azureFile.shareName: Required value'],
  ],
  [{ vsphereVolume: { volumePath: '' } }, ['.vsphereVolume.volumePath: Required value']],
  [
    { azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Other' } },
    [
      '.azureDisk.kind: Unsupported value: "Other": supported values: "Dedicated", "Managed", "Shared"',
      '.azureDisk.diskURI: Unsupported value: "x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"',
    ],
  ],
  [
    { storageos: { volumeName: 'A', secretRef: {} } },
    ['.storageos.volumeName: Invalid value: "A": <label>', '.storageos.secretRef.name: Required value'],
  ],
  [
    { scaleIO: { gateway: '', system: '', secretRef: { name: 'x' } } },
    ['.scaleIO.gateway: Required value', '.scaleIO.system: Required value', '.scaleIO.volumeName: Required value'],
  ],
  [
    { csi: { driver: '', nodePublishSecretRef: { name: 'A' } } },
    [
      '.csi.driver: Required value',
      '.csi.driver: Invalid value: "": <subdomain>',
      '.csi.name: Invalid value: "A": <subdomain>',
    ],
  ],
  [{ ephemeral: {} }, ['.ephemeral.volumeClaimTemplate: Required value']],
  [
    {
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { name: 'x', labels: { a: '-' } },
          spec: { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'], resources: { requests: {} } },
        },
      },
    },
    [
      '.ephemeral.volumeClaimTemplate.metadata.labels: Invalid value: "-": <value>',
      '.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
      '.ephemeral.volumeClaimTemplate.spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      '.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
    ],
  ],
  [
    { image: { reference: '', pullPolicy: 'Maybe' } },
    [
      '.image.reference: Required value',
      '.image.pullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    { emptyDir: {}, nfs: { server: 's', path: '/' }, downwardAPI: {}, cephfs: { monitors: ['a'] } },
    [
      '.nfs: Forbidden: may not specify more than 1 volume type',
      '.cephFS: Forbidden: may not specify more than 1 volume type',
      '.downwarAPI: Forbidden: may not specify more than 1 volume type',
    ],
  ],
  [{}, []],
  [
    {
      projected: {
        defaultMode: 1000,
        sources: [
          { serviceAccountToken: { path: '', expirationSeconds: 5 } },
          { secret: { name: '', items: [{ key: 'a', path: 'x' }] } },
          { configMap: { name: 'm', items: [{ key: 'a', path: 'x' }] }, downwardAPI: { items: [] } },
        ],
      },
    },
    [
      '.projected.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive',
      '.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
      '.projected.path: Required value',
      '.projected.sources[1].secret.name: Required value',
      '.projected: Invalid value: "m": conflicting duplicate paths',
      '.projected.sources[2]: Forbidden: may not specify more than 1 volume type per source',
      '.projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ],
  ],
  [
    {
      projected: {
        sources: [
          { clusterTrustBundle: { name: 'a:b', signerName: 's', path: 'p' } },
          { clusterTrustBundle: { path: 'p' } },
          { clusterTrustBundle: { signerName: 'x', path: 'q' } },
          {
            podCertificate: {
              signerName: 'a.io/b',
              keyType: 'X',
              maxExpirationSeconds: 5,
              userAnnotations: { x: 'y' },
            },
          },
        ],
      },
    },
    [
      '.projected.sources[0].clusterTrustBundle: Invalid value: {"Name":"a:b","SignerName":"s","LabelSelector":null,"Optional":null,"Path":"p"}: only one of name and signerName may be used',
      '.projected.sources[1].clusterTrustBundle: Required value: either name or signerName must be specified',
      '.projected: Invalid value: "p": conflicting duplicate paths',
      '.projected.sources[2].clusterTrustBundle.signerName: Invalid value: "x": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
      '.projected.sources[3].podCertificate.userAnnotations: Invalid value: "x": must be a domain-prefixed key (such as "acme.io/foo")',
      '.projected.sources[3].podCertificate.keyType: Unsupported value: "X": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"',
      '.projected.sources[3].podCertificate.maxExpirationSeconds: Invalid value: 5: if provided, maxExpirationSeconds must be >= 3600',
      '.projected.sources[3].podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath',
    ],
  ],
])('a volume %j', (row, errors) => expect(within(volumeErrors(row))).toEqual(errors));

test.each<[object, string[]]>([
  [
    {
      volumes: [
        { name: 'A_', emptyDir: {} },
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
        { emptyDir: {} },
      ],
    },
    [
      'spec.volumes[0].name: Invalid value: "A_": <label>',
      'spec.volumes[2].name: Duplicate value: "a"',
      'spec.volumes[3].name: Required value',
    ],
  ],
  [
    {
      volumes: [
        {
          name: 'e',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
            },
          },
        },
        { name: 'c', persistentVolumeClaim: { claimName: 'p-e' } },
      ],
    },
    [
      'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-e": must not reference a PVC that gets created for an ephemeral volume',
    ],
  ],
  [
    {
      volumes: [
        {
          name: 'v',
          iscsi: {
            targetPortal: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
            iqn: 'iqn.2001-04.com.example:a',
            lun: 0,
            initiatorName: 'iqn.2001-04.com.example:a',
          },
        },
      ],
    },
    [
      'spec.volumes[0].name: Invalid value: "v": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
    ],
  ],
])('volumes %j', (row, errors) => expect(specErrors(row)).toEqual(errors));
