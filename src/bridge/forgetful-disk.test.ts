import { expect, test } from 'vitest';
import { forgetfulDisk } from './forgetful-disk.ts';

test('a disk that keeps nothing numbers what it takes, and has nothing to read', async () => {
  const disk = forgetfulDisk();
  const log = await disk.openLog('wal');
  expect([await log.append(new Uint8Array(1)), await log.append(new Uint8Array(1))]).toEqual([1, 2]);
  await disk.put('identity', new Uint8Array(1));
  expect([await log.read(), await disk.list(), await disk.get('identity')]).toEqual([[], [], undefined]);
});
