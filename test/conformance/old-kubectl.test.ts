// Debian's kubectl 1.20 against a fresh control plane over HTTPS: legacy discovery, the schema in protobuf, validation by the client, and streams over SPDY.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findDebianKubectl } from './debian-kubectl.ts';
import { useKubectl, walkThrough } from './kubectl-steps.ts';
import { openListeningPods, talk } from './listening-pods.ts';
import { chapters } from './old-kubectl-commands.ts';

const found = findDebianKubectl();
const binary = 'path' in found ? found.path : '';
if ('missing' in found) console.warn(`old kubectl skipped: ${found.missing}`);
const kubectl = useKubectl(binary);

walkThrough(kubectl, chapters, !binary);

describe.skipIf(!binary)('more than one question and one answer', { timeout: 90_000 }, () => {
  test('edit', async () => {
    await kubectl.run(['create', 'configmap', 'edited', '--from-literal=colour=red']);
    const edit = (editor: string) => kubectl.run(['edit', 'cm', 'edited'], { env: { KUBE_EDITOR: editor } });
    expect((await edit('sed -i s/red/blue/')).output).toContain('configmap/edited edited');
    expect((await kubectl.run(['get', 'cm', 'edited', '-o', 'jsonpath={.data.colour}'])).output).toBe('blue');
    expect((await edit('true')).output).toContain('Edit cancelled, no changes made.');
  });

  test('kustomize and apply -k', async () => {
    const folder = join(kubectl.home, 'kustomization');
    mkdirSync(folder);
    writeFileSync(join(folder, 'map.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\ndata: {a: b}\n');
    writeFileSync(join(folder, 'kustomization.yaml'), 'namePrefix: my-\nresources: [map.yaml]\n');
    expect((await kubectl.run(['kustomize', folder])).output).toContain('name: my-base');
    expect((await kubectl.run(['apply', '-k', folder])).output).toContain('configmap/my-base created');
  });

  test('get --watch prints rows as they come', () =>
    kubectl.background(['get', 'configmaps', '--watch'], /kube-root-ca\.crt/, async () => {
      expect((await kubectl.run(['create', 'configmap', 'late'])).output).toContain('created');
    }));

  test('port-forward tells of connections that cannot be made, and goes on', async () => {
    await kubectl.run(['run', 'silent', '--image=busybox', '--', 'sleep', '3600']);
    await kubectl.run(['wait', '--for=condition=Ready', 'pod/silent', '--timeout=60s']);
    const said = await kubectl.background(
      ['port-forward', 'silent', ':80'],
      /127\.0\.0\.1:\d+ -> 80/,
      async (begun) => {
        const port = Number(/127\.0\.0\.1:(\d+)/.exec(begun)?.[1]);
        for (let i = 0; i < 2; i++) expect(await talk(port, 'hello')).toBe('');
      },
    );
    expect(said.match(/Handling connection for \d+/g)).toHaveLength(2);
    expect(said.match(/an error occurred forwarding \d+ -> 80: error forwarding port 80 to pod silent/g)).toHaveLength(
      2,
    );
  });

  test('port-forward carries connections side by side', async () => {
    const door = await openListeningPods(kubectl.cluster, kubectl.home);
    const config = ['--kubeconfig', join(kubectl.home, 'listening')];
    const long = 'x'.repeat(3_000_000);
    try {
      await kubectl.background(
        [...config, 'port-forward', 'silent', ':80'],
        /127\.0\.0\.1:\d+ -> 80/,
        async (begun) => {
          const port = Number(/127\.0\.0\.1:(\d+)/.exec(begun)?.[1]);
          const answers = await Promise.all(['hello', long, 'bye'].map((text) => talk(port, text)));
          expect(answers.map((text) => text.length)).toEqual([5, 3_000_000, 3]);
          expect([answers[0], answers[2]]).toEqual(['HELLO', 'BYE']);
          expect(answers[1]).toBe(long.toUpperCase());
        },
      );
    } finally {
      await door.close();
    }
  });
});
