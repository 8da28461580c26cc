// The little file system of a hollow node: volumes and what containers wrote into them, in memory, by absolute path.

import type { VolumeFile } from '../node-os.ts';
import type { Mount } from '../runtime.ts';

export class HollowFiles {
  private readonly files = new Map<string, Uint8Array>();

  /** Replaces everything under a directory that an earlier call wrote there. */
  replace(directory: string, files: readonly VolumeFile[]): void {
    this.remove(directory);
    for (const file of files) this.files.set(`${directory}/${file.path}`, file.content.slice());
  }

  read(path: string): Uint8Array | undefined {
    return this.files.get(path);
  }

  /** Forgets a directory and all below. */
  remove(directory: string): void {
    for (const path of this.files.keys()) if (path.startsWith(`${directory}/`)) this.files.delete(path);
  }

  /** Reads a path as a container with these mounts sees it. */
  readMounted(mounts: readonly Mount[], path: string): Uint8Array | undefined {
    const hostPath = resolveMount(mounts, path)?.hostPath;
    return hostPath === undefined ? undefined : this.files.get(hostPath);
  }

  /** Writes a path as a container would. What lies in no mount is forgotten with the container, so it is not kept at all. */
  writeMounted(mounts: readonly Mount[], write: { file: string; content: string; append: boolean }): void {
    const target = resolveMount(mounts, write.file);
    if (!target || target.readonly) return;
    const before = write.append ? (this.files.get(target.hostPath) ?? new Uint8Array()) : new Uint8Array();
    const added = new TextEncoder().encode(write.content);
    const joined = new Uint8Array(before.length + added.length);
    joined.set(before);
    joined.set(added, before.length);
    this.files.set(target.hostPath, joined);
  }
}

function resolveMount(mounts: readonly Mount[], path: string): { hostPath: string; readonly: boolean } | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const covers = path === mount.containerPath || path.startsWith(`${mount.containerPath.replace(/\/$/, '')}/`);
    if (covers && mount.containerPath.length > (best?.containerPath.length ?? -1)) best = mount;
  }
  if (!best) return undefined;
  return {
    hostPath: best.hostPath + path.slice(best.containerPath.replace(/\/$/, '').length),
    readonly: best.readonly,
  };
}
