// Writing a volume so that a reader sees all old or all new files: upstream's AtomicWriter. The files live in a fresh hidden directory, `..data` is a link
// to it that is swapped by one rename, and every top-level name is a link through `..data`.

import type { Agent } from '../../machine/agent.ts';
import type { VolumeFile } from '../node-os.ts';
import { RuntimeError } from '../runtime.ts';

interface Written {
  directory: string;
  names: string[];
}

const written = new WeakMap<Agent, Map<string, Written>>();

/** Upstream's rules for paths: relative, not empty, no "..", none that begins with "..". */
function checkPath(path: string): void {
  const parts = path.split('/');
  if (path === '' || path.startsWith('/') || parts.includes('..') || parts.includes(''))
    throw new RuntimeError('InvalidArgument', `invalid path: ${path || '(empty)'}`);
  if (path.startsWith('..'))
    throw new RuntimeError('InvalidArgument', `invalid path: must not start with '..': ${path}`);
}

/** Replaces the files of the volume at `path`. `now` names the hidden directory. */
export async function atomicWrite(agent: Agent, path: string, files: VolumeFile[], now: number): Promise<void> {
  for (const file of files) checkPath(file.path);
  let volumes = written.get(agent);
  if (!volumes) {
    volumes = new Map();
    written.set(agent, volumes);
  }
  const old = volumes.get(path);
  const serial = Number(old?.directory.split('.').at(-1) ?? 0) + 1;
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll('-', '_').replace('T', '_').replaceAll(':', '_');
  const directory = `..${stamp}.${serial}`;
  const steps: (string | Uint8Array)[] = ['mkdir', `${path}/${directory}`, '755'];
  for (const file of files) {
    const target = `${path}/${directory}/${file.path}`;
    if (file.path.includes('/')) steps.push('mkdir', target.slice(0, target.lastIndexOf('/')), '755');
    steps.push('file', target, (file.mode & 0o7777).toString(8), file.content);
  }
  steps.push('symlink', directory, `${path}/..data_tmp`, 'rename', `${path}/..data_tmp`, `${path}/..data`);
  const names = [...new Set(files.map((file) => file.path.split('/')[0] as string))];
  for (const name of names) if (!old?.names.includes(name)) steps.push('symlink', `..data/${name}`, `${path}/${name}`);
  for (const name of old?.names ?? []) if (!names.includes(name)) steps.push('remove', `${path}/${name}`);
  if (old) steps.push('remove', `${path}/${old.directory}`);
  await agent.batch(steps);
  volumes.set(path, { directory, names });
}
