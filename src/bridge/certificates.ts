// A certificate authority for one cluster, and what it signs: the server's certificate, client certificates, signing requests.
//
// Keys are ECDSA P-256 (fast to make). Nothing here reads a clock: validity is given.

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateSigner, RequestedCertificate } from '../controllers/certificates/signer-policy.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const year = 365 * 86_400_000;
x509.cryptoProvider.set(webcrypto as unknown as Crypto);

export interface KeyPairPem {
  certificate: string;
  key: string;
}

export interface Authority extends KeyPairPem {
  /** A certificate for a server that answers at these names and addresses. */
  issueServer(names: string[], addresses: string[]): Promise<KeyPairPem>;
  /** A certificate for a client: user name and groups. */
  issueClient(user: string, groups: string[]): Promise<KeyPairPem>;
  /** Signs the requests that the controller manager was asked to sign. */
  signer: CertificateSigner;
}

async function keyPem(keys: CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as webcrypto.CryptoKey);
  const base64 = Buffer.from(der).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}

const makeKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
const serial = () =>
  Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
    .toString('hex')
    .replace(/^./, '1');
const escapeName = (text: string) => text.replace(/[\\,+"<>;=#]/g, '\\$&');

function alternativeNames(csr: x509.Pkcs10CertificateRequest): x509.SubjectAlternativeNameExtension | undefined {
  const found = csr.getExtension('2.5.29.17');
  return found ? new x509.SubjectAlternativeNameExtension(found.rawData) : undefined;
}

function requested(csr: x509.Pkcs10CertificateRequest): RequestedCertificate {
  const { subjectName } = csr;
  const names = alternativeNames(csr)?.names.items ?? [];
  const of = (type: string) => names.filter((name) => name.type === type).map(({ value }) => String(value));
  return {
    commonName: subjectName.getField('CN')[0] ?? '',
    organizations: subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

/** Makes an authority, or takes up one that was made before. `now` in milliseconds since the epoch. */
export async function openAuthority(now: number, saved?: KeyPairPem): Promise<Authority> {
  let keys: CryptoKeyPair;
  let ca: x509.X509Certificate;
  if (saved) {
    ca = new x509.X509Certificate(saved.certificate);
    const der = Buffer.from(saved.key.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const privateKey = (await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign'])) as CryptoKey;
    keys = { privateKey, publicKey: await ca.publicKey.export(algorithm, ['verify'], webcrypto as unknown as Crypto) };
  } else {
    keys = await makeKeys();
    ca = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: 'CN=kubernetes',
      notBefore: new Date(now - 3_600_000),
      notAfter: new Date(now + 10 * year),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
  }
  const issue = async (
    subject: string,
    publicKey: CryptoKey | x509.PublicKey,
    usages: string[],
    until: number,
    extra: x509.Extension[] = [],
    from = now,
  ) => {
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: ca.subject,
      // As upstream: clocks that are a little behind see it as valid too.
      notBefore: new Date(from - 300_000),
      notAfter: new Date(until),
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension(usages),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...extra,
      ],
    });
    return `${certificate.toString('pem')}\n`;
  };
  return {
    certificate: `${ca.toString('pem')}\n`,
    key: await keyPem(keys),
    async issueServer(names, addresses) {
      const own = await makeKeys();
      const alternatives = new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns' as const, value })),
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
      ]);
      const usages = [x509.ExtendedKeyUsage.serverAuth];
      const certificate = await issue('CN=kube-apiserver', own.publicKey, usages, now + year, [alternatives]);
      return { certificate, key: await keyPem(own) };
    },
    async issueClient(user, groups) {
      const own = await makeKeys();
      const subject = [...groups.map((group) => `O=${escapeName(group)}`), `CN=${escapeName(user)}`].join(',');
      const certificate = await issue(subject, own.publicKey, [x509.ExtendedKeyUsage.clientAuth], now + year);
      return { certificate, key: await keyPem(own) };
    },
    signer: {
      read: async (request) => requested(new x509.Pkcs10CertificateRequest(request)),
      async sign(request, usages, from, seconds) {
        const csr = new x509.Pkcs10CertificateRequest(request);
        if (!(await csr.verify())) throw new Error('the signature of the certificate request does not hold');
        const extended = usages.flatMap((usage) =>
          usage === 'client auth'
            ? [x509.ExtendedKeyUsage.clientAuth]
            : usage === 'server auth'
              ? [x509.ExtendedKeyUsage.serverAuth]
              : [],
        );
        const names = alternativeNames(csr);
        return issue(csr.subject, csr.publicKey, extended, from + seconds * 1000, names ? [names] : [], from);
      },
    },
  };
}
