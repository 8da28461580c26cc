import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'drydock-lock-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a directory is held once, by whatever name, until it is released', async () => {
  const other = join(directory, 'other');
  symlinkSync(directory, other);
  const lock = await lockDirectory(directory);
  const message = (name: string) => `the data directory ${name} is in use by another process`;
  await expect(lockDirectory(directory)).rejects.toThrow(message(directory));
  await expect(lockDirectory(other)).rejects.toThrow(message(other));
  await lock.release();
  await (await lockDirectory(directory)).release();
});

test('who was killed holds nothing', async () => {
  const program = new URL('./directory-lock.ts', import.meta.url).href;
  const script = `const { lockDirectory } = await import(${JSON.stringify(program)});
    await lockDirectory(${JSON.stringify(directory)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  await once(child.stdout, 'data');
  await expect(lockDirectory(directory)).rejects.toThrow('in use');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await lockDirectory(directory)).release();
});
