// A data directory is one process's: what keeps a second one out, and a cluster from being started with some of its members only.

import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from './etcd-flags.ts';

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left',
  ENOTDIR: 'not a directory',
  EEXIST: 'not a directory',
  ENOENT: 'no such file or directory',
};

/** An error of the file system in words. */
export function fileError(what: string, error: unknown): StartError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new StartError(`${what}: ${reasons[code] ?? (error instanceof Error ? error.message : String(error))}`);
}

/** Whether that process lives, and is one of these as far as can be seen: numbers are given again. */
async function holds(pid: number): Promise<boolean> {
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // alive, and not ours
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || command.includes('etcd');
}

/**
 * Takes the directory for this process and checks that it holds members only out of `names`. Resolves with what gives it back. Throws StartError. A process that was
 * killed leaves its mark behind; the next one sees that it is gone.
 */
export async function takeDataDir(directory: string, names: readonly string[]): Promise<() => Promise<void>> {
  const mark = join(directory, 'pid');
  try {
    await mkdir(directory, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const file = await open(mark, 'wx').catch((error: unknown) => error);
      if (!(file instanceof Error)) {
        const handle = file as Awaited<ReturnType<typeof open>>;
        await handle.writeFile(`${process.pid}\n`);
        await handle.close();
        break;
      }
      if (!('code' in file) || file.code !== 'EEXIST' || attempt > 2) throw file;
      const pid = Number(await readFile(mark, 'utf8').catch(() => ''));
      if (await holds(pid)) throw new StartError(`--data-dir=${directory} is in use by process ${pid}`);
      await rm(mark, { force: true });
    }
  } catch (error) {
    throw error instanceof StartError ? error : fileError(`--data-dir=${directory}`, error);
  }
  const release = () => rm(mark, { force: true });
  const strangers = (await readdir(directory)).filter((name) => /^etcd-\d+$/.test(name) && !names.includes(name));
  if (strangers.length > 0) {
    await release();
    const most = Math.max(...[...strangers, ...names].map((name) => Number(name.slice('etcd-'.length))));
    throw new StartError(`--data-dir=${directory} holds a cluster of ${most}: start it with --members=${most}`);
  }
  return release;
}
