// One process for one data directory: who holds it listens at a socket that is named after it. A process that dies, however it dies, holds nothing.
//
// Invariant: between lockDirectory and release nobody else gets the lock of the same directory, by whatever path it is called.

import { createHash } from 'node:crypto';
import { realpathSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** Rejects with an Error that names the directory when somebody holds it. The directory must be there. */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 32);
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\drydock-${name}` : join(tmpdir(), `drydock-${name}.lock`);
  const server = (await listen(path)) ?? (await listenInstead(path));
  if (!server) throw new Error(`the data directory ${directory} is in use by another process`);
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Undefined: the name is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

/** Takes the place of a holder that has died and left its socket. */
async function listenInstead(path: string): Promise<Server | undefined> {
  if (await answers(path)) return undefined;
  try {
    unlinkSync(path);
  } catch {
    // Somebody else was quicker.
  }
  return listen(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
