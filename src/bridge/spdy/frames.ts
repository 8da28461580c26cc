// SPDY/3.1 frames on the wire: 8 bytes of head, then up to 2^24 - 1 bytes of payload (SPDY protocol draft 3.1, 2.2).
//
// Invariant: a frame is handed on once, whole, and in order, however its bytes were cut on the way.

import { uint32 } from './headers.ts';

const version = 3;
const largest = 0xffffff;

export const types = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** The flag of a frame that is its sender's last on the stream. */
export const fin = 1;

/** Why a stream is reset. */
export const resets = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const;

export interface ControlFrame {
  control: true;
  type: number;
  flags: number;
  payload: Uint8Array;
}

export interface DataFrame {
  control: false;
  id: number;
  flags: number;
  payload: Uint8Array;
}

function frame(first: number, flags: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, first);
  view.setUint32(4, flags * 2 ** 24 + payload.length);
  bytes.set(payload, 8);
  return bytes;
}

/** A control frame; its payload is given in parts: bytes, or numbers of 32 bits. */
export function controlFrame(type: number, flags: number, ...parts: (number | Uint8Array)[]): Uint8Array {
  const payload = Buffer.concat(parts.map((part) => (typeof part === 'number' ? uint32(part) : part)));
  return frame((0x8000 + version) * 2 ** 16 + type, flags, payload);
}

/** Data of a stream: several frames if it is larger than one may be. */
export function* dataFrames(id: number, payload: Uint8Array, flags = 0): Generator<Uint8Array> {
  for (let at = 0; at < payload.length || at === 0; at += largest) {
    const last = at + largest >= payload.length;
    yield frame(id, last ? flags : 0, payload.subarray(at, at + largest));
  }
}

/** Cuts bytes into frames. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** How many bytes the frame needs that has begun. */
  #needed = 8;

  /** The frames that are complete with this chunk. Throws a TypeError at a control frame of another version of SPDY. */
  *push(chunk: Uint8Array): Generator<ControlFrame | DataFrame> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#needed) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks);
      this.#chunks = [bytes];
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const end = 8 + (view.getUint32(4) & largest);
      this.#needed = end;
      if (this.#size < end) return;
      const rest = bytes.subarray(end);
      this.#chunks = [rest];
      this.#size = rest.length;
      this.#needed = 8;
      const first = view.getUint32(0);
      const flags = view.getUint8(4);
      const payload = bytes.subarray(8, end);
      if (first >>> 31 === 0) yield { control: false, id: first, flags, payload };
      else {
        if (((first >>> 16) & 0x7fff) !== version) throw new TypeError('not version 3 of SPDY');
        yield { control: true, type: first & 0xffff, flags, payload };
      }
    }
  }
}
