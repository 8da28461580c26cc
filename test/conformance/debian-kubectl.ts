// Debian's kubectl 1.20 (package kubernetes-client), unpacked once into a cache directory: installing it could replace another kubectl of the machine.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cache = join(tmpdir(), 'drydock-kubectl-1.20');
const path = join(cache, 'usr', 'bin', 'kubectl');
const say = (program: string, ...args: string[]) =>
  execFileSync(program, args, { cwd: cache, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000 });
const settings = ['DPkg::Lock::Timeout=200', 'Acquire::http::Timeout=20', 'Acquire::Retries=1'];
const apt = (...args: string[]) => say('apt-get', ...settings.flatMap((setting) => ['-o', setting]), '-qq', ...args);

/** Path of the binary, downloaded with apt if it is not here yet, or why there is none. */
export function findDebianKubectl(): { path: string } | { missing: string } {
  if (existsSync(path)) return { path };
  mkdirSync(cache, { recursive: true });
  try {
    download();
    const archive = readdirSync(cache).find((name) => name.endsWith('.deb'));
    say('dpkg-deb', '-x', archive ?? '', 'unpacked');
    // whole or not at all
    renameSync(join(cache, 'unpacked', 'usr'), join(cache, 'usr'));
  } catch (error) {
    return { missing: `the package kubernetes-client cannot be had: ${(error as Error).message.split('\n', 1)[0]}` };
  }
  return existsSync(path) ? { path } : { missing: 'the package kubernetes-client holds no kubectl' };
}

function download(): void {
  try {
    apt('download', 'kubernetes-client');
  } catch (error) {
    // a fresh machine knows of no packages yet
    if (process.getuid?.() !== 0) throw error;
    apt('update');
    apt('download', 'kubernetes-client');
  }
}
