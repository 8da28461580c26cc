// npm run etcd: three members in one process, spoken to over HTTP, killed with SIGKILL in the middle of writes, and started again on the same data.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { systemRandom } from '../../src/env/system-random.ts';
import { createEtcdClient } from '../../src/etcd/client/index.ts';

const clock = new ScaledClock();
let running: ChildProcess | undefined;
const directories: string[] = [];

/** Starts the command on free ports; resolves with its endpoints. */
async function start(...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/etcd.ts', '--client-port=0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const line = /serving the etcd v3 JSON API at (.*)\n/.exec(said);
    if (line?.[1]) return line[1].split(', ');
  }
  throw new Error(`it ended: ${said}`);
}

function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  const child = running as ChildProcess;
  running = undefined;
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });
}

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'etcd-cli-'));
  directories.push(directory);
  return directory;
}

afterEach(async () => {
  if (running) await end('SIGKILL');
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

const post = async (url: string, body: unknown) => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return { response, body: (await response.json()) as Record<string, unknown> };
};
const b64 = (text: string) => Buffer.from(text).toString('base64');

test('serves the gateway on consecutive members, and answers with a length', async () => {
  const endpoints = await start('--members=3');
  expect(endpoints.length).toBe(3);
  const put = await post(`${endpoints[0]}/v3/kv/put`, { key: b64('a'), value: b64('1') });
  expect(put.response.status).toBe(200);
  expect(Number(put.response.headers.get('content-length'))).toBeGreaterThan(20);
  const got = await post(`${endpoints[2]}/v3/kv/range`, { key: b64('a') });
  expect((got.body['kvs'] as { value: string }[])[0]?.value).toBe(b64('1'));
  const { body } = await post(`${endpoints[1]}/v3/cluster/member/list`, {});
  expect((body['members'] as { name: string }[]).map(({ name }) => name).sort()).toEqual([
    'etcd-1',
    'etcd-2',
    'etcd-3',
  ]);
  expect(await end('SIGTERM')).toBe(0);
}, 60_000);

/** Runs the command to its end: [exit code, first line of what it complains of]. */
function fail(...args: string[]): Promise<[number | null, string]> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/etcd.ts', ...args]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve([code, said.split('\n')[0] ?? ''])));
}

test('two processes never share a data directory; what cannot start says why and exits', async () => {
  const directory = await temporary();
  await start('--members=1', `--data-dir=${directory}`);
  const { pid } = running as ChildProcess;
  expect(await fail('--client-port=0', '--members=1', `--data-dir=${directory}`)).toEqual([
    1,
    `etcd: --data-dir=${directory} is in use by process ${pid}`,
  ]);
  // killed, it leaves its mark, which means nothing any more
  await end('SIGKILL');
  await start('--members=1', `--data-dir=${directory}`);
  expect(await end('SIGTERM')).toBe(0);
  expect(await fail('--members=none')).toEqual([2, 'etcd: --members must be a whole number from 1 to 9, not "none"']);
}, 60_000);

test('killed in the middle of writes and started again, it has everything that was acknowledged; its snapshot starts another', async () => {
  const directory = await temporary();
  const acknowledged = new Map<string, number>();
  for (let round = 1; round <= 2; round++) {
    const endpoints = await start('--members=3', `--data-dir=${directory}`);
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      const client = createEtcdClient({ endpoints, fetch, clock, random: systemRandom });
      for (let i = 0; writing; i++) {
        const key = `${round}/${writer}/${i}`;
        try {
          acknowledged.set(key, (await client.put(key, key.repeat(20))).revision);
        } catch {
          return;
        }
      }
    });
    for (const enough = acknowledged.size + 30; acknowledged.size < enough; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    await end('SIGKILL');
    writing = false;
    await Promise.all(writers);
  }
  const endpoints = await start('--members=3', `--data-dir=${directory}`);
  const client = createEtcdClient({ endpoints, fetch, clock, random: systemRandom });
  const { kvs } = await client.range({ key: '0', rangeEnd: '9' });
  const held = new Map(kvs.map((kv) => [kv.key, kv]));
  for (const [key, revision] of acknowledged) {
    expect(held.get(key)?.modRevision).toBe(revision);
    expect(held.get(key)?.value).toBe(key.repeat(20));
  }
  const response = await fetch(`${endpoints[0]}/v3/maintenance/snapshot`, { method: 'POST' });
  const lines = (await response.text()).trim().split('\n');
  await end('SIGTERM');

  const other = await temporary();
  const file = join(other, 'backup');
  await writeFile(
    file,
    lines
      .map((line) => Buffer.from((JSON.parse(line) as { result: { blob: string } }).result.blob, 'base64').toString())
      .join(''),
  );
  const restored = await start('--members=1', `--data-dir=${join(other, 'data')}`, `--restore=${file}`);
  const again = createEtcdClient({ endpoints: restored, fetch, clock, random: systemRandom });
  expect((await again.range({ key: '0', rangeEnd: '9' })).kvs).toEqual(kvs);
}, 120_000);
