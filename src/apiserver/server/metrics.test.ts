import { expect, test } from 'vitest';
import { startHarness } from '../testing/harness.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

test('count requests and objects, and invent no labels', async () => {
  const { call } = await startHarness();
  await call('POST', configMaps, { metadata: { name: 'a' } });
  await call('POST', `${configMaps}?dryRun=All`, { metadata: { name: 'b' } });
  await call('GET', configMaps);
  await call('GET', '/apis/apps/v1/deployments');
  for (const path of ['/api/v1/hats', '/nowhere', `${configMaps}/a/shoes`]) await call('GET', path);
  const { headers, body } = await call('GET', '/metrics');
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines: string[] = body.split('\n');
  const counted = (labels: string) =>
    lines.find(
      (line) => line.startsWith('apiserver_request_total{') && labels.split(' ').every((l) => line.includes(l)),
    );
  expect(counted('resource="configmaps" verb="POST" dry_run=""')).toBe(
    'apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 1',
  );
  expect(counted('resource="configmaps" verb="POST" dry_run="All"')).toMatch(/ 1$/);
  expect(counted('resource="configmaps" verb="LIST" scope="namespace"')).toMatch(/ 1$/);
  expect(counted('group="apps" resource="deployments" verb="LIST" scope="cluster"')).toMatch(/ 1$/);
  expect(body).not.toMatch(/hats|nowhere|shoes/);
  expect(lines).toContain('apiserver_resource_objects{group="",resource="configmaps"} 1');
  expect(lines).toContain('apiserver_current_inflight_requests{request_kind="readOnly"} 1');
  expect(lines).toContain('# TYPE apiserver_request_total counter');
});

test('are for those who may read them', async () => {
  const { call } = await startHarness();
  expect((await call('GET', '/metrics', undefined, { 'impersonate-user': 'eve' })).code).toBe(403);
});
