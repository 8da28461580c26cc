// Tar archives of plain files, as `kubectl cp` exchanges them with a container (ustar; long names by prefix).

export interface TarEntry {
  name: string;
  content: Uint8Array;
}

const block = 512;
const encoder = new TextEncoder();

function header(name: string, size: number, seconds: number): Uint8Array {
  const bytes = new Uint8Array(block);
  let prefix = '';
  let short = name;
  if (encoder.encode(name).length > 100) {
    const cut = name.lastIndexOf('/', 154);
    prefix = name.slice(0, cut);
    short = name.slice(cut + 1);
  }
  const put = (text: string, at: number) => bytes.set(encoder.encode(text), at);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  put(short, 0);
  put(octal(0o644, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size, 12), 124);
  put(octal(seconds, 12), 136);
  put('        ', 148);
  put('0', 156);
  put('ustar\u000000', 257);
  put(prefix, 345);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

/** An archive of `entries`; `now` (milliseconds) is their time. */
export function packTar(entries: TarEntry[], now: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, content } of entries) {
    parts.push(
      header(name, content.length, Math.floor(now / 1000)),
      content,
      new Uint8Array((block - (content.length % block)) % block),
    );
  }
  parts.push(new Uint8Array(block * 2));
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The plain files of an archive; folders, links and devices are left out. */
export function unpackTar(bytes: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  const decoder = new TextDecoder();
  const text = (at: number, length: number) => decoder.decode(bytes.subarray(at, at + length)).replace(/\0.*$/s, '');
  let longName = '';
  for (let at = 0; at + block <= bytes.length; ) {
    if (bytes[at] === 0) break;
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const type = text(at + 156, 1);
    const prefix = text(at + 257, 5) === 'ustar' && text(at + 263, 2) === '00' ? text(at + 345, 155) : '';
    const content = bytes.slice(at + block, at + block + size);
    if (type === 'L') longName = decoder.decode(content).replace(/\0.*$/s, '');
    else {
      if (type === '' || type === '0')
        entries.push({ name: longName || (prefix ? `${prefix}/${text(at, 100)}` : text(at, 100)), content });
      longName = '';
    }
    at += block + Math.ceil(size / block) * block;
  }
  return entries;
}
