// Answers that a source pushes, on their way to a socket.

import type { Writable } from 'node:stream';
import type { PushSource } from '../apiserver/server/push.ts';

/** Sends what `source` gives as the body of `out`, whose head is written; no faster than the socket takes it. */
export function sendPushed(source: PushSource, out: Writable): void {
  out.on('drain', () => source.resume());
  out.on('close', () => source.cancel());
  source.start({
    write: (piece) => out.write(piece),
    end: () => out.end(),
  });
}
