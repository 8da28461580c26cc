import { describe, expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../generated/types.ts';
import { formatQuantity } from '../quantity.ts';
import { inScope } from './scopes.ts';
import { countedKind, namesOf, totalUsage, type Usage, unsaid, usageOf } from './usage.ts';

const core = (resource: string) => ({ group: '', resource });
const now = Date.parse('2026-01-01T00:00:00Z');
const shown = (usage: Usage) =>
  Object.fromEntries([...usage].map(([name, quantity]) => [name, formatQuantity(quantity)]));
const pod = (spec: object, status: object = {}, metadata: object = {}) =>
  ({ metadata: { name: 'p', ...metadata }, spec: { containers: [], ...spec }, status }) as unknown as Pod;
const container = (name: string, requests: object, limits: object = {}, rest: object = {}) => ({
  name,
  resources: { requests, limits },
  ...rest,
});

describe('names of hard', () => {
  test.each([
    ['pods', 'pods.'],
    ['limits.memory', 'pods.'],
    ['requests.hugepages-2Mi', 'pods.'],
    ['requests.example.com/gpu', 'pods.'],
    ['requests.storage', 'persistentvolumeclaims.'],
    ['gold.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims.'],
    ['services.loadbalancers', 'services.'],
    ['count/deployments.apps', 'deployments.apps'],
    ['count/widgets.a.example.com', 'widgets.a.example.com'],
    ['count/configmaps', 'configmaps.'],
  ])('%s counts %s', (name, kind) => {
    const found = countedKind(name);
    expect(`${found?.resource}.${found?.group}`).toBe(kind);
  });

  test.each([
    'count/',
    'count/events',
    'count/events.events.k8s.io',
    'limits.example.com/gpu',
    'example.com/gpu',
    'hats',
  ])('%s counts nothing', (name) => expect(countedKind(name)).toBeUndefined());

  test('are found by kind', () => {
    expect(namesOf(core('pods'), ['cpu', 'secrets', 'count/pods', 'count/pods.x'])).toEqual(['cpu', 'count/pods']);
  });
});

describe('a pod', () => {
  test('uses the sum of its containers, or what an init container needs beside the sidecars before it, and its overhead', () => {
    const usage = usageOf(
      core('pods'),
      pod({
        containers: [container('a', { cpu: '100m', memory: '1Gi' }, { cpu: '1' }), container('b', { cpu: '200m' })],
        initContainers: [
          container('side', { cpu: '50m' }, {}, { restartPolicy: 'Always' }),
          container('init', { cpu: '400m', 'example.com/gpu': '2' }),
        ],
        overhead: { cpu: '10m', memory: '1Mi' },
      }),
      now,
    );
    expect(shown(usage)).toEqual({
      'count/pods': '1',
      pods: '1',
      cpu: '460m',
      'requests.cpu': '460m',
      memory: '1025Mi',
      'requests.memory': '1025Mi',
      'requests.example.com/gpu': '2',
      'limits.cpu': '1010m',
    });
  });

  test('that speaks for its containers uses what it says', () => {
    const its = { requests: { cpu: '2' }, limits: { memory: '3Gi' } };
    const usage = usageOf(core('pods'), pod({ containers: [container('a', { cpu: '1' })], resources: its }), now);
    expect(shown(usage)).toMatchObject({ cpu: '2', 'limits.memory': '3Gi' });
    expect(unsaid(pod({ containers: [{ name: 'a' }], resources: its }), ['cpu', 'memory'])).toBe('');
  });

  test('whose resize is under way uses the larger of what it wants and has; one that cannot be, what it has', () => {
    const spec = { containers: [container('a', { cpu: '1' })] };
    const given = (cpu: string) => ({ containerStatuses: [{ name: 'a', resources: { requests: { cpu } } }] });
    const cpu = (of: Pod) => formatQuantity(usageOf(core('pods'), of, now).get('cpu')!);
    expect(cpu(pod(spec, given('2')))).toBe('2');
    expect(cpu(pod(spec, given('500m')))).toBe('1');
    const conditions = [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }];
    expect(cpu(pod(spec, { ...given('500m'), conditions }))).toBe('500m');
  });

  test('that has ended, or should be gone, counts as an object only', () => {
    const spec = { containers: [container('a', { cpu: '1' })] };
    for (const phase of ['Succeeded', 'Failed'])
      expect(shown(usageOf(core('pods'), pod(spec, { phase }), now))).toEqual({ 'count/pods': '1' });
    const leaving = pod(spec, {}, { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 });
    expect(usageOf(core('pods'), leaving, now + 30_000).has('cpu')).toBe(true);
    expect(usageOf(core('pods'), leaving, now + 30_001).has('cpu')).toBe(false);
  });

  test('must say what is limited, container by container', () => {
    const silent = pod({ containers: [{ name: 'b' }, container('a', { cpu: '1' })], initContainers: [{ name: 'i' }] });
    expect(unsaid(silent, ['requests.cpu', 'limits.memory', 'pods'])).toBe(
      'limits.memory for: a,b,i; requests.cpu for: b,i',
    );
  });
});

describe('other kinds', () => {
  test.each([
    [{ type: 'ClusterIP', ports: [{ port: 1 }] }, '0', '0'],
    [{ type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] }, '2', '0'],
    [{ type: 'LoadBalancer', ports: [{ port: 1 }] }, '1', '1'],
    [
      { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 1 }, { port: 2, nodePort: 3 }] },
      '1',
      '1',
    ],
  ])('Service %j', (spec, nodePorts, loadBalancers) => {
    const usage = shown(usageOf(core('services'), { metadata: { name: 's' }, spec }, now));
    expect([usage['services.nodeports'], usage['services.loadbalancers']]).toEqual([nodePorts, loadBalancers]);
  });

  test('a claim counts for its class, in whole bytes, by what it asks for or is being given', () => {
    const spec = { storageClassName: 'gold', resources: { requests: { storage: '1500m' } } };
    const claim = { metadata: { name: 'c' }, spec };
    expect(shown(usageOf(core('persistentvolumeclaims'), claim, now))).toEqual({
      'count/persistentvolumeclaims': '1',
      persistentvolumeclaims: '1',
      'requests.storage': '2',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '2',
    });
    const shrunk = { ...claim, status: { allocatedResources: { storage: '10' } } };
    expect(shown(usageOf(core('persistentvolumeclaims'), shrunk, now))['requests.storage']).toBe('10');
  });

  test('everything else is counted, under its old name where it has one', () => {
    expect(shown(usageOf(core('secrets'), {}, now))).toEqual({ 'count/secrets': '1', secrets: '1' });
    expect(shown(usageOf({ group: 'apps', resource: 'deployments' }, {}, now))).toEqual({
      'count/deployments.apps': '1',
    });
    expect(shown(totalUsage(core('secrets'), [{}, {}], ['secrets'], now))).toEqual({ secrets: '2' });
    expect(shown(totalUsage(core('services'), [], ['services.nodeports'], now))).toEqual({ 'services.nodeports': '0' });
  });
});

describe('scopes', () => {
  const quota = (spec: object) => ({ metadata: { name: 'q' }, spec }) as ResourceQuota;
  const select = (scopeName: string, operator: string, values?: string[]) =>
    quota({ scopeSelector: { matchExpressions: [{ scopeName, operator, ...(values && { values }) }] } });

  test.each([
    ['Terminating', { activeDeadlineSeconds: 0 }, {}],
    ['NotTerminating', {}, { activeDeadlineSeconds: 5 }],
    ['BestEffort', { containers: [{ name: 'a' }] }, { containers: [container('a', { cpu: '1' })] }],
    ['NotBestEffort', { containers: [container('a', {}, { memory: '1' })] }, { containers: [{ name: 'a' }] }],
    [
      'CrossNamespacePodAffinity',
      { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ namespaces: ['x'] }] } } },
      { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'x' }] } } },
    ],
  ])('%s', (scope, inside, outside) => {
    expect(inScope(quota({ scopes: [scope] }), core('pods'), pod(inside))).toBe(true);
    expect(inScope(quota({ scopes: [scope] }), core('pods'), pod(outside))).toBe(false);
  });

  test.each([
    ['In', ['high'], true, false, false],
    ['NotIn', ['high'], false, true, true],
    ['Exists', undefined, true, true, false],
    ['DoesNotExist', undefined, false, false, true],
  ])('PriorityClass %s %j', (operator, values, high, low, none) => {
    const within = (priorityClassName?: string) =>
      inScope(select('PriorityClass', operator, values), core('pods'), pod({ priorityClassName }));
    expect([within('high'), within('low'), within()]).toEqual([high, low, none]);
  });

  test('a claim is in those of volume attributes classes that it has or is getting; other kinds are in none', () => {
    const claim = { metadata: { name: 'c' }, spec: {}, status: { currentVolumeAttributesClassName: 'fast' } };
    const fast = select('VolumeAttributesClass', 'In', ['fast']);
    expect(inScope(fast, core('persistentvolumeclaims'), claim)).toBe(true);
    expect(inScope(select('PriorityClass', 'DoesNotExist'), core('persistentvolumeclaims'), claim)).toBe(false);
    expect(inScope(quota({ scopes: ['NotTerminating'] }), core('secrets'), {})).toBe(false);
    expect(inScope(quota({}), core('secrets'), {})).toBe(true);
  });
});
