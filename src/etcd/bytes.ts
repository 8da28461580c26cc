// Byte strings: how keys and values travel and rest inside the store. One character is one byte (code units 0-255), so comparing two of them with
// `<` is etcd's bytewise order, engines keep them at one byte a character, and ASCII text (nearly all of Kubernetes' JSON) is its own byte string.
//
// Invariant: nothing below the client and the JSON gateway holds anything but byte strings.

const asciiOnly = /^[\x00-\x7f]*$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const chunk = 0x2000;
/** Where longer texts are encoded to see whether that makes them longer: several times as fast as a pattern. */
const scratch = new Uint8Array(1 << 16);

function isAscii(text: string): boolean {
  if (text.length < 200 || text.length > scratch.length) return asciiOnly.test(text);
  const { read, written } = encoder.encodeInto(text, scratch);
  return read === text.length && written === text.length;
}

/** UTF-8 of texts, byte strings as a rule, end to end, after `offset` bytes left free. */
export function encodeParts(parts: readonly string[], offset = 0): Uint8Array<ArrayBuffer> {
  let characters = 0;
  for (const part of parts) characters += part.length;
  // all ASCII as a rule; else a character takes three bytes at most
  for (let width = 1; ; width += 2) {
    const bytes = encodeInto(parts, offset, offset + width * characters);
    if (bytes) return bytes;
  }
}

/** The same, or undefined if it takes more than `room` bytes. */
function encodeInto(parts: readonly string[], offset: number, room: number): Uint8Array<ArrayBuffer> | undefined {
  const buffer = new Uint8Array(room);
  let at = offset;
  for (const part of parts) {
    const { read, written } = encoder.encodeInto(part, buffer.subarray(at));
    if (read !== part.length) return undefined;
    at += written;
  }
  return at === room ? buffer : buffer.slice(0, at);
}

/** The same bytes in memory of their own: engines let a part of a text keep all of it. */
export function ownCopy(bytes: string): string {
  if (bytes.length <= scratch.length) {
    const { read, written } = encoder.encodeInto(bytes, scratch);
    if (read === bytes.length && written === read) return decoder.decode(scratch.subarray(0, written));
  }
  return fromUint8Array(toUint8Array(bytes));
}

/** The bytes as characters. */
export function fromUint8Array(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += chunk) out += String.fromCharCode(...bytes.subarray(i, i + chunk));
  return out;
}

/** The characters (each 0-255) as bytes. */
export function toUint8Array(text: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** UTF-8 bytes of a text, as a byte string. */
export function utf8ToBytes(text: string): string {
  return isAscii(text) ? text : fromUint8Array(encoder.encode(text));
}

/** The text whose UTF-8 bytes these are; malformed bytes become U+FFFD. */
export function bytesToUtf8(bytes: string): string {
  return isAscii(bytes) ? bytes : decoder.decode(toUint8Array(bytes));
}

/** Standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: string): string {
  return btoa(bytes);
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes of standard base64; undefined if it is not. Line breaks are passed over, as Go's decoder does. */
export function fromBase64(text: string): string | undefined {
  const compact = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text;
  if (compact.length % 4 !== 0 || !base64.test(compact)) return undefined;
  return atob(compact);
}

/** The end of the range of all keys that begin with `prefix`: '\0' (no end) when every byte is 255. */
export function prefixRangeEnd(prefix: string): string {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const code = prefix.charCodeAt(i);
    if (code < 0xff) return prefix.slice(0, i) + String.fromCharCode(code + 1);
  }
  return '\0';
}
