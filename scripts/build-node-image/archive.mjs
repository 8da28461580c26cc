// File trees in memory, and the two archive formats they are written as: tar for image layers, cpio for the initramfs. Both are reproducible: sorted
// names, owner 0, time 0.

import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** A file tree: absolute path -> { mode, content } | { mode, link } | { mode, directory: true }. Parents are made as needed. */
export class Tree {
  constructor() {
    this.entries = new Map();
  }

  directory(path, mode = 0o755, owner = 0) {
    if (path === '/' || path === '') return this;
    this.directory(posix.dirname(path));
    if (!this.entries.has(path) || mode !== 0o755) this.entries.set(path, { directory: true, mode, owner });
    return this;
  }

  file(path, content, mode = 0o644) {
    this.directory(posix.dirname(path));
    this.entries.set(path, { content: Buffer.from(content), mode });
    return this;
  }

  link(path, target) {
    this.directory(posix.dirname(path));
    this.entries.set(path, { link: target, mode: 0o777 });
    return this;
  }

  /** Everything below a directory of this machine. */
  copy(from, to = '/') {
    for (const name of readdirSync(from).sort()) {
      const source = join(from, name);
      const target = posix.join(to, name);
      const stat = lstatSync(source);
      if (stat.isDirectory()) this.directory(target).copy(source, target);
      else if (stat.isSymbolicLink()) this.link(target, readlinkSync(source));
      else this.file(target, readFileSync(source), stat.mode & 0o111 ? 0o755 : 0o644);
    }
    return this;
  }

  sorted() {
    return [...this.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const libraryDirectories = ['/lib/i386-linux-gnu', '/usr/lib/i386-linux-gnu', '/lib', '/usr/lib'];

/** The real path, below `base`, of a path inside an unpacked package tree (links may be absolute, and /lib may stand for /usr/lib). */
function resolveIn(base, path) {
  for (const candidate of [path, `/usr${path}`, path.replace(/^\/usr/, '')]) {
    let at = join(base, candidate);
    for (let hops = 0; hops < 20; hops++) {
      let stat;
      try {
        stat = lstatSync(at);
      } catch {
        break;
      }
      if (!stat.isSymbolicLink()) return at;
      const target = readlinkSync(at);
      at = target.startsWith('/') ? join(base, target) : join(dirname(at), target);
    }
  }
  return undefined;
}

const isElf = (bytes) => bytes.length > 4 && bytes.readUInt32BE(0) === 0x7f454c46;

/**
 * Adds programs from an unpacked package tree and every shared library they need, in /lib.
 * `provided` maps library names to bytes that take the place of a package's.
 */
export function addPrograms(tree, base, paths, provided = new Map()) {
  const add = (path, target) => {
    if (tree.entries.has(target)) return;
    const source = resolveIn(base, path);
    if (!source) throw new Error(`${path} is not in the packages`);
    const bytes = readFileSync(source);
    tree.file(target, bytes, 0o755);
    if (isElf(bytes)) needed(source);
  };
  const needed = (source) => {
    const listing = execFileSync('readelf', ['-d', '-l', source], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (/interpreter: \/lib\/ld-linux/.test(listing)) add('/lib/i386-linux-gnu/ld-linux.so.2', '/lib/ld-linux.so.2');
    for (const [, name] of listing.matchAll(/NEEDED.*\[(.*?)\]/g)) {
      const ready = provided.get(name);
      if (ready) {
        tree.file(`/lib/${name}`, ready, 0o755);
        continue;
      }
      if (name === 'ld-linux.so.2') continue;
      const place = libraryDirectories.find((directory) => resolveIn(base, `${directory}/${name}`));
      if (!place) throw new Error(`${name}, needed by ${source}, is not in the packages`);
      add(`${place}/${name}`, `/lib/${name}`);
    }
  };
  for (const path of paths) add(path, path);
}

/** Links for all of busybox's applets, except where a path is taken. */
export function addBusyboxLinks(tree, base) {
  const binary = resolveIn(base, '/bin/busybox');
  const applets = execFileSync(binary, ['--list-full'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) {
    const path = `/${applet.replace(/^usr\/s?bin\//, 'bin/').replace(/^sbin\//, 'bin/')}`;
    if (!tree.entries.has(path) && path !== '/bin/busybox') tree.link(path, 'busybox');
  }
}

const octal = (value, size) => `${value.toString(8).padStart(size - 1, '0')}\0`;

/** A POSIX ustar archive of the tree. */
export function tar(tree) {
  const parts = [];
  for (const [path, entry] of tree.sorted()) {
    const name = `${path.slice(1)}${entry.directory ? '/' : ''}`;
    if (name.length > 100) throw new Error(`name too long for tar: ${name}`);
    const header = Buffer.alloc(512);
    const size = entry.content?.length ?? 0;
    header.write(name, 0);
    header.write(octal(entry.mode, 8), 100);
    header.write(octal(entry.owner ?? 0, 8), 108);
    header.write(octal(entry.owner ?? 0, 8), 116);
    header.write(octal(size, 12), 124);
    header.write(octal(0, 12), 136);
    header.write('        ', 148);
    header.write(entry.directory ? '5' : entry.link !== undefined ? '2' : '0', 156);
    header.write(entry.link ?? '', 157);
    header.write('ustar\x0000', 257);
    header.write(
      octal(
        header.reduce((sum, byte) => sum + byte, 0),
        7,
      ),
      148,
    );
    parts.push(header);
    if (size) parts.push(entry.content, Buffer.alloc((512 - (size % 512)) % 512));
  }
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}

/** A "newc" cpio archive of the tree, as the kernel unpacks it. */
export function cpio(tree) {
  const parts = [];
  let inode = 1;
  const hex = (value) => value.toString(16).padStart(8, '0');
  const put = (name, mode, content) => {
    const head = `070701${[inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0].map(hex).join('')}${name}\0`;
    parts.push(
      Buffer.from(head),
      Buffer.alloc((4 - (head.length % 4)) % 4),
      content,
      Buffer.alloc((4 - (content.length % 4)) % 4),
    );
  };
  for (const [path, entry] of tree.sorted()) {
    const kind = entry.directory ? 0o040000 : entry.link !== undefined ? 0o120000 : 0o100000;
    put(path.slice(1), kind | entry.mode, entry.content ?? Buffer.from(entry.link ?? ''));
  }
  put('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}
