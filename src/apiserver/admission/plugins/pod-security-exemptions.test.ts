import { beforeAll, expect, test } from 'vitest';
import { Simulation } from '../../../env/simulated/simulation.ts';
import type { StampedRecord } from '../../../env/traces.ts';
import { startStandaloneEtcd } from '../../../etcd/testing/standalone.ts';
import { createApiServer } from '../../index.ts';
import { configurationOf } from './pod-security-policy.ts';

const label = 'pod-security.kubernetes.io/';
const { configuration } = configurationOf({
  defaults: { enforce: 'baseline', warn: 'restricted' },
  exemptions: { usernames: ['ann'], namespaces: ['free'], runtimeClasses: ['sandboxed'] },
});
const records: StampedRecord[] = [];
let call: (
  method: string,
  path: string,
  body: object,
  user?: string,
) => Promise<{ code: number; message: string; warning: string | null; notes: Record<string, string> | undefined }>;

beforeAll(async () => {
  const simulation = new Simulation({ seed: 1, onTrace: (record) => records.push(record) });
  const env = simulation.env('kube-apiserver-1');
  const server = await createApiServer(env, {
    host: 'kube-apiserver-1:6443',
    etcd: startStandaloneEtcd(env).client,
    tokens: ['ann', 'bob'].map((user) => ({ token: user, user, groups: ['system:masters'] })),
    admission: { podSecurity: configuration },
  });
  call = async (method, path, body, user = 'bob') => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const response = await server.handle(
      new Request(`http://kube-apiserver:6443${path}`, {
        method,
        headers: { authorization: `Bearer ${user}`, 'content-type': type },
        body: JSON.stringify(body),
      }),
    );
    const { message = '' } = await response.json();
    const detail = records.filter(({ gate }) => gate === 'request').at(-1)?.detail as
      | { annotations?: Record<string, string> }
      | undefined;
    return { code: response.status, message, warning: response.headers.get('warning'), notes: detail?.annotations };
  };
  for (const name of ['plain', 'free', 'open']) {
    const labels = name === 'open' ? { [`${label}enforce`]: 'privileged', [`${label}warn`]: 'privileged' } : {};
    await call('POST', '/api/v1/namespaces', { metadata: { name, labels } });
    await call('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  await call('POST', '/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: 'sandboxed' }, handler: 'runsc' });
});

const pod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { hostNetwork: true, containers: [{ name: 'c', image: 'i' }], ...spec },
});
const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

test('what labels do not say the defaults of the server do', async () => {
  const { code, message, notes } = await call('POST', pods('plain'), pod('p'));
  expect([code, message]).toEqual([
    403,
    'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  ]);
  expect(notes).toEqual({ [`${label}enforce-policy`]: 'baseline:latest' });
  const mild = await call('POST', pods('plain'), pod('mild', { hostNetwork: false }));
  expect([mild.code, mild.warning]).toEqual([
    201,
    expect.stringContaining('would violate PodSecurity \\"restricted:latest\\"'),
  ]);
  const open = await call('POST', pods('open'), pod('o'));
  expect([open.code, open.warning, open.notes]).toEqual([
    201,
    null,
    { [`${label}enforce-policy`]: 'privileged:latest' },
  ]);
});

test.each<[string, string, object, string]>([
  ['namespace', 'free', {}, 'bob'],
  ['user', 'plain', {}, 'ann'],
  ['runtimeClass', 'plain', { runtimeClassName: 'sandboxed' }, 'bob'],
])('a pod of an exempt %s is made as it is, without a warning', async (reason, namespace, spec, user) => {
  const answer = await call('POST', pods(namespace), pod(`exempt-${reason.toLowerCase()}`, spec), user);
  expect(answer).toMatchObject({ code: 201, warning: null, notes: { [`${label}exempt`]: reason } });
  const made = await call(
    'POST',
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    {
      metadata: { name: `exempt-${reason.toLowerCase()}` },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { ...pod('', spec), metadata: { labels: { a: 'b' } } },
      },
    },
    user,
  );
  expect([made.code, made.warning]).toEqual([201, null]);
});

test('who labels an exempt namespace is told that it does nothing', async () => {
  const ignored = (policy: string) =>
    `299 - "namespace \\"free\\" is exempt from Pod Security, and the policy (${policy}) will be ignored"`;
  const patch = (labels: Record<string, string>) => call('PATCH', '/api/v1/namespaces/free', { metadata: { labels } });
  expect((await patch({ [`${label}enforce`]: 'restricted' })).warning).toBe(ignored('enforce=restricted:latest'));
  expect((await patch({ [`${label}enforce`]: 'baseline' })).warning).toBeNull();
  const again = await patch({
    [`${label}enforce`]: 'restricted',
    [`${label}audit`]: 'baseline',
    [`${label}audit-version`]: 'v1.30',
  });
  expect(again.warning).toBe(ignored('enforce=restricted:latest, audit=baseline:v1.30'));
});

test('raising the level tells of pods that are there, but not of those of exempt classes', async () => {
  const raised = await call('PATCH', '/api/v1/namespaces/plain', {
    metadata: { labels: { [`${label}enforce`]: 'restricted' } },
  });
  expect(raised.warning).toContain('existing pods in namespace \\"plain\\" violate the new PodSecurity enforce level');
  expect(raised.warning).toContain('exempt-user: ');
  expect(raised.warning).not.toContain('exempt-runtimeclass');
});
