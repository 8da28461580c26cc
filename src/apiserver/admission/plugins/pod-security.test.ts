import { beforeAll, describe, expect, test } from 'vitest';
import type { PodSpec } from '../../../api/generated/types.ts';
import { type Harness, startHarness } from '../../testing/harness.ts';
import { violations } from './pod-security-checks.ts';

const label = 'pod-security.kubernetes.io/';
let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

async function namespace(name: string, labels: Record<string, string>) {
  const prefixed = Object.fromEntries(Object.entries(labels).map(([key, value]) => [label + key, value]));
  const answer = await api.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: prefixed },
  });
  await api.call('POST', `/api/v1/namespaces/${name}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
  return answer;
}
const pod = (name: string, spec: object = {}, container: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'nginx', ...container }], ...spec },
});
const create = (ns: string, object: object) => api.call('POST', `/api/v1/namespaces/${ns}/pods`, object);

test('a restricted namespace refuses a plain pod in upstream words', async () => {
  await namespace('strict', { enforce: 'restricted' });
  const { code, body } = await create('strict', pod('p'));
  expect([code, body.message]).toEqual([
    403,
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ]);
  const good = pod(
    'good',
    { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
    { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
  );
  expect((await create('strict', good)).code).toBe(201);
});

test('templates are warned of, pods of a warning namespace too', async () => {
  await namespace('mild', { warn: 'baseline', 'warn-version': 'v1.24' });
  const { code, headers } = await create('mild', pod('p', { hostNetwork: true }));
  expect([code, headers.get('warning')]).toEqual([
    201,
    '299 - "would violate PodSecurity \\"baseline:v1.24\\": host namespaces (hostNetwork=true)"',
  ]);
  const deployment = await api.call('POST', '/apis/apps/v1/namespaces/strict/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    },
  });
  expect(deployment.code).toBe(201);
  expect(deployment.headers.get('warning')).toContain('would violate PodSecurity \\"restricted:latest\\"');
});

test('labels are checked, and raising the level tells of the pods that are there', async () => {
  const bad = await namespace('wrong', { enforce: 'tight', 'enforce-version': '1.2' });
  expect([bad.code, bad.body.message]).toEqual([
    422,
    'Namespace "wrong" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "1.2": must be "latest" or "v1.x"]',
  ]);
  await create('mild', pod('q', { hostNetwork: true }));
  await create('mild', pod('r', {}, { securityContext: { privileged: true } }));
  const raised = await api.call(
    'PATCH',
    '/api/v1/namespaces/mild',
    { metadata: { labels: { [`${label}enforce`]: 'baseline' } } },
    { 'content-type': 'application/merge-patch+json' },
  );
  expect(raised.headers.get('warning')).toBe(
    '299 - "existing pods in namespace \\"mild\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "p (and 1 other pod): host namespaces", 299 - "r: privileged"',
  );
});

describe('each check', () => {
  const one = (spec: object, container: object = {}, annotations: Record<string, string> = {}): string =>
    violations('baseline', 'latest', { annotations }, { containers: [{ name: 'c', ...container }], ...spec } as PodSpec)
      .map(({ detail }) => detail)
      .join(', ');
  const context = (securityContext: object) => [{}, { securityContext }] as const;
  test.each<[string, readonly [object, object?, Record<string, string>?], string]>([
    ['hostPath', [{ volumes: [{ name: 'v', hostPath: { path: '/' } }] }], 'hostPath volumes (volume "v")'],
    [
      'hostPort',
      [
        {},
        {
          ports: [
            { containerPort: 1, hostPort: 80 },
            { containerPort: 2, hostPort: 443 },
          ],
        },
      ],
      'hostPort (container "c" uses hostPorts 443, 80)',
    ],
    [
      'privileged',
      context({ privileged: true }),
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities',
      context({ capabilities: { add: ['SYS_ADMIN', 'CHOWN'] } }),
      'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      'procMount',
      context({ procMount: 'Unmasked' }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      'AppArmor',
      context({ appArmorProfile: { type: 'Unconfined' } }),
      'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      'seccomp',
      [{ securityContext: { seccompProfile: { type: 'Unconfined' } } }],
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'SELinux',
      context({ seLinuxOptions: { type: 'spc_t', user: 'u' } }),
      'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
    ],
    [
      'sysctls',
      [{ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }],
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      'host process',
      context({ windowsOptions: { hostProcess: true } }),
      'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      'probe host',
      [{}, { livenessProbe: { httpGet: { host: 'evil', port: 80 } } }],
      'probe or lifecycle host (container "c" uses probe or lifecycle host "evil")',
    ],
  ])('%s', (_name, [spec, container, annotations], expected) => {
    expect(one(spec, container, annotations)).toBe(expected);
  });

  test('is of its version', () => {
    const spec = { containers: [{ name: 'c', securityContext: { runAsUser: 0 } }] } as unknown as PodSpec;
    const reasons = (version: string) => violations('restricted', version, {}, spec).map(({ reason }) => reason);
    expect(reasons('v1.22')).not.toContain('runAsUser=0');
    expect(reasons('v1.23')).toContain('runAsUser=0');
    expect(reasons('latest')).toContain('runAsUser=0');
  });

  test('volumes of a restricted pod', () => {
    const spec = {
      containers: [],
      volumes: [
        { name: 'a', nfs: { server: 's', path: '/' } },
        { name: 'b', emptyDir: {} },
      ],
    } as unknown as PodSpec;
    expect(violations('restricted', 'latest', {}, spec).map(({ detail }) => detail)).toContain(
      'restricted volume types (volume "a" uses restricted volume type "nfs")',
    );
  });
});
