// `npm run serve` as a person starts it: a process, its flags, its signals, and the real kubectl against it.

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKubectl } from './kubectl-binary.ts';

const found = findKubectl();
const binary = 'path' in found ? found.path : '';
if ('missing' in found) console.warn(`serve tests skipped: ${found.missing}`);
const hasEtcd = spawnSync('etcd', ['--version']).status === 0;
if (!hasEtcd) console.warn('serve on a real etcd skipped: etcd is not installed');

const home = mkdtempSync(join(tmpdir(), 'drydock-serve-'));
const kubeconfig = join(home, 'kubeconfig');
const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

interface Served {
  child: ChildProcess;
  exit: Promise<number | null>;
  output(): string;
}

/** Starts it as `npm run serve` does; resolves once it says where it listens. */
async function serve(...flags: string[]): Promise<Served> {
  const child = spawn('node', ['scripts/serve.mjs', '--secure-port=0', `--kubeconfig-out=${kubeconfig}`, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  const exit = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        text += String(chunk);
        if (/kubectl --kubeconfig=/.test(text)) resolve();
      });
    void exit.then((code) => reject(new Error(`it exited with ${code}: ${text}`)));
  });
  return { child, exit, output: () => text };
}

function kubectl(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: home };
    execFile(binary, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}

async function eventually(args: string[], expected: RegExp): Promise<void> {
  let last = '';
  for (let i = 0; i < 60; i++) {
    last = (await kubectl(...args)).output;
    if (expected.test(last)) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`kubectl ${args.join(' ')}: ${last}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

describe.skipIf(!binary)('npm run serve', { timeout: 120_000 }, () => {
  beforeAll(() => {
    // The first start makes the bundle.
    spawnSync('node', ['scripts/serve.mjs', '--help']);
  }, 120_000);

  test('in memory: hollow nodes run a deployment; a token file and a certificate say who one is; SIGTERM ends it', async () => {
    const tokens = join(home, 'tokens.csv');
    writeFileSync(tokens, 'sesame,alibaba,1,"thieves,guests"\n');
    const { child, exit, output } = await serve('--hollow-nodes=2', `--token-auth-file=${tokens}`);
    expect(output()).toMatch(/^Kubernetes API at https:\/\/127\.0\.0\.1:\d+$/m);
    await eventually(['get', 'nodes'], /node-1 +Ready[\s\S]*node-2 +Ready/);
    await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2');
    expect((await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')).output).toContain(
      'successfully rolled out',
    );

    // The certificate alone.
    const text = readFileSync(kubeconfig, 'utf8');
    writeFileSync(kubeconfig, text.replace(/^ +token: .*$/m, ''));
    const who = (await kubectl('auth', 'whoami')).output;
    expect(who).toContain('kubernetes-admin');
    expect(who).toContain('system:masters');
    // The token of the file alone.
    const bare = text.replace(/^ +client-(certificate|key)-data: .*\n/gm, '');
    writeFileSync(kubeconfig, bare.replace(/token: .*$/m, 'token: sesame'));
    const other = (await kubectl('auth', 'whoami')).output;
    expect(other).toContain('alibaba');
    expect(other).toContain('thieves');
    expect((await kubectl('get', 'nodes')).output).toContain('User "alibaba" cannot list resource "nodes"');

    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test('with a data directory: what was acknowledged survives kill -9, and so do credentials', async () => {
    const data = `--data-dir=${join(home, 'data')}`;
    const first = await serve(data, '--no-controllers');
    for (let i = 0; i < 3; i++)
      expect((await kubectl('create', 'configmap', `kept-${i}`, `--from-literal=n=${i}`)).output).toContain('created');
    const { output: token } = await kubectl('config', 'view', '--raw', '-o', 'jsonpath={.users[0].user.token}');
    first.child.kill('SIGKILL');
    await first.exit;

    const second = await serve(data, '--no-controllers');
    expect((await kubectl('get', 'configmaps', '-o', 'name')).output).toMatch(/kept-0\n.*kept-1\n.*kept-2/);
    expect((await kubectl('get', 'configmap', 'kept-2', '-o', 'jsonpath={.data.n}')).output).toBe('2');
    const again = await kubectl('config', 'view', '--raw', '-o', 'jsonpath={.users[0].user.token}');
    expect(again.output).toBe(token);
    // Two clusters over one directory would each lose what the other writes.
    await expect(serve(data, '--no-controllers')).rejects.toThrow(/data directory .* is in use by another process/);
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
  });

  test('--admission-control-config-file says what Pod Security asks of whom', async () => {
    const config = join(home, 'admission.yaml');
    writeFileSync(
      config,
      'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- {name: PodSecurity, path: psa.yaml}\n',
    );
    writeFileSync(
      join(home, 'psa.yaml'),
      'apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\ndefaults: {enforce: baseline}\nexemptions: {namespaces: [kube-system]}\n',
    );
    const { child, exit } = await serve(`--admission-control-config-file=${config}`);
    const run = (namespace: string) =>
      kubectl('run', 'open', '-n', namespace, '--image=nginx', '--overrides={"spec":{"hostNetwork":true}}');
    await eventually(['get', 'serviceaccounts', '-A'], /default +default[\s\S]*kube-system +default/);
    expect((await run('default')).output).toContain('violates PodSecurity "baseline:latest": host namespaces');
    expect((await run('kube-system')).output).toContain('pod/open created');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    writeFileSync(join(home, 'psa.yaml'), 'kind: PodSecurityConfiguration\n');
    await expect(serve(`--admission-control-config-file=${config}`)).rejects.toThrow(
      /admission\.yaml: expected kind PodSecurityConfiguration of apiVersion pod-security/,
    );
  });

  test.skipIf(!hasEtcd)("on Debian's etcd", async () => {
    const [client, peer] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${client}`;
    const etcd = spawn(
      'etcd',
      [
        `--data-dir=${join(home, 'etcd')}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
        `--initial-cluster=default=http://127.0.0.1:${peer}`,
      ],
      { stdio: 'ignore' },
    );
    running.add(etcd);
    try {
      for (let i = 0; i < 100; i++) {
        const answer = await fetch(`${url}/health`).catch(() => undefined);
        if (answer?.ok) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const { child, exit } = await serve(`--etcd-servers=${url}`, '--hollow-nodes=1');
      await eventually(['get', 'nodes'], /node-1 +Ready/);
      await kubectl('create', 'deployment', 'web', '--image=nginx');
      expect((await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')).output).toContain(
        'successfully rolled out',
      );
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
      const key = Buffer.from('/registry/deployments/default/web').toString('base64');
      const stored = await fetch(`${url}/v3/kv/range`, { method: 'POST', body: JSON.stringify({ key }) });
      expect(((await stored.json()) as { kvs?: unknown[] }).kvs).toHaveLength(1);
    } finally {
      etcd.kill('SIGKILL');
    }
  });

  test('says what is wrong with its flags', () => {
    for (const [flag, message] of [
      ['--secure-port=x', '--secure-port must be a whole number'],
      ['--etcd-members=2', '--etcd-members must be 1, 3 or 5'],
      ['--authorization-mode=No', '--authorization-mode must be RBAC or AlwaysAllow'],
      ['--etcd-compaction-interval=soon', '--etcd-compaction-interval must be a duration'],
    ] as const) {
      const { status, stderr } = spawnSync('node', ['scripts/serve.mjs', flag], { encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stderr).toContain(message);
    }
  });
});
