import { beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Harness, startHarness } from '../testing/harness.ts';

let api: Harness;
const namespace = '/api/v1/namespaces/default';
const merge = { 'content-type': 'application/merge-patch+json' };
const admin = async (method: string, path: string, body: object) => {
  const answer = await api.call(method, path, body, method === 'PATCH' ? merge : {});
  expect([answer.code < 300, answer.body.message]).toEqual([true, undefined]);
  return answer.body;
};
/** As the kubelet of node n1. */
const kubelet = (method: string, path: string, body?: object, headers = {}): Promise<Answer> =>
  api.call(method, path, body, { authorization: 'Bearer n1', ...headers });
const refusal = async (...call: Parameters<typeof kubelet>) => {
  const { code, body } = await kubelet(...call);
  return code === 403 ? body.message.replace(/^.*? is forbidden: /, '') : code;
};

beforeAll(async () => {
  api = await startHarness({
    tokens: [
      { token: 'admin-token', user: 'kubernetes-admin', groups: ['system:masters'] },
      { token: 'n1', user: 'system:node:n1', groups: ['system:nodes'] },
    ],
  });
  for (const name of ['used', 'unused', 'pull', 'disk']) {
    await admin('POST', `${namespace}/secrets`, { metadata: { name } });
    await admin('POST', `${namespace}/configmaps`, { metadata: { name } });
  }
  for (const name of ['mine', 'theirs'])
    await admin('POST', '/api/v1/persistentvolumes', {
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        claimRef: { namespace: 'default', name: name === 'mine' ? 'data' : 'other' },
        csi: {
          driver: 'd.example.com',
          volumeHandle: name,
          nodePublishSecretRef: { namespace: 'default', name: name === 'mine' ? 'disk' : 'unused' },
        },
      },
    });
  const pod = (name: string, nodeName: string, more: object) =>
    admin('POST', `${namespace}/pods`, {
      metadata: { name },
      spec: { nodeName, containers: [{ name: 'c', image: 'i' }], ...more },
    });
  await pod('here', 'n1', {
    imagePullSecrets: [{ name: 'pull' }],
    containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'used' } }] }],
    volumes: [
      { name: 's', secret: { secretName: 'used' } },
      { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
    ],
  });
  await pod('there', 'n2', { volumes: [{ name: 's', secret: { secretName: 'unused' } }] });
});

describe('the node authorizer', () => {
  const strange = "no relationship found between node 'n1' and this object";
  test.each([
    [`${namespace}/secrets/used`, 200],
    [`${namespace}/secrets/pull`, 200],
    [`${namespace}/secrets/disk`, 200],
    [`${namespace}/secrets/unused`, strange],
    [`${namespace}/secrets?fieldSelector=metadata.name=used`, 200],
    [`${namespace}/secrets`, 'No Object name found'],
    [`${namespace}/configmaps/used`, 200],
    [`${namespace}/configmaps/unused`, strange],
    ['/api/v1/persistentvolumes/mine', 200],
    ['/api/v1/persistentvolumes/theirs', strange],
    [`${namespace}/persistentvolumeclaims/data`, 404],
    [`${namespace}/persistentvolumeclaims/other`, strange],
    [`${namespace}/pods/here`, 200],
    [`${namespace}/pods/there`, strange],
    ['/api/v1/pods?fieldSelector=spec.nodeName=n1', 200],
    ['/api/v1/pods?fieldSelector=spec.nodeName=n2', 'can only list/watch pods with spec.nodeName field selector'],
    ['/api/v1/pods', 'can only list/watch pods with spec.nodeName field selector'],
    ['/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1', 404],
    [
      '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2',
      'can only access node lease with the same name as the requesting node',
    ],
    [
      '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/n1',
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    ['/apis/storage.k8s.io/v1/csinodes/n2', 'can only access CSINode with the same name as the requesting node'],
    ['/api/v1/services', 200],
    ['/apis/apps/v1/deployments', ''],
  ])('%s: %s', async (path, expected) => {
    const { code, body } = await kubelet('GET', path);
    if (typeof expected === 'number')
      expect([code, body.message]).toEqual([expected, code === 200 ? undefined : body.message]);
    else
      expect([code, body.message]).toEqual([
        403,
        expect.stringMatching(expected === '' ? / at the cluster scope$/ : `: ${expected.replaceAll('/', '\\/')}$`),
      ]);
  });

  test('what a pod uses is its node’s only as long as the pod is there', async () => {
    await admin('POST', `${namespace}/secrets`, { metadata: { name: 'brief' } });
    const path = `${namespace}/secrets/brief`;
    expect((await kubelet('GET', path)).code).toBe(403);
    await admin('POST', `${namespace}/pods`, {
      metadata: { name: 'brief' },
      spec: {
        nodeName: 'n1',
        containers: [
          { name: 'c', image: 'i', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'brief', key: 'k' } } }] },
        ],
      },
    });
    expect((await kubelet('GET', path)).code).toBe(200);
    await admin('DELETE', `${namespace}/pods/brief?gracePeriodSeconds=0`, {});
    await api.call('DELETE', `${namespace}/pods/brief?gracePeriodSeconds=0`);
    expect((await kubelet('GET', path)).code).toBe(403);
  });
});

describe('NodeRestriction', () => {
  const node = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels } });

  test('a kubelet makes its own Node, with what it may say of itself', async () => {
    expect(await refusal('POST', '/api/v1/nodes', node('n2'))).toBe('node "n1" is not allowed to modify node "n2"');
    const wrong = {
      'node-role.kubernetes.io/control-plane': '',
      'x.node-restriction.kubernetes.io/safe': 'yes',
      disk: 'ssd',
    };
    expect(await refusal('POST', '/api/v1/nodes', node('n1', wrong))).toBe(
      'node "n1" is not allowed to set the following labels: node-role.kubernetes.io/control-plane, x.node-restriction.kubernetes.io/safe',
    );
    const right = {
      'kubernetes.io/hostname': 'n1',
      'topology.kubernetes.io/zone': 'z',
      'kubelet.kubernetes.io/x': '1',
      disk: 'ssd',
    };
    expect((await kubelet('POST', '/api/v1/nodes', node('n1', right))).code).toBe(201);
  });

  test('and keeps it, without what keeps pods away or others out', async () => {
    const patch = (body: object, where = '') => refusal('PATCH', `/api/v1/nodes/n1${where}`, body, merge);
    await admin('PATCH', '/api/v1/nodes/n1', { metadata: { labels: { 'node-role.kubernetes.io/edge': '' } } });
    expect(await patch({ spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })).toBe(
      'node "n1" is not allowed to modify taints',
    );
    expect(await patch({ metadata: { labels: { 'node-role.kubernetes.io/edge': null } } })).toBe(
      'node "n1" is not allowed to modify labels: node-role.kubernetes.io/edge',
    );
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }];
    expect(await patch({ metadata: { ownerReferences } })).toBe('node "n1" is not allowed to modify ownerReferences');
    expect(await patch({ metadata: { labels: { disk: 'hdd' } } })).toBe(200);
    expect(await patch({ status: { conditions: [] } }, '/status')).toBe(200);
    expect(await refusal('PATCH', '/api/v1/nodes/n2/status', { status: {} }, merge)).toContain('cannot patch node');
  });

  test('it makes mirror pods only, which use nothing of the API', async () => {
    const mirror = (spec: object, metadata: object = {}) =>
      refusal('POST', `${namespace}/pods`, {
        metadata: { name: 'mirror', annotations: { 'kubernetes.io/config.mirror': 'hash' }, ...metadata },
        spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], ...spec },
      });
    expect(await mirror({}, { annotations: {} })).toBe(
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    );
    expect(await mirror({ nodeName: 'n2' })).toBe('node "n1" can only create pods with spec.nodeName set to itself');
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n2', uid: 'u' };
    expect(await mirror({}, { ownerReferences: [owner] })).toBe(
      'node "n1" can only create pods with an owner reference set to itself',
    );
    const uses = (volume: object) => mirror({ volumes: [{ name: 'v', ...volume }] });
    expect(await uses({ secret: { secretName: 's' } })).toBe('a mirror pod may not reference secrets');
    expect(await uses({ configMap: { name: 's' } })).toBe('node "n1" can not create pods that reference configmaps');
    expect(await uses({ persistentVolumeClaim: { claimName: 's' } })).toBe(
      'node "n1" can not create pods that reference persistentvolumeclaims',
    );
    expect(await mirror({}, { ownerReferences: [{ ...owner, name: 'n1' }] })).toBe(201);
  });

  test('it writes the status of its own pods, and deletes them', async () => {
    const status = { status: { phase: 'Running' } };
    expect(await refusal('PATCH', `${namespace}/pods/there/status`, status, merge)).toBe(
      'node "n1" can only update status for pods with spec.nodeName set to itself',
    );
    expect(await refusal('DELETE', `${namespace}/pods/there`)).toBe(
      'node "n1" can only delete pods with spec.nodeName set to itself',
    );
    expect(await refusal('PATCH', `${namespace}/pods/here/status`, status, merge)).toBe(200);
    expect(await refusal('PATCH', `${namespace}/pods/here/status`, { metadata: { labels: { a: 'b' } } }, merge)).toBe(
      'node "n1" cannot update labels through pod status',
    );
  });

  test('it has one lease, one CSINode, and slices of its own devices', async () => {
    const leases = (space: string) => `/apis/coordination.k8s.io/v1/namespaces/${space}/leases`;
    const named = (name: string, spec: object) => ({ metadata: { name }, spec });
    expect(await refusal('POST', leases('kube-node-lease'), named('n2', {}))).toBe(
      'can only access node lease with the same name as the requesting node',
    );
    expect(await refusal('POST', leases('kube-node-lease'), named('n1', {}))).toBe(201);
    const csi = '/apis/storage.k8s.io/v1/csinodes';
    expect(await refusal('POST', csi, named('n2', { drivers: [] }))).toBe(
      'can only access CSINode with the same name as the requesting node',
    );
    const slice = (nodeName: string) =>
      named('s', { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName });
    const slices = '/apis/resource.k8s.io/v1/resourceslices';
    expect(await refusal('POST', slices, slice('n2'))).toBe(
      'can only create ResourceSlice with the same NodeName as the requesting node',
    );
    expect(await refusal('POST', slices, slice('n1'))).toBe(201);
  });
});
