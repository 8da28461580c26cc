// A worker that puts an OPFS log through what a crash can do to its file, since synchronous access handles exist in workers only. Posts what it read.

import { openOpfsDisk } from '../../src/env/worker/opfs-disk.ts';

export interface TornReport {
  /** Bytes cut off the end, 0 for none, or -1 for a byte changed in the last record, -2 for one changed before it. */
  cut: number;
  read: string[];
  next: number;
  error: string;
}

async function torn(name: string, cut: number): Promise<TornReport> {
  const log = await openOpfsDisk(name).openLog('wal');
  for (const item of ['first', 'second', 'third']) await log.append(new TextEncoder().encode(item));
  log.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(encodeURIComponent(name));
  const file = await (await folder.getFileHandle('wal.1')).createSyncAccessHandle();
  const size = file.getSize();
  if (cut > 0) file.truncate(size - cut);
  else {
    const at = cut === -1 ? size - 1 : 20;
    const byte = new Uint8Array(1);
    file.read(byte, { at });
    file.write(new Uint8Array([(byte[0] as number) ^ 1]), { at });
  }
  file.close();
  const report: TornReport = { cut, read: [], next: 0, error: '' };
  try {
    const again = await openOpfsDisk(name).openLog('wal');
    report.read = (await again.read()).map(({ data }) => new TextDecoder().decode(data));
    report.next = await again.append(new Uint8Array([1]));
    again.close();
  } catch (error) {
    report.error = error instanceof Error ? error.name : String(error);
  }
  return report;
}

/** A log that another still has open for a while, as a worker that is being terminated may. */
async function held(name: string): Promise<TornReport> {
  const before = await openOpfsDisk(name).openLog('wal');
  await before.append(new TextEncoder().encode('first'));
  setTimeout(() => before.close(), 200);
  const log = await openOpfsDisk(name).openLog('wal');
  const read = (await log.read()).map(({ data }) => new TextDecoder().decode(data));
  const next = await log.append(new Uint8Array([1]));
  log.close();
  return { cut: 0, read, next, error: '' };
}

self.onmessage = async (event: MessageEvent<string>) => {
  const reports = [await held(`${event.data}/held`)];
  for (const cut of [1, 4, 21, -1, -2]) reports.push(await torn(`${event.data}/${cut}`, cut));
  self.postMessage(reports);
};
