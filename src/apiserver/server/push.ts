// Bodies that are pushed rather than pulled: a source gives each piece, as soon as there is one, to whoever sends it on. A thousand watchers get thousands of
// pieces a second, which a stream of promises per piece cannot carry; hosts that know no better read the body as the stream that it also is.
//
// Invariants: pieces are given in order, each once; a sink that has said that it is full is given nothing until it asks for more; a piece may be given to many
// sinks and is never changed.

import { streamResponse } from './respond.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Whoever sends the pieces on. */
export interface ByteSink {
  /** Takes a piece, in any case. Returns false when it wants no more before it calls `resume`. */
  write(piece: Bytes): boolean;
  /** Nothing follows. */
  end(): void;
}

export interface PushSource {
  /** Begins to give to `sink`; called once. */
  start(sink: ByteSink): void;
  /** The sink takes more again. */
  resume(): void;
  /** Nobody listens any more. */
  cancel(): void;
}

/** What a stream holds for a reader who is behind. */
const streamBuffer = 64 * 1024;

/** The source as a stream. Nothing happens before somebody reads it. */
export function streamOf(source: PushSource): ReadableStream<Bytes> {
  let started = false;
  return new ReadableStream<Bytes>(
    {
      pull(controller) {
        if (started) return source.resume();
        started = true;
        source.start({
          write(piece) {
            controller.enqueue(piece);
            return (controller.desiredSize ?? 0) > -streamBuffer;
          },
          end: () => controller.close(),
        });
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0, size: (piece) => piece.byteLength },
  );
}

const sources = new WeakMap<Response, PushSource>();

/** An answer whose body is what the source gives. */
export function pushResponse(source: PushSource, mediaType: string): Response {
  const response = streamResponse(streamOf(source), mediaType);
  sources.set(response, source);
  return response;
}

/** The source behind an answer, for a host that takes it in place of the body; undefined if there is none. */
export const pushSourceOf = (response: Response): PushSource | undefined => sources.get(response);
