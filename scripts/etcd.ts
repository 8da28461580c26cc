// A cluster of our store, headless: npm run etcd -- --members=3 --client-port=P [--data-dir=D] [--restore=FILE]. Serves etcd's v3 JSON API on 127.0.0.1 at P, P+1,
// P+2 (P = 0: free ports). FILE: the blobs of /v3/maintenance/snapshot, decoded, to begin an empty data directory with.

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openFileDisk } from '../src/env/node/file-disk.ts';
import { LocalNetwork } from '../src/env/node/local-network.ts';
import { createNodeEnv } from '../src/env/node/node-env.ts';
import { ScaledClock } from '../src/env/scaled-clock.ts';
import { createMemoryDisks } from '../src/env/simulated/memory-disk.ts';
import { type RunningEtcdMember, restoreBackup, startEtcdMember } from '../src/etcd/index.ts';
import { fileError, takeDataDir } from './data-dir.ts';
import { readFlags, StartError, UsageError, usage } from './etcd-flags.ts';

export interface HeadlessEtcd {
  members: RunningEtcdMember[];
  endpoints: string[];
  stop(): Promise<void>;
}

/**
 * Starts `count` members in this process on consecutive ports (0: any free ones), with data in `directory` or in memory, from a `backup` if there is one. Throws
 * StartError where the reason lies outside.
 */
export async function startHeadlessEtcd(
  count: number,
  port: number,
  directory?: string,
  backup?: string,
): Promise<HeadlessEtcd> {
  const members = Array.from({ length: count }, (_, i) => ({ name: `etcd-${i + 1}`, client: `etcd-${i + 1}:2379` }));
  const names = members.map(({ name }) => name);
  const running: RunningEtcdMember[] = [];
  const servers: Server[] = [];
  const release = directory === undefined ? async () => {} : await takeDataDir(directory, names);
  const stop = async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    // all go together: a leader that waited to hand over would wait in vain
    for (const member of running) member.faults.kill();
    await release();
  };
  try {
    // ports first: what cannot be reached need not begin
    let ready: (members: RunningEtcdMember[]) => void = () => {};
    const up = new Promise<RunningEtcdMember[]>((resolve) => {
      ready = resolve;
    });
    for (let i = 0; i < count; i++)
      servers.push(await listen(port === 0 ? 0 : port + i, async () => (await up)[i] as RunningEtcdMember));
    const network = new LocalNetwork();
    const disks = createMemoryDisks();
    const starting = members.map(async ({ name }) => {
      const disk = directory === undefined ? disks.open(name) : openFileDisk(join(directory, name));
      if (backup !== undefined) await restoreBackup(disk, backup, { name, members }).catch(refuseBackup);
      const env = createNodeEnv(name, { network, clock: new ScaledClock(), disk });
      const member = await startEtcdMember(env, { name, members });
      running.push(member);
      return member;
    });
    await Promise.allSettled(starting);
    const started = await Promise.all(starting);
    await Promise.all(started.map((member) => member.joined));
    ready(started);
    return { members: started, endpoints: servers.map(addressOf), stop };
  } catch (error) {
    await stop();
    const ofFiles = directory !== undefined && error instanceof Error && 'syscall' in error && 'path' in error;
    throw ofFiles ? fileError(`--data-dir=${directory}`, error) : error;
  }
}

function refuseBackup(error: unknown): never {
  throw error instanceof RangeError ? new StartError(`--restore: ${error.message}`) : error;
}

function addressOf(server: Server): string {
  const address = server.address();
  return `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`;
}

function listen(port: number, member: () => Promise<RunningEtcdMember>): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    member()
      .then((running) => answer(running, incoming, outgoing))
      .catch(() => outgoing.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      reject(taken ? new StartError(`listen tcp 127.0.0.1:${port}: bind: address already in use`) : error);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function answer(member: RunningEtcdMember, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const body = incoming.method === 'GET' || incoming.method === 'HEAD' ? null : Readable.toWeb(incoming);
  const request = new Request(`http://127.0.0.1${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers: incoming.headers as Record<string, string>,
    body: body as ReadableStream<Uint8Array> | null,
    signal: gone.signal,
    ...(body ? { duplex: 'half' } : {}),
  } as RequestInit);
  const response = await member.handler(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (!response.body) {
    outgoing.end();
    return;
  }
  const reader = response.body.getReader();
  outgoing.once('close', () => void reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value)) await new Promise((resolve) => outgoing.once('drain', resolve).once('close', resolve));
  }
  outgoing.end();
}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2));
  if (flags === 'help') {
    console.log(usage);
    return;
  }
  const { members, clientPort, dataDir, restore } = flags;
  const backup =
    restore === undefined
      ? undefined
      : await readFile(restore, 'utf8').catch((error: unknown) => {
          throw fileError(`--restore=${restore}`, error);
        });
  const etcd = await startHeadlessEtcd(members, clientPort, dataDir, backup);
  let stopping = false;
  const stop = () => {
    // asked twice: at once
    if (stopping) process.exit(1);
    stopping = true;
    void etcd.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  console.log(`serving the etcd v3 JSON API at ${etcd.endpoints.join(', ')}`);
}

if (process.argv[1]?.endsWith('etcd.ts'))
  await main().catch((error: unknown) => {
    console.error(error instanceof StartError ? `etcd: ${error.message}` : error);
    if (error instanceof UsageError) console.error(usage);
    process.exit(error instanceof UsageError ? 2 : 1);
  });
