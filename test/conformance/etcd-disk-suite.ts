// What every Disk must do, whatever it is made of. `open` opens the same disk again, as after the death of whoever had it open.

import { describe, expect, test } from 'vitest';
import { CorruptLogError, type Disk, type Log } from '../../src/env/disk.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);
const contents = async (log: Log) => (await log.read()).map(({ index, data }) => `${index} ${text(data)}`);

export function diskSuite(name: string, make: () => Promise<{ open: () => Disk; done?: () => Promise<void> }>): void {
  describe(`disk: ${name}`, () => {
    test('appends are read back in order, under their numbers', async () => {
      const { open, done } = await make();
      const log = await open().openLog('wal');
      expect(await log.read()).toEqual([]);
      const numbers = await Promise.all(['a', 'b', '', 'd'].map((item) => log.append(bytes(item))));
      expect(numbers).toEqual([1, 2, 3, 4]);
      log.close();
      const again = await open().openLog('wal');
      expect(await contents(again)).toEqual(['1 a', '2 b', '3 ', '4 d']);
      expect(await again.append(bytes('e'))).toBe(5);
      again.close();
      await done?.();
    });

    test('records can be dropped at both ends; numbers are never used again', async () => {
      const { open, done } = await make();
      const log = await open().openLog('wal');
      for (const item of ['a', 'b', 'c', 'd', 'e']) await log.append(bytes(item));
      await log.dropBefore(3);
      await log.dropFrom(5);
      log.close();
      const again = await open().openLog('wal');
      expect(await contents(again)).toEqual(['3 c', '4 d']);
      expect(await again.append(bytes('f'))).toBe(6);
      await again.dropBefore(100);
      again.close();
      const third = await open().openLog('wal');
      expect(await contents(third)).toEqual([]);
      expect(await third.append(bytes('g'))).toBe(7);
      third.close();
      await done?.();
    });

    test('logs and blobs of one disk do not meet', async () => {
      const { open, done } = await make();
      const disk = open();
      const [one, two] = await Promise.all([disk.openLog('one'), disk.openLog('two')]);
      await one.append(bytes('1'));
      await two.append(bytes('2'));
      await disk.put('one', bytes('blob'));
      expect(await contents(one)).toEqual(['1 1']);
      expect(await contents(two)).toEqual(['1 2']);
      expect(text(await disk.get('one'))).toBe('blob');
      one.close();
      two.close();
      await done?.();
    });

    test('blobs: put, replace, list in order, delete', async () => {
      const { open, done } = await make();
      const disk = open();
      expect(await disk.get('x')).toBeUndefined();
      await disk.put('snapshot/2/0', bytes('piece'));
      await disk.put('snapshot/2', bytes('old'));
      await disk.put('snapshot/2', bytes('new'));
      await disk.put('a', new Uint8Array(0));
      const again = open();
      expect(text(await again.get('snapshot/2'))).toBe('new');
      expect((await again.get('a'))?.length).toBe(0);
      expect(await again.list()).toEqual(['a', 'snapshot/2', 'snapshot/2/0']);
      await again.delete('snapshot/2');
      await again.delete('never there');
      expect(await again.list()).toEqual(['a', 'snapshot/2/0']);
      await done?.();
    });

    test('what is handed over may be changed afterwards', async () => {
      const { open, done } = await make();
      const disk = open();
      const log = await disk.openLog('wal');
      const data = bytes('before');
      const appended = log.append(data);
      await appended;
      data.fill(0);
      log.close();
      const again = await open().openLog('wal');
      expect(await contents(again)).toEqual(['1 before']);
      again.close();
      await done?.();
    });

    test('a large record, and many', async () => {
      const { open, done } = await make();
      const log = await open().openLog('wal');
      const large = new Uint8Array(3_000_000).fill(7);
      await log.append(large);
      await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(bytes(String(i)))));
      log.close();
      const again = await open().openLog('wal');
      const records = await again.read();
      expect(records.length).toBe(301);
      expect(records[0]?.data.length).toBe(large.length);
      expect(records[0]?.data.every((byte) => byte === 7)).toBe(true);
      expect(text(records[300]?.data)).toBe('299');
      again.close();
      await done?.();
    });

    test('wipe forgets everything', async () => {
      const { open, done } = await make();
      const disk = open();
      const log = await disk.openLog('wal');
      await log.append(bytes('a'));
      await disk.put('x', bytes('y'));
      log.close();
      await disk.wipe();
      expect(await open().list()).toEqual([]);
      const again = await open().openLog('wal');
      expect(await again.read()).toEqual([]);
      again.close();
      await done?.();
    });
  });
}

/** What a failing disk can do to a log in IndexedDB: the last record is torn or damaged, or one before it. */
export function tornSuite(kind: string, open: (name: string) => Disk): void {
  describe(`${kind} after a crash`, () => {
    const written = async (change: (record: Uint8Array) => Uint8Array, index: number) => {
      const name = `torn-${Math.random()}`;
      const log = await open(name).openLog('wal');
      for (const item of ['first', 'second', 'third']) await log.append(bytes(item));
      log.close();
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const store = database.transaction('records', 'readwrite').objectStore('records');
      await new Promise<void>((resolve) => {
        const get = store.get(['wal', index]);
        get.onsuccess = () => {
          const put = store.put(change((get.result as Uint8Array).slice()), ['wal', index]);
          put.onsuccess = () => resolve();
        };
      });
      database.close();
      return (await open(name).openLog('wal')) as Log;
    };
    const flip = (record: Uint8Array) => {
      record[record.length - 1] = (record.at(-1) as number) ^ 1;
      return record;
    };

    test('a torn or damaged last record is cut, and its number not used for what was before', async () => {
      for (const change of [flip, (record: Uint8Array) => record.subarray(0, 6).slice(), () => new Uint8Array(2)]) {
        const log = await written(change, 3);
        expect(await contents(log)).toEqual(['1 first', '2 second']);
        expect(await log.append(bytes('again'))).toBeGreaterThan(2);
        expect((await contents(log)).at(-1)).toMatch(/ again$/);
        log.close();
      }
    });

    test('damage before the last record is an error', async () => {
      const log = await written(flip, 2);
      await expect(log.read()).rejects.toBeInstanceOf(CorruptLogError);
      log.close();
    });
  });
}
