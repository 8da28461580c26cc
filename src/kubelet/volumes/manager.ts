// The volumes of pods: made before containers start, kept up to date while they run, removed afterwards. Upstream: pkg/kubelet/volumemanager and the plugins
// emptyDir, configMap, secret, projected, downwardAPI and hostPath.
//
// Invariant: a volume's files are rewritten only when their content changed, all at once.

import type { Container, Pod, Volume } from '../../api/generated/types.ts';
import { quantityValue, tryParseQuantity } from '../../api/quantity.ts';
import type { NodeOs, VolumeFile } from '../../cri/node-os.ts';
import type { Mount } from '../../cri/runtime.ts';
import { messageOf } from '../../env/errors.ts';
import { expand } from '../containers/expansion.ts';
import { type PayloadInputs, volumePayload } from './payload.ts';

interface Mounted {
  path: string;
  /** What was last written, to be compared. */
  signature: string;
  /** emptyDir and hostPath: directories that containers may write, where a subPath is made if it is not there. */
  writable: boolean;
}

/** A volume that cannot be set up; `message` is that of upstream's FailedMount event. */
export class MountError extends Error {
  constructor(volume: string, reason: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${reason}`);
    this.name = 'MountError';
  }
}

export class VolumeManager {
  private readonly os: NodeOs;
  private readonly pods = new Map<string, Map<string, Mounted>>();

  constructor(os: NodeOs) {
    this.os = os;
  }

  /** Makes every volume the pod's containers use and writes what changed. Resolves with the cluster ms at which to come again, if any. Rejects with MountError. */
  async ensure(pod: Pod, inputs: PayloadInputs): Promise<number | undefined> {
    const uid = pod.metadata.uid ?? '';
    let mounted = this.pods.get(uid);
    if (!mounted) {
      mounted = new Map();
      this.pods.set(uid, mounted);
    }
    let refreshAt: number | undefined;
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        const due = await this.ensureOne(uid, mounted, volume, inputs);
        if (due !== undefined) refreshAt = Math.min(refreshAt ?? due, due);
      } catch (error) {
        throw new MountError(volume.name, messageOf(error));
      }
    }
    return refreshAt;
  }

  /** Forgets the pod and removes its directories. */
  async remove(podUid: string): Promise<void> {
    await this.os.removeVolumes(podUid);
    this.pods.delete(podUid);
  }

  /** The mounts of a container. Throws with the text of CreateContainerConfigError. */
  async mountsFor(pod: Pod, container: Container, envs: { key: string; value: string }[]): Promise<Mount[]> {
    const mounted = this.pods.get(pod.metadata.uid ?? '');
    const mounts: Mount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = mounted?.get(mount.name);
      if (!volume) throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
      const subPath = mount.subPathExpr
        ? expand(mount.subPathExpr, (name) => envs.find((env) => env.key === name)?.value)
        : (mount.subPath ?? '');
      if (subPath.startsWith('/')) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
      if (subPath.split('/').includes('..'))
        throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
      const hostPath = subPath === '' ? volume.path : await this.subPath(volume, subPath);
      const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`;
      mounts.push({ containerPath, hostPath, readonly: mount.readOnly ?? false });
    }
    return mounts;
  }

  /** A file of an emptyDir volume (env files). */
  async readVolumeFile(podUid: string, volume: string, path: string): Promise<string | undefined> {
    const directory = this.pods.get(podUid)?.get(volume)?.path;
    const bytes = directory === undefined ? undefined : await this.os.readFile(`${directory}/${path}`, 1 << 20);
    return bytes && new TextDecoder().decode(bytes);
  }

  private async subPath(volume: Mounted, subPath: string): Promise<string> {
    const path = `${volume.path}/${subPath}`;
    if (!volume.writable) return path;
    // what is there already may be a file: then it is mounted as it is
    return this.os.hostPath(path, 'DirectoryOrCreate').catch(() => path);
  }

  private async ensureOne(
    uid: string,
    mounted: Map<string, Mounted>,
    volume: Volume,
    inputs: PayloadInputs,
  ): Promise<number | undefined> {
    const known = mounted.get(volume.name);
    if (volume.emptyDir) {
      if (known) return undefined;
      const { medium, sizeLimit } = volume.emptyDir;
      const bytes = sizeLimit !== undefined && tryParseQuantity(sizeLimit) ? quantityValue(sizeLimit) : undefined;
      const path = await this.os.volumePath(uid, volume.name, {
        ...(medium === 'Memory' ? { medium } : {}),
        ...(bytes === undefined ? {} : { sizeLimit: bytes }),
      });
      mounted.set(volume.name, { path, signature: '', writable: true });
      return undefined;
    }
    if (volume.hostPath) {
      const path = await this.os.hostPath(volume.hostPath.path, volume.hostPath.type ?? '');
      mounted.set(volume.name, { path, signature: '', writable: true });
      return undefined;
    }
    const payload = await volumePayload(inputs, volume);
    if (!payload)
      throw new Error(
        `no volume plugin matched (this node has emptyDir, configMap, secret, projected, downwardAPI and hostPath)`,
      );
    const signature = signatureOf(payload.files);
    if (known?.signature !== signature) {
      const path = known?.path ?? (await this.os.volumePath(uid, volume.name));
      await this.os.writeVolume(path, payload.files);
      mounted.set(volume.name, { path, signature, writable: false });
    }
    return payload.refreshAt;
  }
}

function signatureOf(files: VolumeFile[]): string {
  const decoder = new TextDecoder('latin1');
  return JSON.stringify(files.map((file) => [file.path, file.mode, decoder.decode(file.content)]).sort());
}
