// SPDY/3 header blocks: pairs of length-prefixed names and values inside one zlib stream a direction, flushed after each block.
//
// Invariants: blocks are decoded in the order in which they came, since each may refer to the bytes of those before; names are lower case; a block that
// unpacks to more than `limit` bytes is refused, not unpacked.

import { constants, createInflate } from 'node:zlib';
import { dictionaryAdler32, headerDictionary } from './dictionary.ts';

/** Lower-case names; several values of one name are joined with ", ". */
export type SpdyHeaders = ReadonlyMap<string, string>;

const limit = 64 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The headers that a client sends, block after block. */
export class HeaderDecoder {
  readonly #inflate = createInflate({ dictionary: headerDictionary, flush: constants.Z_SYNC_FLUSH });
  #unpacked: Buffer[] = [];
  #size = 0;
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#size += chunk.length;
      if (this.#size > limit) this.#fail(new TypeError('a header block is too large'));
      else this.#unpacked.push(chunk);
    });
    this.#inflate.on('error', (error) => this.#fail(error));
  }

  /** Not to be called again before it has resolved. Rejects with a TypeError or zlib's error when the block is malformed: the decoder is then of no more use. */
  async decode(block: Uint8Array): Promise<SpdyHeaders> {
    this.#unpacked = [];
    this.#size = 0;
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      this.#inflate.write(block, (error) => {
        while (this.#inflate.read() !== null);
        if (error) reject(error);
        else resolve();
      });
    });
    return parse(Buffer.concat(this.#unpacked));
  }

  close(): void {
    this.#inflate.destroy();
  }
}

function parse(bytes: Uint8Array): SpdyHeaders {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const number = () => {
    if (at + 4 > bytes.length) throw new TypeError('a header block ends early');
    at += 4;
    return view.getUint32(at - 4);
  };
  const text = () => {
    const length = number();
    if (length > bytes.length - at) throw new TypeError('a header block ends early');
    at += length;
    return decoder.decode(bytes.subarray(at - length, at));
  };
  const headers = new Map<string, string>();
  for (let left = number(); left > 0; left--) {
    const name = text();
    if (name === '' || name !== name.toLowerCase() || headers.has(name))
      throw new TypeError(`malformed header name ${JSON.stringify(name)}`);
    headers.set(name, text().split('\0').join(', '));
  }
  return headers;
}

/** Header blocks for a client. They are stored, not compressed: the replies of a stream server are empty but for their count. */
export class HeaderEncoder {
  #begun = false;

  /** Throws a RangeError when the headers need more than 65,535 bytes. */
  encode(headers: SpdyHeaders): Uint8Array {
    const words = (value: string) => {
      const bytes = encoder.encode(value);
      return [uint32(bytes.length), bytes];
    };
    const content = [
      uint32(headers.size),
      ...[...headers].flatMap(([name, value]) => [...words(name), ...words(value)]),
    ];
    const length = content.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (length > 0xffff) throw new RangeError('too many headers');
    // a stored deflate block: its three header bits fill a byte, since the block before ended on one
    const stored = Uint8Array.of(0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255);
    // an empty block says that what came is to be handed on: Go's zlib waits for it
    const flush = Uint8Array.of(0, 0, 0, 0xff, 0xff);
    // the zlib stream begins with its method, the flag of a preset dictionary, and which
    const head = this.#begun ? [] : [Uint8Array.of(0x78, 0x20), uint32(dictionaryAdler32)];
    this.#begun = true;
    return Buffer.concat([...head, stored, ...content, flush]);
  }
}

export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
