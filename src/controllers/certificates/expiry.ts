// When a certificate ends: notAfter, out of its DER (RFC 5280, 4.1).

import { type DerElement, derChildren, derElement, pemBytes } from '../../api/der.ts';

const broken = () => new Error('unable to parse certificate data: malformed certificate');

/** "260101000000Z" (UTCTime: years 1950 to 2049) or "20260101000000Z" (GeneralizedTime), in ms. */
function readTime(bytes: Uint8Array, { tag, start, end }: DerElement): number {
  let text = new TextDecoder().decode(bytes.subarray(start, end));
  if (tag === 0x17) text = `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) throw broken();
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** When the first certificate in a PEM text ends (cluster ms). Throws an Error. */
export function expiryOf(pem: string): number {
  const bytes = pemBytes(pem, 'CERTIFICATE');
  if (!bytes) throw new Error('expected the certificate associated with the CSR to be PEM encoded');
  let notAfter: DerElement | undefined;
  try {
    const [body] = derChildren(bytes, derElement(bytes, 0));
    // version [0] (optional), serialNumber, signature, issuer, validity
    const fields = body ? derChildren(bytes, body) : [];
    const validity = fields[fields[0]?.tag === 0xa0 ? 4 : 3];
    notAfter = validity && derChildren(bytes, validity)[1];
  } catch {
    throw broken();
  }
  if (!notAfter) throw broken();
  return readTime(bytes, notAfter);
}
