// Disk in IndexedDB, written with strict durability: a promise resolves only when the browser has the write on disk. One database per process.
//
// Records and blobs carry a checksum (four bytes in front), since a database that survives a power cut may still hold what a failing disk made of it; reading stops at
// a last record that is not right.

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
import { CorruptLogError, type Disk, type Log, type LogRecord } from '../disk.ts';
import { checksum, isIntact } from '../disk-checksum.ts';

interface Schema extends DBSchema {
  /** Key [log, index]. */
  records: { key: [string, number]; value: Uint8Array };
  /** The next index of a log whose records were dropped. */
  next: { key: string; value: number };
  blobs: { key: string; value: Uint8Array };
}

type Database = IDBPDatabase<Schema>;
const strict = { durability: 'strict' } as const;

/** Records read in one request while opening. */
const readBatch = 256;

/** The disk of that name; the database is made when it is first used. */
export function openIndexedDbDisk(name: string): Disk {
  return new IndexedDbDisk(name);
}

/** Deletes every disk whose name begins with `prefix`. */
export async function deleteIndexedDbDisks(prefix: string): Promise<void> {
  const databases = await indexedDB.databases();
  await Promise.all(
    databases.map(async ({ name }) => {
      if (name?.startsWith(prefix)) await deleteDB(name);
    }),
  );
}

function seal(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + data.length);
  new DataView(out.buffer).setUint32(0, checksum(data));
  out.set(data, 4);
  return out;
}

function unseal(sealed: Uint8Array): Uint8Array | undefined {
  const data = sealed.subarray(4);
  if (sealed.length < 4) return undefined;
  const sum = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
  return isIntact(data, sum) ? data : undefined;
}

class IndexedDbDisk implements Disk {
  private readonly name: string;
  private opened: Promise<Database> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  private database(): Promise<Database> {
    this.opened ??= openDB<Schema>(this.name, 1, {
      upgrade(database) {
        database.createObjectStore('records');
        database.createObjectStore('next');
        database.createObjectStore('blobs');
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return this.opened;
  }

  async openLog(name: string): Promise<Log> {
    const database = await this.database();
    const all = IDBKeyRange.bound([name, 0], [name, Infinity]);
    const cursor = await database.transaction('records').store.openKeyCursor(all, 'prev');
    const noted = (await database.get('next', name)) ?? 1;
    return new IndexedDbLog(database, name, Math.max(noted, cursor ? (cursor.key[1] as number) + 1 : 1));
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const sealed = await (await this.database()).get('blobs', name);
    return sealed && unseal(sealed);
  }

  async put(name: string, value: Uint8Array): Promise<void> {
    const tx = (await this.database()).transaction('blobs', 'readwrite', strict);
    void tx.store.put(seal(value), name);
    tx.commit();
    await tx.done;
  }

  async delete(name: string): Promise<void> {
    const tx = (await this.database()).transaction('blobs', 'readwrite', strict);
    void tx.store.delete(name);
    await tx.done;
  }

  async list(): Promise<string[]> {
    return (await (await this.database()).getAllKeys('blobs')).sort();
  }

  async wipe(): Promise<void> {
    const stores = ['records', 'next', 'blobs'] as const;
    const tx = (await this.database()).transaction(stores, 'readwrite', strict);
    for (const store of stores) void tx.objectStore(store).clear();
    await tx.done;
  }
}

class IndexedDbLog implements Log {
  private readonly database: Database;
  private readonly name: string;
  private next: number;

  constructor(database: Database, name: string, next: number) {
    this.database = database;
    this.name = name;
    this.next = next;
  }

  async read(): Promise<LogRecord[]> {
    const out: LogRecord[] = [];
    for (let from = 0; ; ) {
      const range = IDBKeyRange.bound([this.name, from], [this.name, Infinity]);
      const { store } = this.database.transaction('records');
      const [keys, values] = await Promise.all([store.getAllKeys(range, readBatch), store.getAll(range, readBatch)]);
      for (let i = 0; i < keys.length; i++) {
        const index = (keys[i] as [string, number])[1];
        const data = unseal(values[i] as Uint8Array);
        if (!data) {
          // appends end one after another, so only the last record can be torn
          if (i < keys.length - 1 || index < this.next - 1) throw new CorruptLogError(this.name, index);
          await this.dropFrom(index);
          return out;
        }
        out.push({ index, data });
        from = index + 1;
      }
      if (keys.length < readBatch) return out;
    }
  }

  async append(data: Uint8Array): Promise<number> {
    const index = this.next++;
    const tx = this.database.transaction('records', 'readwrite', strict);
    void tx.store.put(seal(data), [this.name, index]);
    tx.commit();
    await tx.done;
    return index;
  }

  dropBefore(first: number): Promise<void> {
    return this.drop(IDBKeyRange.bound([this.name, 0], [this.name, first], false, true));
  }

  dropFrom(first: number): Promise<void> {
    return this.drop(IDBKeyRange.bound([this.name, first], [this.name, Infinity]));
  }

  private async drop(range: IDBKeyRange): Promise<void> {
    const tx = this.database.transaction(['records', 'next'], 'readwrite', strict);
    void tx.objectStore('records').delete(range);
    void tx.objectStore('next').put(this.next, this.name);
    await tx.done;
  }

  /** The database stays open with its disk. */
  close(): void {}
}
