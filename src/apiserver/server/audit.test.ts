import { expect, test } from 'vitest';
import { Simulation } from '../../env/simulated/simulation.ts';
import type { StampedRecord } from '../../env/traces.ts';
import { startStandaloneEtcd } from '../../etcd/testing/standalone.ts';
import { createApiServer } from '../index.ts';

test('each request leaves an audit event in the trace, and each write its revision and cause', async () => {
  const records: StampedRecord[] = [];
  const simulation = new Simulation({ seed: 1, onTrace: (record) => records.push(record) });
  const env = simulation.env('kube-apiserver-1');
  const { client } = startStandaloneEtcd(env);
  const tokens = [{ token: 'ann', user: 'ann', groups: ['system:masters'] }];
  const server = await createApiServer(env, { host: 'kube-apiserver-1:6443', etcd: client, tokens });
  const parent = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    server.handle(
      new Request(`http://kube-apiserver:6443${path}`, {
        method,
        headers: {
          authorization: 'Bearer ann',
          'content-type': 'application/json',
          'user-agent': 'test/1',
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
  const made = await ask('POST', '/api/v1/namespaces', { metadata: { name: 'x' } }, parent);
  const { resourceVersion } = (await made.json()).metadata;
  await ask('GET', '/api/v1/namespaces/x/secrets/none?pretty=1', undefined, { 'audit-id': 'mine', authorization: '' });
  const events = records.filter(({ gate }) => gate === 'request').map(({ detail }) => detail);
  expect(events.at(-2)).toMatchObject({
    stage: 'ResponseComplete',
    verb: 'create',
    requestURI: '/api/v1/namespaces',
    user: 'ann',
    groups: ['system:masters', 'system:authenticated'],
    userAgent: 'test/1',
    objectRef: { resource: 'namespaces', apiVersion: 'v1' },
    responseStatus: 201,
    requestReceivedTimestamp: expect.stringMatching(/^2026-01-01T00:00:\d\d\.\d{6}Z$/),
  });
  expect((events.at(-2) as { auditID: string }).auditID).toBe(made.headers.get('audit-id'));
  expect(events.at(-1)).toMatchObject({
    auditID: 'mine',
    verb: 'get',
    requestURI: '/api/v1/namespaces/x/secrets/none?pretty=1',
    user: 'system:anonymous',
    objectRef: { resource: 'secrets', namespace: 'x', name: 'none', apiVersion: 'v1' },
    responseStatus: 403,
  });
  const committed = records.find(
    ({ gate, subject }) => gate === 'committed' && subject?.resourceVersion === resourceVersion,
  );
  expect(committed).toMatchObject({
    parentSpanId: 'b7ad6b7169203331',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    subject: { kind: 'Namespace', name: 'x' },
  });
  await server.stop();
});
