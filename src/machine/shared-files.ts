// Files that the page gives to the machine: the tree behind the guest's 9p mount at `sharedRoot`.
//
// Unpacking here costs the guest nothing, neither time nor memory: its programs read what they need, when they need it. What was put here never changes;
// the guest alone removes it, so that its caches stay true.

import { type ParsedTarEntryWithData, type TarHeader, unpackTar } from 'modern-tar';

/** Where the guest sees the tree (images/node/start.sh mounts it). */
export const sharedRoot = '/var/lib/layers';

/** The part of v86's in-memory file system that this needs; inodes are known by their index, 0 is the root. */
export interface EmulatedFileSystem {
  readonly inodes: Inode[];
  /** Index of an entry of a directory; -1 if there is none. */
  Search(directory: number, name: string): number;
  CreateDirectory(name: string, directory: number): number;
  CreateFile(name: string, directory: number): number;
  CreateSymlink(name: string, directory: number, target: string): number;
  CreateNode(name: string, directory: number, major: number, minor: number): number;
  /** 0, or a negative errno. */
  Link(directory: number, inode: number, name: string): number;
  Unlink(directory: number, name: string): number;
  /** Empties a directory. */
  RecursiveDelete(path: string): void;
  Rename(directory: number, name: string, newDirectory: number, newName: string): Promise<number>;
  set_data(inode: number, bytes: Uint8Array): Promise<void>;
}

interface Inode {
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
}

const formats = { directory: 0o040000, file: 0o100000, symlink: 0o120000, character: 0o020000, fifo: 0o010000 };
const formatMask = 0o170000;
const whiteout = '.wh.';
const opaqueWhiteout = '.wh..wh..opq';

export class SharedFiles {
  private readonly files: EmulatedFileSystem;

  constructor(files: EmulatedFileSystem) {
    this.files = files;
  }

  /**
   * Unpacks an image layer, a plain tar, into `${sharedRoot}/${name}` and gives that path. OCI whiteouts become overlayfs ones (0/0 character devices).
   * Gives undefined, and does nothing, for a layer that hides whole directories: that takes an extended attribute, which this file system has none of.
   * Rejects, leaving nothing at that name, for a broken archive. The archive is the callee's to keep.
   */
  async unpack(name: string, archive: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    const entries = await unpackTar(archive, { strict: true });
    if (entries.some(({ header }) => baseName(header.name) === opaqueWhiteout)) return undefined;
    const partial = `${name}.partial`;
    const root = this.makeDirectory(0, partial);
    try {
      for (const entry of entries) await this.add(root, entry);
    } catch (error) {
      this.files.RecursiveDelete(partial);
      this.files.Unlink(0, partial);
      throw error;
    }
    await this.files.Rename(0, partial, 0, name);
    return `${sharedRoot}/${name}`;
  }

  private async add(root: number, { header, data }: ParsedTarEntryWithData): Promise<void> {
    const path = segments(header.name);
    const name = path.pop();
    if (name === undefined) {
      this.describe(root, formats.directory, header);
      return;
    }
    const directory = this.directoryAt(root, path);
    if (name.startsWith(whiteout)) {
      const node = this.files.CreateNode(name.slice(whiteout.length), directory, 0, 0);
      this.describe(node, formats.character, { ...header, mode: 0 });
      return;
    }
    const present = this.files.Search(directory, name);
    if (present >= 0) {
      if (header.type === 'directory' && this.isDirectory(present)) {
        this.describe(present, formats.directory, header);
        return;
      }
      if (this.files.Unlink(directory, name) < 0) throw new Error(`${header.name}: a directory is in the way`);
    }
    switch (header.type ?? 'file') {
      case 'directory':
        this.describe(this.makeDirectory(directory, name), formats.directory, header);
        break;
      case 'symlink':
        this.describe(this.files.CreateSymlink(name, directory, header.linkname ?? ''), formats.symlink, header);
        break;
      case 'link':
        this.files.Link(directory, this.find(root, segments(header.linkname ?? '')), name);
        break;
      case 'fifo':
        this.describe(this.files.CreateNode(name, directory, 0, 0), formats.fifo, header);
        break;
      case 'file': {
        const file = this.files.CreateFile(name, directory);
        const bytes = data ?? new Uint8Array();
        await this.files.set_data(file, bytes);
        this.describe(file, formats.file, header);
        this.inode(file).size = bytes.length;
        break;
      }
      default: // devices are the container runtime's to make
    }
  }

  private describe(index: number, format: number, { mode, uid, gid, mtime }: Partial<TarHeader>): void {
    const inode = this.inode(index);
    inode.mode = format | ((mode ?? 0o755) & 0o7777);
    inode.uid = uid ?? 0;
    inode.gid = gid ?? 0;
    if (mtime) inode.mtime = Math.floor(mtime.getTime() / 1000);
  }

  private makeDirectory(parent: number, name: string): number {
    const made = this.files.CreateDirectory(name, parent);
    this.describe(made, formats.directory, {});
    return made;
  }

  /** The directory at a path below `root`; what is missing on the way is made. */
  private directoryAt(root: number, path: string[]): number {
    return path.reduce((parent, name) => {
      const next = this.files.Search(parent, name);
      if (next < 0) return this.makeDirectory(parent, name);
      if (!this.isDirectory(next)) throw new Error(`${path.join('/')}: ${name} is not a directory`);
      return next;
    }, root);
  }

  private find(root: number, path: string[]): number {
    return path.reduce((parent, name) => {
      const next = this.isDirectory(parent) ? this.files.Search(parent, name) : -1;
      if (next < 0) throw new Error(`hard link to ${path.join('/')}, which is not there`);
      return next;
    }, root);
  }

  private inode(index: number): Inode {
    const inode = this.files.inodes[index];
    if (!inode) throw new Error(`no inode ${index}`);
    return inode;
  }

  private isDirectory(index: number): boolean {
    return (this.inode(index).mode & formatMask) === formats.directory;
  }
}

/** The parts of a name in an archive, which may begin with "/" or "./" and may not climb out of it. */
function segments(name: string): string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Error(`${name}: leaves the layer`);
  return parts;
}

const baseName = (name: string) => name.split('/').findLast((part) => part !== '') ?? '';
