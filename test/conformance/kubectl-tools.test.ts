// The real kubectl where it is more than one question and one answer: editors, proxies, streams, signing requests, kustomizations, plugins; and older kubectls.

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { findKubectl } from './kubectl-binary.ts';

const found = findKubectl();
const binary = 'path' in found ? found.path : '';
if ('missing' in found) console.warn(`kubectl tools skipped: ${found.missing}`);

let cluster: Headless;
let home: string;

beforeAll(async () => {
  if (!binary) return;
  home = mkdtempSync(join(tmpdir(), 'drydock-kubectl-tools-'));
  cluster = await startHeadless({
    port: 0,
    bindAddress: '127.0.0.1',
    kubeconfigOut: undefined,
    tokenAuthFile: undefined,
    etcdServers: [],
    dataDir: undefined,
    hollowNodes: 1,
    controllers: true,
    authorizationMode: 'RBAC',
  });
  writeFileSync(join(home, 'config'), cluster.kubeconfig, { mode: 0o600 });
}, 60_000);

afterAll(async () => {
  if (!binary) return;
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Ran {
  code: number;
  output: string;
}

function run(
  args: string[],
  options: { env?: Record<string, string>; stdin?: string; program?: string } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: join(home, 'config'), HOME: home, ...options.env };
    const child = execFile(options.program ?? binary, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 255) : 0, output: stdout + stderr }),
    );
    child.stdin?.end(options.stdin ?? '');
  });
}

const get = (options: { port?: number; socketPath?: string; path: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const out = request({ host: '127.0.0.1', ...options }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve(text));
    });
    out.on('error', reject);
    out.end();
  });

/** Starts a kubectl that goes on running, and resolves with what it said once it said `until`. */
async function background(args: string[], until: RegExp, work: (said: string) => Promise<void>): Promise<void> {
  const child = spawn(binary, args, { env: { ...process.env, KUBECONFIG: join(home, 'config'), HOME: home } });
  try {
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          text += String(chunk);
          if (until.test(text)) resolve(text);
        });
      child.on('exit', () => reject(new Error(text)));
    });
    await work(said);
  } finally {
    child.kill();
  }
}

describe.skipIf(!binary)('kubectl', { timeout: 90_000 }, () => {
  test('edit opens the object in an editor and sends what it saved', async () => {
    await run(['create', 'configmap', 'edited', '--from-literal=colour=red']);
    const edit = await run(['edit', 'configmap', 'edited'], { env: { KUBE_EDITOR: 'sed -i s/red/blue/' } });
    expect(edit.output).toContain('configmap/edited edited');
    expect((await run(['get', 'configmap', 'edited', '-o', 'jsonpath={.data.colour}'])).output).toBe('blue');
    expect((await run(['edit', 'configmap', 'edited'], { env: { KUBE_EDITOR: 'true' } })).output).toContain(
      'Edit cancelled, no changes made.',
    );
  });

  test('certificate approve and deny', async () => {
    const csr = (name: string) => `
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: ${name}}
spec:
  request: ${Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n').toString('base64')}
  signerName: example.com/signer
  usages: [client auth]
`;
    for (const name of ['good', 'bad']) await run(['create', '-f', '-'], { stdin: csr(name) });
    expect((await run(['certificate', 'approve', 'good'])).output).toContain(
      'certificatesigningrequest.certificates.k8s.io/good approved',
    );
    expect((await run(['certificate', 'deny', 'bad'])).output).toContain('/bad denied');
    const { output } = await run(['get', 'csr']);
    expect(output).toMatch(/^good .* example.com\/signer +kubernetes-admin +<none> +Approved$/m);
    expect(output).toMatch(/^bad .* Denied$/m);
  });

  test('kustomize and apply -k', async () => {
    const folder = join(home, 'kustomization');
    mkdirSync(folder);
    writeFileSync(join(folder, 'map.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\ndata: {a: b}\n');
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      'namePrefix: my-\nlabels: [{pairs: {made: here}}]\nresources: [map.yaml]\n',
    );
    expect((await run(['kustomize', folder])).output).toContain('name: my-base');
    expect((await run(['apply', '-k', folder])).output).toContain('configmap/my-base created');
    expect((await run(['get', 'configmap', '-l', 'made=here', '-o', 'name'])).output).toContain('configmap/my-base');
  });

  test('plugins', async () => {
    writeFileSync(join(home, 'kubectl-hello'), '#!/bin/sh\necho hello from a plugin\n', { mode: 0o755 });
    const env = { PATH: `${home}:${process.env['PATH']}` };
    expect((await run(['plugin', 'list'], { env })).output).toContain('kubectl-hello');
    expect((await run(['hello'], { env })).output).toContain('hello from a plugin');
  });

  test('proxy --port 0 (Kubectl client Proxy server should support proxy with --port 0)', () =>
    background(['proxy', '--port=0'], /Starting to serve on 127\.0\.0\.1:\d+/, async (said) => {
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
      expect(JSON.parse(await get({ port, path: '/api/' }))).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    }));

  test('proxy --unix-socket (Kubectl client Proxy server should support --unix-socket=/path)', () => {
    const socketPath = join(home, 'proxy.sock');
    return background(['proxy', `--unix-socket=${socketPath}`], /Starting to serve on/, async () => {
      for (let i = 0; i < 50 && !existsSync(socketPath); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(JSON.parse(await get({ socketPath, path: '/api/' }))).toMatchObject({ kind: 'APIVersions' });
    });
  });

  test('get --watch prints rows as they come', () =>
    background(['get', 'configmaps', '--watch'], /kube-root-ca\.crt/, async () => {
      expect((await run(['create', 'configmap', 'late'])).output).toContain('created');
    }));

  test('exec, attach and debug against a hollow node', async () => {
    await run(['run', 'talker', '--image=busybox', '--', 'sh', '-c', 'echo hello; sleep 3600']);
    await run(['wait', '--for=condition=Ready', 'pod/talker', '--timeout=60s']);
    expect((await run(['logs', 'talker'])).output).toContain('hello');
    // A hollow node has no processes to join: the stream opens, says so on stderr and ends with the code of "cannot be executed".
    const exec = await run(['exec', 'talker', '--', 'ls']);
    expect(exec.code).toBe(126);
    expect(exec.output).toContain('command terminated with exit code 126');
    const attach = await run(['attach', 'talker']);
    expect(attach.code).not.toBe(0);
    expect((await run(['exec', 'nobody', '--', 'ls'])).output).toContain('pods "nobody" not found');
    const debug = await run(['debug', 'talker', '--image=busybox', '--attach=false', '--', 'sleep', '1']);
    expect(debug.code, debug.output).toBe(0);
    const names = await run(['get', 'pod', 'talker', '-o', 'jsonpath={.spec.ephemeralContainers[*].name}']);
    expect(names.output).toMatch(/^debugger-\w+$/);
  });
});

// Other kubectls of this machine: Debian's 1.20 (package kubernetes-client) and whatever is on the PATH.
const others = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].filter((path) => existsSync(path));
if (others.length === 0) console.warn('older kubectls skipped: none is installed');

describe.skipIf(!binary || others.length === 0)('another kubectl', { timeout: 90_000 }, () => {
  for (const program of others)
    test(`${program} creates, applies, gets, patches and deletes`, async () => {
      const say = async (...args: string[]) => (await run(args, { program })).output;
      expect(await say('version')).toMatch(/Server Version:.*v?1\.?.*36/);
      expect(await say('create', 'configmap', 'old', '--from-literal=a=b')).toContain('configmap/old created');
      const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: older}\ndata: {a: b}\n';
      expect((await run(['apply', '-f', '-'], { program, stdin: manifest })).output).toContain(
        'configmap/older created',
      );
      expect((await run(['apply', '-f', '-'], { program, stdin: manifest.replace('a: b', 'a: c') })).output).toContain(
        'configmap/older configured',
      );
      expect(await say('get', 'configmap', 'older', '-o', 'jsonpath={.data.a}')).toBe('c');
      expect(await say('patch', 'configmap', 'older', '-p', '{"data":{"x":"y"}}')).toContain('patched');
      expect(await say('label', 'configmap', 'older', 'tier=back')).toContain('labeled');
      expect(await say('get', 'nodes')).toMatch(/^node-1 +Ready/m);
      expect(await say('describe', 'node', 'node-1')).toContain('Kubelet Version');
      expect(await say('explain', 'pod.spec')).toContain('containers');
      expect(await say('create', 'deployment', 'old', '--image=nginx')).toContain('deployment.apps/old created');
      expect(await say('rollout', 'status', 'deployment/old', '--timeout=60s')).toContain('successfully rolled out');
      expect(await say('delete', 'deployment/old', 'configmap/old', 'configmap/older')).toContain('deleted');
    });
});

test.skipIf(!binary)('the kubeconfig that is written says where the cluster is', () => {
  expect(readFileSync(join(home, 'config'), 'utf8')).toContain(`server: ${cluster.url}`);
});
