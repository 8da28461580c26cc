// The volumes of a pod or a pod template, as `describe` writes them: one block per volume, by type.

import type { Volume } from '../../api/generated/types.ts';
import type { DescribeWriter } from './writer.ts';

type Line = [string, string | number | boolean | undefined];

/** What a type of volume is called and which of its fields are shown. */
function linesOf(volume: Volume): { type: string; lines: Line[] } {
  if (volume.hostPath) {
    return {
      type: 'HostPath (bare host directory volume)',
      lines: [
        ['Path', volume.hostPath.path],
        ['HostPathType', volume.hostPath.type ?? '<none>'],
      ],
    };
  }
  if (volume.emptyDir) {
    return {
      type: "EmptyDir (a temporary directory that shares a pod's lifetime)",
      lines: [
        ['Medium', volume.emptyDir.medium ?? ''],
        ['SizeLimit', volume.emptyDir.sizeLimit ?? '<unset>'],
      ],
    };
  }
  if (volume.secret) {
    return {
      type: 'Secret (a volume populated by a Secret)',
      lines: [
        ['SecretName', volume.secret.secretName],
        ['Optional', volume.secret.optional ?? false],
      ],
    };
  }
  if (volume.configMap) {
    return {
      type: 'ConfigMap (a volume populated by a ConfigMap)',
      lines: [
        ['Name', volume.configMap.name],
        ['Optional', volume.configMap.optional ?? false],
      ],
    };
  }
  if (volume.persistentVolumeClaim) {
    return {
      type: 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
      lines: [
        ['ClaimName', volume.persistentVolumeClaim.claimName],
        ['ReadOnly', volume.persistentVolumeClaim.readOnly ?? false],
      ],
    };
  }
  if (volume.nfs) {
    return {
      type: 'NFS (an NFS mount that lasts the lifetime of a pod)',
      lines: [
        ['Server', volume.nfs.server],
        ['Path', volume.nfs.path],
        ['ReadOnly', volume.nfs.readOnly ?? false],
      ],
    };
  }
  if (volume.csi) {
    return {
      type: 'CSI (a Container Storage Interface (CSI) volume source)',
      lines: [
        ['Driver', volume.csi.driver],
        ['FSType', volume.csi.fsType ?? ''],
        ['ReadOnly', volume.csi.readOnly ?? false],
      ],
    };
  }
  if (volume.image) {
    return {
      type: 'Image (a container image or OCI artifact)',
      lines: [
        ['Reference', volume.image.reference ?? ''],
        ['PullPolicy', volume.image.pullPolicy ?? ''],
      ],
    };
  }
  return { type: '<unknown>', lines: [] };
}

function writeProjected(w: DescribeWriter, volume: Volume): void {
  w.write(2, 'Type:\tProjected (a volume that contains injected data from multiple sources)\n');
  for (const source of volume.projected?.sources ?? []) {
    if (source.secret) {
      w.write(2, `SecretName:\t${source.secret.name ?? ''}\n`);
      w.write(2, `Optional:\t${source.secret.optional ?? false}\n`);
    } else if (source.downwardAPI) w.write(2, 'DownwardAPI:\ttrue\n');
    else if (source.configMap) {
      w.write(2, `ConfigMapName:\t${source.configMap.name ?? ''}\n`);
      w.write(2, `Optional:\t${source.configMap.optional ?? false}\n`);
    } else if (source.serviceAccountToken) {
      w.write(2, `TokenExpirationSeconds:\t${source.serviceAccountToken.expirationSeconds ?? 3600}\n`);
    }
  }
}

/** `inTemplate`: two spaces further in, as under "Pod Template:". */
export function writeVolumes(w: DescribeWriter, volumes: Volume[] | undefined, inTemplate: boolean): void {
  const space = inTemplate ? '  ' : '';
  if (!volumes || volumes.length === 0) {
    w.write(0, `${space}Volumes:\t<none>\n`);
    return;
  }
  w.write(0, `${space}Volumes:\n`);
  for (const volume of volumes) {
    w.write(1, `${inTemplate ? ' ' : ''}${volume.name}:\n`);
    if (volume.projected) writeProjected(w, volume);
    else if (volume.downwardAPI) {
      w.write(2, 'Type:\tDownwardAPI (a volume populated by information about the pod)\n');
      w.write(2, 'Items:\n');
      for (const item of volume.downwardAPI.items ?? []) {
        if (item.fieldRef) w.write(3, `${item.fieldRef.fieldPath} -> ${item.path}\n`);
        else w.write(3, `${item.resourceFieldRef?.resource ?? ''} -> ${item.path}\n`);
      }
    } else {
      const { type, lines } = linesOf(volume);
      if (type === '<unknown>') w.write(1, '<unknown>\n');
      else w.write(2, `Type:\t${type}\n`);
      for (const [name, value] of lines) w.write(2, `${name}:\t${value ?? ''}\n`);
    }
  }
}
