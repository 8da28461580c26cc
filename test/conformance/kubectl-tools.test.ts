// The real kubectl where it is more than one question and one answer: editors, proxies, streams, forwarded ports, signing requests, kustomizations, plugins; and other kubectls.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findKubectl } from './kubectl-binary.ts';
import { useKubectl } from './kubectl-steps.ts';
import { openListeningPods, talk } from './listening-pods.ts';

const found = findKubectl();
const binary = 'path' in found ? found.path : '';
if ('missing' in found) console.warn(`kubectl tools skipped: ${found.missing}`);

const kubectl = useKubectl(binary);
const { run, background } = kubectl;

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
  request: ${Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n').toString('base64')}
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
    const folder = join(kubectl.home, 'kustomization');
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
    writeFileSync(join(kubectl.home, 'kubectl-hello'), '#!/bin/sh\necho hello from a plugin\n', { mode: 0o755 });
    const env = { PATH: `${kubectl.home}:${process.env['PATH']}` };
    expect((await run(['plugin', 'list'], { env })).output).toContain('kubectl-hello');
    expect((await run(['hello'], { env })).output).toContain('hello from a plugin');
  });

  test('proxy --port 0 (Kubectl client Proxy server should support proxy with --port 0)', () =>
    background(['proxy', '--port=0'], /Starting to serve on 127\.0\.0\.1:\d+/, async (said) => {
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
      expect(JSON.parse(await get({ port, path: '/api/' }))).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    }));

  test('proxy --unix-socket (Kubectl client Proxy server should support --unix-socket=/path)', () => {
    const socketPath = join(kubectl.home, 'proxy.sock');
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

  test('exec over SPDY, where WebSockets are switched off', async () => {
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' };
    const said = await run(['exec', 'talker', '-c', 'talker', '--', 'echo', 'over', 'spdy'], { env });
    expect(said).toEqual({ code: 0, output: 'over spdy\n' });
    expect((await run(['exec', 'talker', '--', 'sh', '-c', 'exit 3'], { env })).code).toBe(3);
    expect((await run(['exec', 'nobody', '--', 'ls'], { env })).output).toContain('pods "nobody" not found');
  });

  test.each([
    ['through a WebSocket', 'true'],
    ['over SPDY', 'false'],
  ])('port-forward %s', async (_how, webSockets) => {
    const env = { KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets };
    const forward = ['port-forward', 'talker', ':80', ':81'];
    const ports = async (said: string) =>
      [...said.matchAll(/127\.0\.0\.1:(\d+) -> /g)].map((match) => Number(match[1]));
    const door = await openListeningPods(kubectl.cluster, kubectl.home);
    try {
      const config = ['--kubeconfig', join(kubectl.home, 'listening')];
      await background(
        [...config, ...forward],
        /-> 81/,
        async (begun) => {
          const [first = 0] = await ports(begun);
          const answers = await Promise.all(['one', 'x'.repeat(200_000), 'two'].map((text) => talk(first, text)));
          expect(answers).toEqual(['ONE', 'X'.repeat(200_000), 'TWO']);
        },
        env,
      );
    } finally {
      await door.close();
    }
    // Nothing listens in a hollow node's pod. Since 1.23 kubectl gives up after that.
    const said = await background(
      forward,
      /-> 81/,
      async (begun) => {
        const [first = 0] = await ports(begun);
        expect(await talk(first, 'hello')).toBe('');
      },
      env,
    );
    expect(said).toContain('error forwarding port 80 to pod talker');
    expect((await run(['port-forward', 'nobody', ':80'], { env })).output).toContain('pods "nobody" not found');
  });
});

// Whatever other kubectl is on this machine.
const others = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].filter((path) => existsSync(path));
if (others.length === 0) console.warn('another kubectl skipped: none is installed');

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
  expect(readFileSync(join(kubectl.home, 'config'), 'utf8')).toContain(`server: ${kubectl.cluster.url}`);
});
