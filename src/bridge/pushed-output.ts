// Answers that a source pushes, on their way to a socket.
//
// Invariant: a piece that several answers get is framed as a chunk (RFC 9112, 7.1) once, for all of them.

import type { Writable } from 'node:stream';
import type { PushSource } from '../apiserver/server/push.ts';

/** Sends what `source` gives as the body of `out`, whose head is written; no faster than the socket takes it. With `chunked` in chunks, the last one included. */
export function sendPushed(source: PushSource, out: Writable, chunked: boolean): void {
  out.on('drain', () => source.resume());
  out.on('close', () => source.cancel());
  source.start({
    write: (piece) => out.write(chunked ? chunkOf(piece) : piece),
    end: () => out.end(chunked ? lastChunk : undefined),
  });
}

const chunks = new WeakMap<Uint8Array, Buffer>();
const lineEnd = Buffer.from('\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

function chunkOf(piece: Uint8Array): Buffer {
  let chunk = chunks.get(piece);
  if (!chunk) {
    chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, lineEnd]);
    chunks.set(piece, chunk);
  }
  return chunk;
}
