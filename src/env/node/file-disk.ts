// Disk in a directory: logs in segment files, blobs one file each, written beside and renamed; every write is followed by fsync.

import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk, Log } from '../disk.ts';
import { openSegmentedLog, type SegmentFile, type SegmentFolder } from '../disk-segments.ts';

/** The disk in `directory`, which is made if it is not there. */
export function openFileDisk(directory: string): Disk {
  return new FileDisk(directory);
}

const missing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

class FileDisk implements Disk {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async openLog(name: string): Promise<Log> {
    return openSegmentedLog(new Folder(await this.folder('log')), encodeURIComponent(name));
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(await this.folder('blob'), encodeURIComponent(name)));
    } catch (error) {
      if (missing(error)) return undefined;
      throw error;
    }
  }

  async put(name: string, value: Uint8Array): Promise<void> {
    const folder = await this.folder('blob');
    const path = join(folder, encodeURIComponent(name));
    const file = await open(`${path}~`, 'w');
    try {
      await file.writeFile(value);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}~`, path);
    await syncFolder(folder);
  }

  async delete(name: string): Promise<void> {
    const folder = await this.folder('blob');
    await rm(join(folder, encodeURIComponent(name)), { force: true });
    await syncFolder(folder);
  }

  async list(): Promise<string[]> {
    const names = await readdir(await this.folder('blob'));
    return names
      .filter((name) => !name.endsWith('~'))
      .map(decodeURIComponent)
      .sort();
  }

  async wipe(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  private async folder(kind: 'log' | 'blob'): Promise<string> {
    const path = join(this.directory, kind);
    await mkdir(path, { recursive: true });
    return path;
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class Folder implements SegmentFolder {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  list(): Promise<string[]> {
    return readdir(this.path);
  }

  async open(name: string): Promise<SegmentFile> {
    const path = join(this.path, name);
    const handle = await open(path, 'a+');
    await syncFolder(this.path);
    let size = (await handle.stat()).size;
    return {
      size: () => size,
      readAll: () => readFile(path),
      append: async (bytes) => {
        await handle.write(bytes);
        size += bytes.length;
        await handle.datasync();
      },
      truncate: async (to) => {
        await handle.truncate(to);
        await handle.sync();
        size = to;
      },
      close: () => handle.close(),
    };
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true });
  }
}
