// ASN.1's DER, as much as it takes to look into certificates and requests for them (X.690).

import { bytesOfBase64 } from '../env/base64.ts';

export interface DerElement {
  tag: number;
  /** Where the value begins and ends in the bytes. */
  start: number;
  end: number;
}

export class DerError extends Error {}

/** The bytes of the first PEM block of a label ("CERTIFICATE"), or undefined if there is none. Throws a DerError when it is not base64. */
export function pemBytes(pem: string, label: string): Uint8Array | undefined {
  const block = new RegExp(`-----BEGIN ${label}-----([\\s\\S]+?)-----END ${label}-----`).exec(pem)?.[1];
  if (block === undefined) return undefined;
  try {
    return bytesOfBase64(block.replace(/\s+/g, ''));
  } catch {
    throw new DerError('malformed PEM');
  }
}

/** The element of tag, length and value at `at`. Throws a DerError where the bytes end too early. */
export function derElement(bytes: Uint8Array, at: number): DerElement {
  const broken = () => new DerError('malformed DER');
  const tag = bytes[at];
  let length = bytes[at + 1];
  if (tag === undefined || length === undefined) throw broken();
  let start = at + 2;
  if (length >= 0x80) {
    const size = length & 0x7f;
    if (size === 0 || size > 4) throw broken();
    length = 0;
    for (const end = start + size; start < end; start++) length = length * 256 + (bytes[start] ?? Number.NaN);
  }
  if (!(start + length <= bytes.length)) throw broken();
  return { tag, start, end: start + length };
}

/** The elements within one (of a SEQUENCE or SET). Throws a DerError. */
export function derChildren(bytes: Uint8Array, { start, end }: DerElement): DerElement[] {
  const out: DerElement[] = [];
  for (let at = start; at < end; ) {
    const child = derElement(bytes, at);
    if (child.end > end) throw new DerError('malformed DER');
    out.push(child);
    at = child.end;
  }
  return out;
}
