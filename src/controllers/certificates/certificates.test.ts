import { describe, expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import type { Draft } from '../../client/index.ts';
import { ControllerCluster } from '../testing/controller-cluster.ts';
import { outdated } from './csr-cleaner-controller.ts';
import { expiryOf } from './expiry.ts';
import { has, requests } from './requests.ts';
import type { CertificateSigner, RequestedCertificate } from './signer-policy.ts';

const pem = (kind: string, body: string) => `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----\n`;
// Self-signed, made for these tests: to 2036 (UTCTime) and to 2126 (GeneralizedTime).
const until2036 = pem(
  'CERTIFICATE',
  'MIIBWjCCAQCgAwIBAgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF4MB4XDTI2MTEyMTA5MDcxM1oXDTM2MTExODA5MDcxM1owDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJlcpnfeVOBOguKtOHTBv5mbtTPrkiDbcp6gEA+fIFObZGBkpkZj4iFHdE8e+r3FbwHHMZJrljJRRrGAGv9auLyjUzBRMB0GA1UdDgQWBBSoLHWxPu717OYQb8Wa35ohzF0gfDAfBgNVHSMEGDAWgBSoLHWxPu717OYQb8Wa35ohzF0gfDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCKmOkVTN0NBSWZ3u1WUhgS5tK0cvAToKXCsPqHz1DUpAIgF/1B8oyOpnfTZewNNiBzJP+Lj/SbY5CH6XiXMhMBtZc=',
);
const until2126 = pem(
  'CERTIFICATE',
  'MIIBXTCCAQKgAwIBAgIBAjAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF4MCAXDTI2MTEyMTA5MDcxM1oYDzIxMjYxMDI4MDkwNzEzWjAMMQowCAYDVQQDDAF4MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVKvIjN4MZZ3cirIyPPeK9Bm7KLlhZtXxjMOIqmdickhplienYXiCmS2+4RHo5iMgFVWADtg1WjjlKykLIpbImKNTMFEwHQYDVR0OBBYEFO1ERvaVXgSkBdjirNCgS6kk4gWgMB8GA1UdIwQYMBaAFO1ERvaVXgSkBdjirNCgS6kk4gWgMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAK52b1sKc/IiRyqaoi4gTWqAD1/BVlc9cGfNfpfbPjHbAiEAyWg/LFpKbGizhDYK6yrBO1P6exssNwKqjnTE8/8KnsY=',
);

/** A DER sequence, as any request is, with JSON in it. */
const sequence = (json: string) => String.fromCharCode(0x30, 0x82, json.length >> 8, json.length & 0xff) + json;

/** Reads requests whose body is such a sequence, and signs with a certificate made before. */
const signer: CertificateSigner = {
  async read(text) {
    const body = /-----\n([^-]+)\n-----/.exec(text)?.[1] ?? '';
    const nobody = { organizations: [], dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [] };
    return { ...nobody, ...(JSON.parse(atob(body).slice(4)) as { commonName: string }) };
  },
  sign: async () => until2036,
};

const start = () =>
  ControllerCluster.served({
    controllers: [
      'certificatesigningrequest-approving-controller',
      'certificatesigningrequest-cleaner-controller',
      'certificatesigningrequest-signing-controller',
    ],
    certificateSigner: signer,
    pods: false,
  });

const kubelet = 'kubernetes.io/kube-apiserver-client-kubelet';
const node: Partial<RequestedCertificate> = { commonName: 'system:node:n', organizations: ['system:nodes'] };
const draft = (
  name: string,
  certificate: Partial<RequestedCertificate>,
  spec: object = {},
): Draft<CertificateSigningRequest> => ({
  metadata: { name },
  spec: {
    request: btoa(pem('CERTIFICATE REQUEST', btoa(sequence(JSON.stringify(certificate))))),
    signerName: kubelet,
    usages: ['digital signature', 'client auth'],
    ...spec,
  },
});

/** Creates as somebody else. */
const createAs = (
  cluster: ControllerCluster,
  user: string,
  groups: string[],
  object: Draft<CertificateSigningRequest>,
) => {
  const impersonated = cluster.simulation
    .env(user)
    .network.fetch(`${cluster.server}/apis/certificates.k8s.io/v1/certificatesigningrequests`, {
      method: 'POST',
      headers: [
        ['authorization', 'Bearer admin-token'],
        ['content-type', 'application/json'],
        ['impersonate-user', user],
        ...groups.map((group): [string, string] => ['impersonate-group', group]),
      ],
      body: JSON.stringify({ ...object, apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' }),
    });
  return cluster.do(impersonated).then((response) => expect(response.status).toBe(201));
};

/** Lets `group` create certificatesigningrequests and one of the subresources that stand for a right. */
async function permit(cluster: ControllerCluster, group: string, role: string) {
  const rbac = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  const body = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `${group}-${role}`.replaceAll(':', '-') },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
  };
  await cluster.do(cluster.client.request('POST', rbac, { body }));
  await cluster.run(500);
}

const certificates = 'system:certificates.k8s.io:certificatesigningrequests';

describe('the approver', () => {
  test('approves what a node asks for itself, if nodes may, and the certificate follows', async () => {
    const cluster = await start();
    await permit(cluster, 'bootstrappers', 'system:node-bootstrapper');
    await permit(cluster, 'bootstrappers', `${certificates}:selfnodeclient`);
    await createAs(cluster, 'system:node:n', ['bootstrappers'], draft('self', node));
    await createAs(cluster, 'system:node:other', ['bootstrappers'], draft('other', node));
    await cluster.run(2000);
    const self = await cluster.get(requests, 'self');
    expect(self.status?.conditions).toMatchObject([
      {
        type: 'Approved',
        reason: 'AutoApproved',
        message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
      },
    ]);
    expect(self.status?.certificate).toBe(btoa(until2036));
    expect((await cluster.get(requests, 'other')).status?.conditions).toBeUndefined();
    expect(cluster.errors).toEqual([]);
  });

  test('approves for others who may ask for a node, and takes up those that were not allowed before', async () => {
    const cluster = await start();
    await permit(cluster, 'bootstrappers', 'system:node-bootstrapper');
    await createAs(cluster, 'joiner', ['bootstrappers'], draft('join', node));
    await cluster.run(2000);
    expect(has(await cluster.get(requests, 'join'), 'Approved')).toBe(false);
    await permit(cluster, 'bootstrappers', `${certificates}:nodeclient`);
    await cluster.run(30_000);
    expect((await cluster.get(requests, 'join')).status?.conditions?.[0]?.message).toBe(
      'Auto approving kubelet client certificate after SubjectAccessReview.',
    );
  });

  test('leaves alone what is no client certificate of a node', async () => {
    const cluster = await start();
    const others = {
      serving: draft('serving', node, { signerName: 'kubernetes.io/kubelet-serving' }),
      jane: draft('jane', { commonName: 'jane', organizations: ['system:nodes'] }),
      root: draft('root', { commonName: 'system:node:n', organizations: ['system:nodes', 'system:masters'] }),
      server: draft('server', node, { usages: ['digital signature', 'server auth'] }),
      named: draft('named', { ...node, dnsNames: ['n'] }),
    };
    for (const object of Object.values(others)) await cluster.do(cluster.client.create(requests, object));
    await cluster.run(2000);
    for (const name of Object.keys(others))
      expect((await cluster.get(requests, name)).status?.conditions, name).toBeUndefined();
  });
});

describe('the cleaner', () => {
  const now = Date.parse('2030-01-01T12:00:00Z');
  const request = (age: number, status: object) =>
    ({
      metadata: { name: 'r', creationTimestamp: new Date(now - age * 60_000).toISOString() },
      status,
    }) as unknown as CertificateSigningRequest;
  const decided = (type: string, minutes: number) => ({
    conditions: [{ type, status: 'True', lastUpdateTime: new Date(now - minutes * 60_000).toISOString() }],
  });

  test.each([
    ['pending for a day', request(24 * 60, {}), undefined],
    ['pending for longer', request(24 * 60 + 1, {}), 'nobody has decided on it'],
    ['denied an hour ago', request(99, decided('Denied', 60)), undefined],
    ['denied before that', request(99, decided('Denied', 61)), 'it was denied long ago'],
    ['failed before that', request(99, decided('Failed', 61)), 'it failed long ago'],
    ['approved and not signed', request(9999, decided('Approved', 9999)), undefined],
    ['signed lately', request(9999, { ...decided('Approved', 9), certificate: btoa(until2036) }), undefined],
    [
      'signed before that',
      request(9999, { ...decided('Approved', 61), certificate: btoa(until2036) }),
      'it was approved long ago',
    ],
  ])('a request %s', (_, object, why) => expect(outdated(object, now)).toBe(why));

  test('knows when a certificate ends', () => {
    expect(new Date(expiryOf(until2036)).toISOString()).toBe('2036-11-18T09:07:13.000Z');
    expect(new Date(expiryOf(until2126)).toISOString()).toBe('2126-10-28T09:07:13.000Z');
    const late = Date.parse('2036-11-18T09:08:00Z');
    const conditions = [{ type: 'Approved', status: 'True', lastUpdateTime: '2036-11-18T09:07:00Z' }];
    const signed = { metadata: { name: 'r' }, status: { conditions, certificate: btoa(until2036) } };
    expect(outdated(signed as unknown as CertificateSigningRequest, late)).toBe('its certificate is expired');
    expect(() => expiryOf('nonsense')).toThrow('to be PEM encoded');
    for (const length of [1, 40, 100])
      expect(() => expiryOf(pem('CERTIFICATE', btoa('\x30\x82\x01\x5a'.repeat(length))))).toThrow('malformed');
  });

  test('deletes within an hour what is outdated, and nothing else', async () => {
    const cluster = await start();
    await cluster.do(
      cluster.client.create(requests, draft('stale', { commonName: 'jane' }, { usages: ['client auth'] })),
    );
    await cluster.run(12 * 3_600_000);
    await cluster.do(
      cluster.client.create(requests, draft('young', { commonName: 'jane' }, { usages: ['client auth'] })),
    );
    await cluster.run(13.5 * 3_600_000);
    expect((await cluster.list(requests)).map(({ metadata }) => metadata.name)).toEqual(['young']);
    expect(cluster.errors).toEqual([]);
  });
});
