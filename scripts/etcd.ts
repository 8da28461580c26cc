// A cluster of our store, headless: npm run etcd -- --members=3 --client-port=P [--data-dir=D] [--restore=FILE]. Serves etcd's v3 JSON API on 127.0.0.1 at P, P+1,
// P+2 (P = 0: free ports). FILE: the blobs of /v3/maintenance/snapshot, decoded, to begin an empty data directory with.

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { openFileDisk } from '../src/env/node/file-disk.ts';
import { LocalNetwork } from '../src/env/node/local-network.ts';
import { createNodeEnv } from '../src/env/node/node-env.ts';
import { ScaledClock } from '../src/env/scaled-clock.ts';
import { createMemoryDisks } from '../src/env/simulated/memory-disk.ts';
import { type RunningEtcdMember, restoreBackup, startEtcdMember } from '../src/etcd/index.ts';

export interface HeadlessEtcd {
  members: RunningEtcdMember[];
  endpoints: string[];
  stop(): Promise<void>;
}

/** Starts `count` members in this process on consecutive ports (0: any free ones), with data in `directory` or in memory, from a `backup` if there is one. */
export async function startHeadlessEtcd(
  count: number,
  port: number,
  directory?: string,
  backup?: string,
): Promise<HeadlessEtcd> {
  const network = new LocalNetwork();
  const disks = createMemoryDisks();
  const members = Array.from({ length: count }, (_, i) => ({ name: `etcd-${i + 1}`, client: `etcd-${i + 1}:2379` }));
  const running = await Promise.all(
    members.map(async ({ name }) => {
      const disk = directory === undefined ? disks.open(name) : openFileDisk(join(directory, name));
      if (backup !== undefined) await restoreBackup(disk, backup, { name, members });
      const env = createNodeEnv(name, { network, clock: new ScaledClock(), disk });
      return startEtcdMember(env, { name, members });
    }),
  );
  await Promise.all(running.map((member) => member.joined));
  const servers = await Promise.all(running.map((member, i) => listen(member, port === 0 ? 0 : port + i)));
  return {
    members: running,
    endpoints: servers.map((server) => {
      const address = server.address();
      return `http://127.0.0.1:${address && typeof address === 'object' ? address.port : port}`;
    }),
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      for (const member of running) await member.stop();
    },
  };
}

function listen(member: RunningEtcdMember, port: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    answer(member, incoming, outgoing).catch(() => outgoing.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
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
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '3' },
      'client-port': { type: 'string', default: '2379' },
      'data-dir': { type: 'string' },
      restore: { type: 'string' },
    },
  });
  const { members, 'client-port': port, 'data-dir': directory, restore } = values;
  const backup = restore === undefined ? undefined : await readFile(restore, 'utf8');
  const etcd = await startHeadlessEtcd(Number(members), Number(port), directory, backup);
  console.log(`serving the etcd v3 JSON API at ${etcd.endpoints.join(', ')}`);
  const stop = () => void etcd.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

if (process.argv[1]?.endsWith('etcd.ts')) await main();
