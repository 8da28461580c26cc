// Signing requests, whole: made, approved, signed by the controller manager, and the certificate lets its owner in over TLS.

import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { plainCluster } from './plain-cluster.ts';

let cluster: Headless;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

beforeAll(async () => {
  cluster = await startHeadless({ ...plainCluster, hollowNodes: 0 });
}, 60_000);
afterAll(() => cluster?.stop());

interface Identity {
  cert?: string;
  key?: string;
  headers?: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
function call(method: string, to: string, body?: object, identity?: Identity): Promise<{ code: number; body: any }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = identity ? {} : { authorization: `Bearer ${cluster.adminToken}` };
    if (body) headers['content-type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const out = httpsRequest(
      {
        host: '127.0.0.1',
        port: cluster.port,
        ca: cluster.caBundle,
        method,
        path: to,
        agent: false,
        ...identity,
        headers: { ...headers, ...identity?.headers },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) }));
      },
    );
    out.on('error', reject);
    out.end(body && JSON.stringify(body));
  });
}

async function makeRequest(subject: string, names: { type: 'dns' | 'ip'; value: string }[] = []) {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as unknown as CryptoKeyPair;
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as unknown as webcrypto.CryptoKey);
  const key = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(der).toString('base64')}\n-----END PRIVATE KEY-----\n`;
  return { key, pem: csr.toString('pem') };
}

/** Makes a request, approves it, and waits for a certificate or a refusal. */
async function signed(name: string, signerName: string, pem: string, usages: string[], more = {}) {
  const spec = { request: btoa(pem), signerName, usages, ...more };
  const made = await call('POST', path, { metadata: { name }, spec });
  expect(made.code, JSON.stringify(made.body)).toBe(201);
  const condition = { type: 'Approved', status: 'True', reason: 'Test', message: 'it may' };
  await call('PATCH', `${path}/${name}/approval`, { status: { conditions: [condition] } });
  for (let i = 0; i < 200; i++) {
    const { body } = await call('GET', `${path}/${name}`);
    const failed = body.status.conditions?.find(({ type }: { type: string }) => type === 'Failed');
    if (body.status.certificate || failed)
      return { certificate: body.status.certificate && atob(body.status.certificate), failed };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} was neither signed nor refused`);
}

describe('the signers', () => {
  test('kube-apiserver-client: its certificate is an identity', async () => {
    const { key, pem } = await makeRequest('CN=jane,O=developers');
    const { certificate } = await signed('jane', 'kubernetes.io/kube-apiserver-client', pem, ['client auth'], {
      expirationSeconds: 3600,
    });
    const read = new X509Certificate(certificate);
    expect(read.subject).toContain('CN=jane');
    const lifetime = Date.parse(read.validTo) - Date.parse(read.validFrom);
    expect(lifetime).toBeLessThanOrEqual(3600_000 + 301_000);
    const who = await call(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      { cert: certificate, key },
    );
    expect(who.body.status.userInfo).toMatchObject({
      username: 'jane',
      groups: expect.arrayContaining(['developers', 'system:authenticated']),
    });
    expect(who.body.status.userInfo.extra).toEqual({
      'authentication.kubernetes.io/credential-id': [
        `X509SHA256=${read.fingerprint256.replaceAll(':', '').toLowerCase()}`,
      ],
    });
    const refused = await call('GET', '/api/v1/nodes', undefined, { cert: certificate, key });
    expect(refused.code).toBe(403);
    const both = { cert: certificate, key, headers: { authorization: `Bearer ${cluster.adminToken}` } };
    expect((await call('GET', '/api/v1/nodes', undefined, both)).body.message).toContain('User "jane" cannot list');
  });

  test('a certificate that nobody here signed proves nothing: worse than none, unless there is a token too', async () => {
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as unknown as CryptoKeyPair;
    const own = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=evil,O=system\\:masters',
      keys,
      signingAlgorithm: algorithm,
    });
    const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as unknown as webcrypto.CryptoKey);
    const key = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(der).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const identity = { cert: own.toString('pem'), key };
    expect((await call('GET', '/api/v1/nodes', undefined, identity)).body).toMatchObject({
      code: 401,
      message: 'Unauthorized',
    });
    const headers = { authorization: `Bearer ${cluster.adminToken}` };
    expect((await call('GET', '/api/v1/nodes', undefined, { ...identity, headers })).code).toBe(200);
  });

  test('kubelet-serving: a node, with addresses, for a server', async () => {
    const signer = 'kubernetes.io/kubelet-serving';
    const usages = ['digital signature', 'server auth'];
    const good = await makeRequest('CN=system:node:node-1,O=system:nodes', [{ type: 'ip', value: '172.18.0.2' }]);
    const { certificate } = await signed('serving', signer, good.pem, usages);
    expect(new X509Certificate(certificate).subjectAltName).toContain('172.18.0.2');
    const bare = await makeRequest('CN=system:node:node-1,O=system:nodes');
    expect((await signed('bare', signer, bare.pem, usages)).failed).toMatchObject({
      reason: 'SignerValidationFailure',
      message: 'DNS or IP subjectAltName is required',
    });
    const stranger = await makeRequest('CN=jane,O=system:nodes', [{ type: 'dns', value: 'a' }]);
    expect((await signed('stranger', signer, stranger.pem, usages)).failed.message).toContain('common name');
  });

  test('kube-apiserver-client-kubelet: nodes only, with the usages of a client', async () => {
    const signer = 'kubernetes.io/kube-apiserver-client-kubelet';
    const { pem } = await makeRequest('CN=system:node:node-9,O=system:nodes');
    expect((await signed('kubelet', signer, pem, ['digital signature', 'client auth'])).certificate).toContain('BEGIN');
    expect((await signed('kubelet2', signer, pem, ['digital signature', 'server auth'])).failed).toBeTruthy();
  });
});
