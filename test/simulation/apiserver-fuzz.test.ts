// Requests nobody should send: always a Status (or an answer), never a 500, a rejection or a hang. Seeded; DRYDOCK_FUZZ sets how many.

import { beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../../src/apiserver/testing/harness.ts';
import { pick, type Random, randomInt, seededRandom } from '../../src/env/random.ts';

const count = Number(process.env['DRYDOCK_FUZZ'] ?? 100_000);
let api: Harness;

beforeAll(async () => {
  api = await startHarness();
});

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'BREW'];
const roots = [
  '/api/v1',
  '/apis/apps/v1',
  '/apis/batch/v1',
  '/apis/rbac.authorization.k8s.io/v1',
  '/apis/autoscaling/v1',
  '/apis/events.k8s.io/v1',
  '/apis/apiextensions.k8s.io/v1',
  '/apis/nope/v1',
  '/api',
  '/apis',
  '/openapi/v3',
  '/',
  '/healthz',
];
const resources = [
  'pods',
  'configmaps',
  'services',
  'deployments',
  'jobs',
  'roles',
  'clusterroles',
  'nodes',
  'namespaces',
  'events',
  'secrets',
  'horizontalpodautoscalers',
  'customresourcedefinitions',
  'bindings',
  'nothing',
  '__proto__',
  'constructor',
];
const names = [
  'a',
  'web',
  '..',
  '%2e%2e',
  '%2F',
  'a%00b',
  '%ff',
  '__proto__',
  'x'.repeat(300),
  'ü',
  'A_B',
  '',
  '%',
  '*',
];
const subresources = [
  'status',
  'scale',
  'log',
  'exec',
  'binding',
  'eviction',
  'proxy',
  'token',
  'finalize',
  'nope',
  'ephemeralcontainers',
  'proxy/..%2f..',
];
const queries = [
  'limit=-1',
  'limit=99999999999999999999',
  'limit=x',
  'continue=zzz',
  'continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTUsInN0YXJ0IjoiLi4vIn0',
  'resourceVersion=-3',
  'resourceVersion=abc',
  'resourceVersionMatch=Exact',
  'labelSelector=a%20in%20(',
  'labelSelector=%00',
  'fieldSelector=a',
  'fieldSelector=metadata.name%3D..',
  'dryRun=Some',
  `fieldManager=${'m'.repeat(200)}`,
  'fieldValidation=Loud',
  'gracePeriodSeconds=x',
  'propagationPolicy=Sideways',
  'watch=1&resourceVersion=1&timeoutSeconds=1',
  'force=maybe',
  'pretty=true',
  'sendInitialEvents=true',
  'tailLines=-1',
  'ports=0',
  'command=',
];
const types = [
  'application/json',
  'application/yaml',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/vnd.kubernetes.protobuf',
  'text/html',
  '',
  'multipart/form-data',
];
const accepts = [
  'application/json',
  'application/yaml',
  '*/*',
  'text/html',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Nonsense;v=v9;g=x',
  'application/vnd.kubernetes.protobuf',
  ';;;q=,',
];

function junk(random: Random, depth: number): unknown {
  switch (randomInt(random, depth > 4 ? 7 : 10)) {
    case 0:
      return null;
    case 1:
      return randomInt(random, 100) - 50;
    case 2:
      return 1e308;
    case 3:
      return pick(random, names);
    case 4:
      return random.next() < 0.5;
    case 5:
      return 2 ** 53 + 2;
    case 6:
      return -0.5;
    case 7:
      return Array.from({ length: randomInt(random, 4) }, () => junk(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: randomInt(random, 5) }, () => [pick(random, fields), junk(random, depth + 1)]),
      );
  }
}
const fields = [
  'metadata',
  'spec',
  'status',
  'data',
  'template',
  'containers',
  'name',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'replicas',
  'selector',
  'matchLabels',
  'ports',
  'rules',
  'subjects',
  'roleRef',
  'versions',
  'schema',
  'names',
  'target',
  'kind',
  'apiVersion',
  '$patch',
  '$setElementOrder/containers',
  '$retainKeys',
  'op',
  'path',
  'value',
  'volumes',
  'resources',
  'requests',
  'cpu',
  'constructor',
  'toString',
];
const kinds = [
  'Pod',
  'ConfigMap',
  'Service',
  'Deployment',
  'Job',
  'Role',
  'CustomResourceDefinition',
  'Namespace',
  'DeleteOptions',
  'Scale',
  'Eviction',
  'Binding',
];

function body(random: Random): string | Uint8Array<ArrayBuffer> {
  const object = {
    apiVersion: pick(random, ['v1', 'apps/v1', 'batch/v1', '', 'a/b/c']),
    kind: pick(random, kinds),
    metadata: { name: pick(random, names) },
    ...(junk(random, 0) as object | null),
  };
  switch (randomInt(random, 14)) {
    case 0:
      return '';
    case 1:
      return '{';
    case 2:
      return '['.repeat(20_000);
    case 3:
      return `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`;
    case 4:
      return '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"p"},"__proto__":{"polluted":1},"data":{"__proto__":"x"}}';
    case 5:
      return 'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n';
    case 6:
      return new Uint8Array([0xff, 0xfe, 0x00, 0x80, 0xc0]);
    case 7:
      return new Uint8Array([0x6b, 0x38, 0x73, 0, ...Array.from({ length: 60 }, () => randomInt(random, 256))]);
    case 8:
      return JSON.stringify([
        {
          op: pick(random, ['add', 'remove', 'test', 'move', 'copy', 'x']),
          path: pick(random, ['/a', '/metadata/labels/x', '', '/__proto__/x', '/spec/-']),
          value: junk(random, 0),
        },
      ]);
    case 9:
      return `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"d","name":"e"},"data":{"a":1e999,"a":"b"}}`;
    default:
      return JSON.stringify(object);
  }
}

test(`${count} malformed requests are all answered decently`, { timeout: 300_000 + count * 20 }, async () => {
  const random = seededRandom(20261121);
  for (let i = 0; i < count; i++) {
    const method = pick(random, methods);
    const parts = [pick(random, roots)];
    if (random.next() < 0.6) parts.push('namespaces', pick(random, ['default', ...names]));
    if (random.next() < 0.9) parts.push(pick(random, resources));
    if (random.next() < 0.6) parts.push(pick(random, names));
    if (random.next() < 0.3) parts.push(pick(random, subresources));
    const query = random.next() < 0.4 ? `?${pick(random, queries)}` : '';
    const target = parts.join('/') + query;
    const sent = method === 'GET' || method === 'HEAD' ? undefined : body(random);
    const response = await api.raw(method, target, {
      ...(sent === undefined ? {} : { body: sent }),
      headers: { 'content-type': pick(random, types), accept: pick(random, accepts) },
    });
    const what = `#${i} ${method} ${target.slice(0, 200)} ${typeof sent === 'string' ? sent.slice(0, 300) : ''}`;
    if (/watch=1/.test(query)) {
      await response.body?.cancel();
    } else {
      const text = await response.text();
      // Nothing listens on a kubelet's port here: what is meant for one may fail with 500 as upstream's "error dialing backend".
      if (response.status >= 500 && !/error dialing backend/.test(text))
        expect.fail(`${what}\n${response.status} ${text.slice(0, 600)}`);
      if (response.status >= 400 && /json/.test(response.headers.get('content-type') ?? '') && text !== '')
        expect(JSON.parse(text), what).toMatchObject({ kind: 'Status', status: 'Failure', code: response.status });
    }
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
