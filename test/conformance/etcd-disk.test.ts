import 'fake-indexeddb/auto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CorruptLogError } from '../../src/env/disk.ts';
import { openFileDisk } from '../../src/env/node/file-disk.ts';
import { seededRandom } from '../../src/env/random.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { openIndexedDbDisk } from '../../src/env/worker/indexeddb-disk.ts';
import { diskSuite, tornSuite } from './etcd-disk-suite.ts';

let next = 0;

diskSuite('memory', async () => {
  const disks = createMemoryDisks();
  return { open: () => disks.open('p') };
});

diskSuite('files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'disk-'));
  return { open: () => openFileDisk(directory), done: () => rm(directory, { recursive: true, force: true }) };
});

diskSuite('IndexedDB (imitated; the real one is tested in Chromium)', async () => {
  const name = `suite-${next++}`;
  return { open: () => openIndexedDbDisk(name) };
});

tornSuite('IndexedDB (imitated)', (name) => openIndexedDbDisk(name));

describe('files after a crash', () => {
  const records = async (change: (bytes: Uint8Array) => Uint8Array) => {
    const directory = await mkdtemp(join(tmpdir(), 'disk-'));
    const log = await openFileDisk(directory).openLog('wal');
    for (const item of ['first', 'second', 'third']) await log.append(new TextEncoder().encode(item));
    log.close();
    const [file] = await readdir(join(directory, 'log'));
    const path = join(directory, 'log', file as string);
    await writeFile(path, change(await readFile(path)));
    try {
      const again = await openFileDisk(directory).openLog('wal');
      const read = (await again.read()).map(({ data }) => new TextDecoder().decode(data));
      const index = await again.append(new Uint8Array([1]));
      again.close();
      return { read, index };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };

  test('a torn tail is cut at any byte', async () => {
    for (const cut of [1, 4, 5, 12, 21])
      expect(await records((bytes) => bytes.subarray(0, bytes.length - cut))).toEqual({
        read: ['first', 'second'],
        index: 3,
      });
  });

  test('a damaged tail is cut', async () => {
    const flip = (bytes: Uint8Array) => {
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      return bytes;
    };
    expect((await records(flip)).read).toEqual(['first', 'second']);
  });

  test('damage before the tail is an error', async () => {
    const flip = (bytes: Uint8Array) => {
      bytes[20] = (bytes[20] as number) ^ 1;
      return bytes;
    };
    await expect(records(flip)).rejects.toBeInstanceOf(CorruptLogError);
  });
});

test('memory disks lose what was not acknowledged, from some write on', async () => {
  for (let seed = 1; seed < 30; seed++) {
    const callbacks: (() => void)[] = [];
    const disks = createMemoryDisks({ delay: (done) => void callbacks.push(done), random: seededRandom(seed) });
    const log = await disks.open('p').openLog('wal');
    const acknowledged: number[] = [];
    for (let i = 0; i < 6; i++) void log.append(new Uint8Array([i])).then((index) => acknowledged.push(index));
    for (const done of callbacks.slice(0, 3)) done();
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    const survived = (await (await disks.open('p').openLog('wal')).read()).map((record) => record.index);
    expect(acknowledged).toEqual([1, 2, 3]);
    expect(survived).toEqual(Array.from({ length: survived.length }, (_, i) => i + 1));
    expect(survived.length).toBeGreaterThanOrEqual(3);
  }
});
