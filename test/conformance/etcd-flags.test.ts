// What npm run etcd says to a command that cannot work, and what it does with its data directory.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeDataDir } from '../../scripts/data-dir.ts';
import { startHeadlessEtcd } from '../../scripts/etcd.ts';
import { readFlags } from '../../scripts/etcd-flags.ts';

let directory: string;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'etcd-flags-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

test('flags are read, with defaults', () => {
  expect(readFlags([])).toEqual({ members: 3, clientPort: 2379 });
  expect(readFlags(['--members=5', '--client-port', '0', '--data-dir=d', '--restore=f'])).toEqual({
    members: 5,
    clientPort: 0,
    dataDir: 'd',
    restore: 'f',
  });
  expect(readFlags(['-h'])).toBe('help');
  expect(readFlags(['--client-port=65533'])).toEqual({ members: 3, clientPort: 65_533 });
});

test.each([
  ['--nope', "Unknown option '--nope'"],
  ['extra', "Unexpected argument 'extra'"],
  ['--members', "Option '--members <value>' argument missing"],
  ['--members=', '--members must be a whole number from 1 to 9, not ""'],
  ['--members=x', '--members must be a whole number from 1 to 9, not "x"'],
  ['--members=0', '--members must be a whole number from 1 to 9, not "0"'],
  ['--members=10', '--members must be a whole number from 1 to 9, not "10"'],
  ['--members=2.5', '--members must be a whole number from 1 to 9, not "2.5"'],
  ['--members=-1', '--members must be a whole number from 1 to 9, not "-1"'],
  ['--client-port=65536', '--client-port must be a whole number from 0 to 65535, not "65536"'],
  ['--client-port=65534', '--client-port=65534 leaves no ports for 3 members'],
  ['--data-dir=', '--data-dir needs a value'],
  ['--restore=', '--restore needs a value'],
])('%s is refused', (flag, message) => {
  expect(() => readFlags([flag])).toThrow(message);
});

/** A port that is taken, below those that the system gives out: the one before it is nobody's, whatever other tests do. */
async function portInUse(): Promise<{ other: Server; port: number }> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    const other = createServer();
    const taken = await new Promise<boolean>((resolve) => {
      other.once('error', () => resolve(false));
      other.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (taken) return { other, port };
  }
}

test('a port in use is named, whichever member wanted it, and nothing is left behind', async () => {
  const { other, port } = await portInUse();
  const inUse = `listen tcp 127.0.0.1:${port}: bind: address already in use`;
  await expect(startHeadlessEtcd(3, port, at('busy'))).rejects.toThrow(inUse);
  await expect(startHeadlessEtcd(2, port - 1, at('busy'))).rejects.toThrow(inUse);
  expect(await readdir(at('busy'))).toEqual([]);
  other.close();
});

test('what is no directory, or cannot be made one, is refused', async () => {
  await writeFile(at('file'), 'x');
  await expect(startHeadlessEtcd(1, 0, at('file'))).rejects.toThrow(`--data-dir=${at('file')}: not a directory`);
  await expect(startHeadlessEtcd(1, 0, at('file/deeper'))).rejects.toThrow('not a directory');
  // a member's own directory is in the way
  await mkdir(at('blocked'));
  await writeFile(at('blocked/etcd-1'), 'x');
  await expect(startHeadlessEtcd(1, 0, at('blocked'))).rejects.toThrow(`--data-dir=${at('blocked')}: not a directory`);
  expect(await readdir(at('blocked'))).toEqual(['etcd-1']);
});

test('a restart over the same directory has what was written; one with fewer members is refused', async () => {
  const post = async (endpoint: string | undefined, path: string, body: object) =>
    (await (await fetch(`${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) })).json()) as object;
  const first = await startHeadlessEtcd(3, 0, at('data'));
  expect(existsSync(at('data/pid'))).toBe(true);
  await post(first.endpoints[0], '/v3/kv/put', { key: 'YQ==', value: 'MQ==' });
  await first.stop();
  expect((await readdir(at('data'))).sort()).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
  await expect(startHeadlessEtcd(1, 0, at('data'))).rejects.toThrow(
    `--data-dir=${at('data')} holds a cluster of 3: start it with --members=3`,
  );
  const second = await startHeadlessEtcd(3, 0, at('data'));
  const { kvs } = (await post(second.endpoints[2], '/v3/kv/range', { key: 'YQ==' })) as { kvs: object[] };
  expect(kvs).toMatchObject([{ value: 'MQ==', mod_revision: '2' }]);
  await second.stop();
});

test('a damaged snapshot, or one for a directory that holds a cluster, is refused', async () => {
  await expect(startHeadlessEtcd(1, 0, undefined, 'hello\n')).rejects.toThrow(
    '--restore: the snapshot is damaged or not whole',
  );
  const source = await startHeadlessEtcd(1, 0, at('source'));
  const response = await fetch(`${source.endpoints[0]}/v3/maintenance/snapshot`, { method: 'POST' });
  const backup = (await response.text())
    .trim()
    .split('\n')
    .map((line) => Buffer.from((JSON.parse(line) as { result: { blob: string } }).result.blob, 'base64').toString())
    .join('');
  await source.stop();
  await expect(startHeadlessEtcd(1, 0, at('source'), backup)).rejects.toThrow(
    '--restore: the disk holds a member already',
  );
});

test('the mark of a process that is gone, or that is another program, keeps nobody out', async () => {
  for (const pid of ['4194304', '1', 'nonsense', '']) {
    await mkdir(at('marked'), { recursive: true });
    await writeFile(at('marked/pid'), pid);
    const release = await takeDataDir(at('marked'), ['etcd-1']);
    await release();
    expect(await readdir(at('marked'))).toEqual([]);
  }
});
