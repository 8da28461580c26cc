// Warning headers: what is accepted and yet unwise.

import { expect, test } from 'vitest';
import { startHarness } from './testing/harness.ts';

const container = { name: 'c', image: 'i' };

test('a pod is warned about what will surprise its owner', async () => {
  const { call, server } = await startHarness();
  const { code, headers, body } = await call('POST', '/api/v1/namespaces/default/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a.b' },
    spec: {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      terminationGracePeriodSeconds: -1,
      containers: [
        {
          ...container,
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
            { name: 'B', value: '1' },
            { name: 'B', value: '$(B)2' },
          ],
          ports: [{ containerPort: 80 }, { containerPort: 80 }],
          resources: { requests: { memory: '100m' } },
        },
      ],
    },
  });
  expect(code, JSON.stringify(body)).toBe(201);
  const warning = headers.get('warning') ?? '';
  expect(warning).toContain("metadata.name: this is used in the Pod's hostname");
  expect(warning).toContain('spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14');
  expect(warning).toContain('spec.containers[0].env[1]: hides previous definition of \\"A\\"');
  expect(warning).not.toContain('env[3]');
  expect(warning).toContain('spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]');
  expect(warning).toContain(
    'spec.containers[0].resources.requests[memory]: fractional byte value \\"100m\\" is invalid',
  );

  await server.stop();
});

test('a template is warned about where it stands, when it comes and when it changes', async () => {
  const { call, server } = await startHarness();
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const template = (env: object[]) => ({
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ ...container, env }] },
  });
  const twice = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ];
  const made = await call('POST', path, {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { a: 'b' } }, template: template(twice) },
  });
  expect(made.code).toBe(201);
  expect(made.headers.get('warning')).toContain('spec.template.spec.containers[0].env[1]: hides previous definition');
  const labelled = await call(
    'PATCH',
    `${path}/d`,
    { metadata: { labels: { x: 'y' } } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  expect(labelled.headers.get('warning')).toBeNull();
  await server.stop();
});

test('deprecated kinds say so on every use', async () => {
  const { call, server } = await startHarness();
  const { headers } = await call('GET', '/api/v1/namespaces/default/endpoints');
  expect(headers.get('warning')).toContain(
    'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  );
  await server.stop();
});
