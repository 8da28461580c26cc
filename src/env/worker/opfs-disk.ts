// Disk with its logs in files of the origin private file system, through synchronous access handles (only in workers), and its blobs in IndexedDB.
// An append costs one write and one flush, about a seventh of a strict IndexedDB transaction.

import type { Disk, Log } from '../disk.ts';
import { openSegmentedLog, type SegmentFile, type SegmentFolder } from '../disk-segments.ts';
import { openIndexedDbDisk } from './indexeddb-disk.ts';

export function openOpfsDisk(name: string): Disk {
  const blobs = openIndexedDbDisk(name);
  const folderName = encodeURIComponent(name);
  const root = () => navigator.storage.getDirectory();
  const folder = async () => (await root()).getDirectoryHandle(folderName, { create: true });
  return {
    openLog: async (log): Promise<Log> => openSegmentedLog(new OpfsFolder(await folder()), log),
    get: (blob) => blobs.get(blob),
    put: (blob, value) => blobs.put(blob, value),
    delete: (blob) => blobs.delete(blob),
    list: () => blobs.list(),
    wipe: async () => {
      await blobs.wipe();
      await (await root()).removeEntry(folderName, { recursive: true }).catch((error: unknown) => {
        if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
      });
    },
  };
}

/** ms between tries, and how often: a worker that is terminated may hold its files for two seconds more. */
const heldPause = 50;
const heldTries = 200;

/** Opens a file as soon as nobody else has it open. Rejects with NoModificationAllowedError when somebody has for long. */
async function openAccess(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const held = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!held || tries === heldTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, heldPause));
    }
  }
}

class OpfsFolder implements SegmentFolder {
  private readonly handle: FileSystemDirectoryHandle;

  constructor(handle: FileSystemDirectoryHandle) {
    this.handle = handle;
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of this.handle.keys()) names.push(name);
    return names;
  }

  async open(name: string): Promise<SegmentFile> {
    const file = await this.handle.getFileHandle(name, { create: true });
    const access = await openAccess(file);
    let size = access.getSize();
    return {
      size: () => size,
      readAll: () => {
        const bytes = new Uint8Array(size);
        access.read(bytes, { at: 0 });
        return bytes;
      },
      append: (bytes) => {
        access.write(bytes, { at: size });
        size += bytes.length;
        access.flush();
      },
      truncate: (to) => {
        access.truncate(to);
        access.flush();
        size = to;
      },
      close: () => access.close(),
    };
  }

  async remove(name: string): Promise<void> {
    await this.handle.removeEntry(name);
  }
}
