// What is said of a TLS Secret whose certificate or key cannot be read (pkg/registry/core/secret: warningsForSecret; Go's tls.X509KeyPair).
//
// Whether the key belongs to the certificate is not looked at.

import type { Secret } from '../../api/generated/types.ts';
import type { KubeObject } from '../object.ts';

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/** Kinds of the PEM blocks in base64 text. */
const kindsOf = (base64 = ''): string[] => [...atob(base64).matchAll(block)].map(([, kind = '']) => kind);

const isKey = (kind: string) => kind === 'PRIVATE KEY' || kind.endsWith(' PRIVATE KEY');

export function secretWarnings(object: KubeObject): string[] {
  const { type, data } = object as unknown as Secret;
  if (type !== 'kubernetes.io/tls') return [];
  const certificates = kindsOf(data?.['tls.crt']);
  if (!certificates.includes('CERTIFICATE')) {
    if (certificates.length === 0) return ['tls: failed to find any PEM data in certificate input'];
    const [first = ''] = certificates;
    return certificates.length === 1 && isKey(first)
      ? [
          'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
        ]
      : [
          `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${certificates.join(' ')}]`,
        ];
  }
  const keys = kindsOf(data?.['tls.key']);
  if (keys.some(isKey)) return [];
  if (keys.length === 0) return ['tls: failed to find any PEM data in key input'];
  return keys.length === 1 && keys[0] === 'CERTIFICATE'
    ? ['tls: found a certificate rather than a key in the PEM for the private key']
    : [
        `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${keys.join(' ')}]`,
      ];
}
