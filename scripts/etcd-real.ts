// Debian's etcd on free loopback ports, for tests and benchmarks that compare with it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RealEtcd {
  /** "http://127.0.0.1:<port>", one a member. */
  endpoints: string[];
  /** Ends one member with SIGKILL. */
  kill(index: number): Promise<void>;
  stop(): Promise<void>;
}

/** Whether an etcd binary is on the path. */
export function hasRealEtcd(): boolean {
  return spawnSync('etcd', ['--version']).status === 0;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Starts `count` members with data in a temporary directory; resolves when they serve. */
export async function startRealEtcd(count = 1, extraArgs: string[] = []): Promise<RealEtcd> {
  const directory = mkdtempSync(join(tmpdir(), 'etcd-'));
  const members = [];
  for (let i = 1; i <= count; i++)
    members.push({
      name: `n${i}`,
      client: `http://127.0.0.1:${await freePort()}`,
      peer: `http://127.0.0.1:${await freePort()}`,
    });
  const initial = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const processes: ChildProcess[] = members.map(({ name, client, peer }) =>
    spawn(
      'etcd',
      [
        ['--name', name, '--data-dir', join(directory, name)],
        ['--listen-client-urls', client, '--advertise-client-urls', client],
        ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ['--initial-cluster', initial, '--initial-cluster-state', 'new', '--logger', 'zap', '--log-level', 'error'],
        extraArgs,
      ].flat(),
      { stdio: 'ignore' },
    ),
  );
  const kill = (index: number) =>
    new Promise<void>((resolve) => {
      const process = processes[index];
      if (!process || process.exitCode !== null || process.signalCode !== null) return resolve();
      process.once('exit', () => resolve());
      process.kill('SIGKILL');
    });
  const stop = async () => {
    await Promise.all(processes.map((_, index) => kill(index)));
    rmSync(directory, { recursive: true, force: true });
  };
  for (const { client } of members) {
    for (let attempt = 0; ; attempt++) {
      const healthy = await fetch(`${client}/health`).then(
        async (response) => response.ok && (await response.text()).includes('true'),
        () => false,
      );
      if (healthy) break;
      if (attempt > 200) {
        await stop();
        throw new Error(`etcd does not serve at ${client}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return { endpoints: members.map(({ client }) => client), kill, stop };
}
