// When a certificate ends: as much of X.509's DER (RFC 5280, 4.1) as it takes to find notAfter.

interface Element {
  tag: number;
  start: number;
  end: number;
}

const broken = () => new Error('unable to parse certificate data: malformed certificate');

/** The element of tag, length and value at `at`. Throws an Error where the bytes end too early. */
function element(bytes: Uint8Array, at: number): Element {
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

/** "260101000000Z" (UTCTime: years 1950 to 2049) or "20260101000000Z" (GeneralizedTime), in ms. */
function readTime(bytes: Uint8Array, { tag, start, end }: Element): number {
  let text = new TextDecoder().decode(bytes.subarray(start, end));
  if (tag === 0x17) text = `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) throw broken();
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** When the first certificate in a PEM text ends (cluster ms). Throws an Error. */
export function expiryOf(pem: string): number {
  const block = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (!block) throw new Error('expected the certificate associated with the CSR to be PEM encoded');
  const bytes = Uint8Array.from(atob(block.replace(/\s+/g, '')), (c) => c.charCodeAt(0));
  // Certificate, its tbsCertificate, and in that: version [0] (optional), serialNumber, signature, issuer, validity.
  let at = element(bytes, element(bytes, 0).start).start;
  if (bytes[at] === 0xa0) at = element(bytes, at).end;
  for (let skipped = 0; skipped < 3; skipped++) at = element(bytes, at).end;
  const notBefore = element(bytes, element(bytes, at).start);
  return readTime(bytes, element(bytes, notBefore.end));
}
