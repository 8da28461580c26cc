// What the server sets, clears and warns of in objects of the cluster.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.server.stop());

const merge = { 'content-type': 'application/merge-patch+json' };
const namespaced = (plural: string, group = '/api/v1') => `${group}/namespaces/default/${plural}`;
const storage = '/apis/storage.k8s.io/v1';
const networking = '/apis/networking.k8s.io/v1';

async function make(path: string, object: object) {
  const answer = await api.call('POST', path, object);
  expect([answer.code, answer.body.message]).toEqual([201, undefined]);
  return answer;
}
/** Texts of the Warning header of a creation that is not meant to last. */
async function warningsOf(path: string, object: object): Promise<string[]> {
  const { headers } = await make(`${path}?dryRun=All`, { metadata: { name: 'w' }, ...object });
  return [...(headers.get('warning') ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1'),
  );
}

test('a namespace is finalized by names that mean something', async () => {
  await make('/api/v1/namespaces', { metadata: { name: 'n' } });
  const { body } = await api.call('PUT', '/api/v1/namespaces/n/finalize', {
    metadata: { name: 'n' },
    spec: { finalizers: ['x'] },
  });
  expect(body.message).toBe(
    'Namespace "n" is invalid: spec.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  );
});

test('a node says its range once and in the plural; no configuration comes from the API', async () => {
  const configSource = { configMap: { name: 'c', namespace: 'n', kubeletConfigKey: 'k' } };
  const { body } = await make('/api/v1/nodes', {
    metadata: { name: 'm' },
    spec: { podCIDR: '10.0.0.0/24', configSource },
  });
  expect(body.spec).toMatchObject({ podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] });
  expect(body.spec).not.toHaveProperty('configSource');
  const patched = await api.call('PATCH', '/api/v1/nodes/m', { spec: { podCIDR: '10.0.1.0/24' } }, merge);
  expect(patched.body.message).toContain('node updates may not change podCIDR except from "" to valid');
});

test('an event of events.k8s.io is checked more strictly than one of the core group', async () => {
  const path = namespaced('events', '/apis/events.k8s.io/v1');
  const refused = await api.call('POST', path, { metadata: { name: 'e' }, regarding: { namespace: 'default' } });
  expect([refused.code, refused.body.message]).toEqual([
    422,
    expect.stringContaining('eventTime: Required value, type: Invalid value: "": has invalid value: '),
  ]);
  const good = {
    eventTime: '2026-01-01T00:00:00Z',
    type: 'Normal',
    reason: 'r',
    action: 'a',
    reportingController: 'c',
  };
  await make(path, { metadata: { name: 'e' }, ...good, reportingInstance: 'i', regarding: { namespace: 'default' } });
  const patched = await api.call('PATCH', `${path}/e`, { note: 'n' }, merge);
  expect(patched.body.message).toContain('message: Invalid value: "n": field is immutable');
  const older = await api.call('PATCH', `${namespaced('events')}/e`, { message: 'n' }, merge);
  expect(older.code).toBe(200);
});

test('a service account names Secrets and nothing more', async () => {
  const secrets = [{ name: 's', namespace: 'other', kind: 'Secret' }];
  const { body } = await make(namespaced('serviceaccounts'), { metadata: { name: 'a' }, secrets });
  expect(body.secrets).toEqual([{ name: 's' }]);
});

test('an endpoint slice: topology of old is dropped, labels count', async () => {
  const path = namespaced('endpointslices', '/apis/discovery.k8s.io/v1');
  const endpoints = [{ addresses: ['10.0.0.1'], deprecatedTopology: { a: 'b' } }];
  const { body } = await make(path, { metadata: { name: 's' }, addressType: 'IPv4', endpoints });
  expect(body.endpoints).toEqual([{ addresses: ['10.0.0.1'], conditions: {} }]);
  const patched = await api.call('PATCH', `${path}/s`, { metadata: { labels: { a: 'b' } } }, merge);
  expect([body.metadata.generation, patched.body.metadata.generation]).toEqual([1, 2]);
});

describe('volumes and claims', () => {
  const hostPath = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' } };
  test('the phase of a volume is dated', async () => {
    const { body } = await make('/api/v1/persistentvolumes', { metadata: { name: 'v' }, spec: hostPath });
    const born = body.status.lastPhaseTransitionTime;
    expect(body.status).toEqual({ phase: 'Pending', lastPhaseTransitionTime: body.metadata.creationTimestamp });
    await api.simulation.run(5_000);
    const set = async (status: object) =>
      (await api.call('PATCH', '/api/v1/persistentvolumes/v/status', { status }, merge)).body.status;
    const changed = await set({ phase: 'Available' });
    expect(changed.lastPhaseTransitionTime > born).toBe(true);
    expect(await set({ message: 'm' })).toMatchObject({ lastPhaseTransitionTime: changed.lastPhaseTransitionTime });
    const said = '2026-01-01T00:00:00Z';
    expect(await set({ phase: 'Bound', lastPhaseTransitionTime: said })).toMatchObject({
      lastPhaseTransitionTime: said,
    });
  });

  const claim = (spec: object) => ({
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });
  const path = namespaced('persistentvolumeclaims');
  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
  const thing = { apiGroup: 'a.io', kind: 'Thing', name: 't' };
  test.each<[string, object, object]>([
    ['the older field', { dataSource: snapshot }, { dataSource: snapshot, dataSourceRef: snapshot }],
    ['the newer field', { dataSourceRef: thing }, { dataSource: thing, dataSourceRef: thing }],
    ['what the older field never took', { dataSource: thing }, {}],
    ['what is in another namespace', { dataSourceRef: { ...thing, namespace: 'n' } }, {}],
  ])('where a claim starts from: %s', async (_, spec, expected) => {
    const { body } = await make(`${path}?dryRun=All`, { metadata: { name: 'c' }, ...claim(spec) });
    const { dataSource, dataSourceRef } = body.spec;
    expect({ ...(dataSource && { dataSource }), ...(dataSourceRef && { dataSourceRef }) }).toEqual(expected);
  });

  test('what drivers may change counts', async () => {
    const spec = { preventPodSchedulingIfMissing: true };
    const { body } = await make(`${storage}/csidrivers`, { metadata: { name: 'd' }, spec });
    expect(body.spec).not.toHaveProperty('preventPodSchedulingIfMissing');
    const patched = await api.call('PATCH', `${storage}/csidrivers/d`, { spec: { requiresRepublish: true } }, merge);
    expect([body.metadata.generation, patched.body.metadata.generation]).toEqual([undefined, 1]);
  });

  test('warnings', async () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 's' };
    const old =
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead';
    const zone = 'failure-domain.beta.kubernetes.io/zone';
    const newer = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead';
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'Exists' }] }] };
    const spec = { ...hostPath, hostPath: undefined, rbd: { monitors: ['m'], image: 'i' }, nodeAffinity: { required } };
    expect(
      await warningsOf('/api/v1/persistentvolumes', {
        metadata: { name: 'w', annotations },
        spec: { ...spec, persistentVolumeReclaimPolicy: 'Recycle' },
      }),
    ).toEqual([
      old,
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
      `spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: ${zone} is ${newer}`,
      'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
    ]);
    const fraction = { resources: { requests: { storage: '1500m' } } };
    expect(await warningsOf(path, { metadata: { name: 'w', annotations }, ...claim(fraction) })).toEqual([
      old,
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ]);
    const allowedTopologies = [{ matchLabelExpressions: [{ key: zone, values: ['a'] }] }];
    expect(await warningsOf(`${storage}/storageclasses`, { provisioner: 'p', allowedTopologies })).toEqual([
      `allowedTopologies[0].matchLabelExpressions[0].key: ${newer}`,
    ]);
    expect(
      await warningsOf(namespaced('csistoragecapacities', storage), {
        storageClassName: 's',
        nodeTopology: { matchLabels: { [zone]: 'a' } },
      }),
    ).toEqual([`nodeTopology.matchLabels.${zone}: ${newer}`]);
  });
});

describe('warnings', () => {
  const ports = [{ port: 80 }];
  test.each<[object, string[]]>([
    [{}, []],
    [
      { externalIPs: ['8.8.8.8'], externalName: 'a.io', trafficDistribution: 'PreferClose' },
      [
        'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
        'spec.externalName is ignored when spec.type is not "ExternalName"',
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
      ],
    ],
    [
      { clusterIP: 'None', sessionAffinity: 'ClientIP', externalIPs: ['8.8.8.8'] },
      ['spec.externalIPs is ignored for headless services', 'spec.SessionAffinity is ignored for headless services'],
    ],
    [
      { type: 'ExternalName', externalName: 'a.io', externalIPs: ['8.8.8.8'] },
      ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
    ],
  ])('a Service with %j', async (spec, texts) => {
    expect(await warningsOf(namespaced('services'), { spec: { ports, ...spec } })).toEqual(texts);
  });

  test('a Service with hints of old', async () => {
    const metadata = { name: 'w', annotations: { 'service.kubernetes.io/topology-aware-hints': 'Auto' } };
    expect(await warningsOf(namespaced('services'), { metadata, spec: { ports } })).toEqual([
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ]);
  });

  const address = '2001:DB8::1';
  const canonical = `IPv6 address "${address}" should be in RFC 5952 canonical format ("2001:db8::1")`;
  test('addresses that are written oddly', async () => {
    const subsets = [{ notReadyAddresses: [{ ip: address }] }];
    expect(await warningsOf(namespaced('endpoints'), { subsets })).toContain(
      `subsets[0].notReadyAddresses[0].ip: ${canonical}`,
    );
    const slice = { addressType: 'IPv6', endpoints: [{ addresses: [address] }] };
    expect(await warningsOf(namespaced('endpointslices', '/apis/discovery.k8s.io/v1'), slice)).toEqual([
      `endpoints[0].addresses[0]: ${canonical}`,
    ]);
    const policy = { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '2001:DB8::/64' } }] }] } };
    expect(await warningsOf(namespaced('networkpolicies', networking), policy)).toEqual([
      'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")',
    ]);
  });

  test('the class of an Ingress in an annotation, when it is made', async () => {
    const path = namespaced('ingresses', networking);
    const object = {
      metadata: { name: 'i', annotations: { 'kubernetes.io/ingress.class': 'c' } },
      spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
    };
    expect(await warningsOf(path, object)).toEqual([
      `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
    ]);
    await make(path, object);
    const patched = await api.call('PATCH', `${path}/i`, { metadata: { labels: { a: 'b' } } }, merge);
    expect(patched.headers.get('warning')).toBeNull();
  });

  test('mountable Secrets, names of nodes elsewhere', async () => {
    const mountable = 'kubernetes.io/enforce-mountable-secrets';
    const metadata = { name: 'w', annotations: { [mountable]: 'true' } };
    expect(await warningsOf(namespaced('serviceaccounts'), { metadata })).toEqual([
      `metadata.annotations[${mountable}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
    ]);
    expect(await warningsOf('/api/v1/nodes', { spec: { externalID: 'e' } })).toEqual([
      'spec.externalID: this field is deprecated, and is unused by Kubernetes',
    ]);
  });

  const pem = (kind: string) => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`;
  test.each<[string, string, string[]]>([
    [pem('CERTIFICATE'), pem('EC PRIVATE KEY'), []],
    ['x', 'y', ['tls: failed to find any PEM data in certificate input']],
    [
      pem('PRIVATE KEY'),
      pem('CERTIFICATE'),
      [
        'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
      ],
    ],
    [pem('CERTIFICATE'), 'y', ['tls: failed to find any PEM data in key input']],
    [
      pem('CERTIFICATE'),
      pem('CERTIFICATE'),
      ['tls: found a certificate rather than a key in the PEM for the private key'],
    ],
  ])('a TLS Secret %#', async (certificate, key, texts) => {
    const stringData = { 'tls.crt': certificate, 'tls.key': key };
    expect(await warningsOf(namespaced('secrets'), { type: 'kubernetes.io/tls', stringData })).toEqual(texts);
  });
});
