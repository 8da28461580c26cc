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
    const access = await file.createSyncAccessHandle();
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
