// A SPDY/3.1 client as kubectl is one: opens streams with compressed headers and collects what comes back. For tests.

import type { Duplex } from 'node:stream';
import { constants, createDeflate, type Deflate } from 'node:zlib';
import { headerDictionary } from '../spdy/dictionary.ts';
import { type ControlFrame, controlFrame, dataFrames, FrameReader, fin, types } from '../spdy/frames.ts';
import { HeaderDecoder, uint32 } from '../spdy/headers.ts';

export class ClientStream {
  text = '';
  replied = false;
  ended = false;
  /** Status of the RST_STREAM that came. */
  reset: number | undefined;
}

export class SpdyClient {
  readonly socket: Duplex;
  readonly streams = new Map<number, ClientStream>();
  readonly pings: number[] = [];
  goAway: { lastId: number; status: number } | undefined;
  /** Bytes of each stream that the server says it has taken. */
  readonly taken = new Map<number, number>();
  closed = false;
  readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary });
  readonly #decoder = new HeaderDecoder();
  #lastId = -1;

  constructor(socket: Duplex) {
    this.socket = socket;
    void this.#read();
  }

  async #read(): Promise<void> {
    const reader = new FrameReader();
    for await (const chunk of this.socket)
      for (const frame of reader.push(chunk as Buffer)) {
        if (frame.control) await this.#control(frame);
        else {
          const stream = this.streams.get(frame.id);
          if (!stream) throw new Error(`data of unknown stream ${frame.id}`);
          stream.text += Buffer.from(frame.payload).toString('latin1');
          if (frame.flags & fin) stream.ended = true;
        }
      }
    this.closed = true;
  }

  async #control({ type, payload }: ControlFrame): Promise<void> {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const id = view.getUint32(0);
    const stream = this.streams.get(id);
    if (type === types.synReply && stream) {
      stream.replied = true;
      const headers = await this.#decoder.decode(payload.subarray(4));
      if (headers.size > 0) throw new Error('a reply with headers');
    } else if (type === types.rstStream && stream) stream.reset = view.getUint32(4);
    else if (type === types.ping) this.pings.push(id);
    else if (type === types.goAway) this.goAway = { lastId: id, status: view.getUint32(4) };
    else if (type === types.windowUpdate) this.taken.set(id, (this.taken.get(id) ?? 0) + view.getUint32(4));
  }

  /** A header block in this client's zlib stream. */
  block(headers: Record<string, string>): Promise<Buffer> {
    const parts: Uint8Array[] = [uint32(Object.keys(headers).length)];
    for (const text of Object.entries(headers).flat()) parts.push(uint32(text.length), Buffer.from(text, 'latin1'));
    return new Promise((resolve) => {
      this.#deflate.write(Buffer.concat(parts));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () =>
        resolve((this.#deflate.read() as Buffer | null) ?? Buffer.of()),
      );
    });
  }

  /** Opens a stream; resolves when its frame is on the way. */
  async open(headers: Record<string, string>, id = this.#lastId + 2): Promise<number> {
    this.#lastId = id;
    this.streams.set(id, new ClientStream());
    const block = await this.block(headers);
    this.socket.write(controlFrame(types.synStream, 0, id, 0, Uint8Array.of(0, 0), block));
    return id;
  }

  send(id: number, text: string, flags = 0): void {
    for (const frame of dataFrames(id, Buffer.from(text, 'latin1'), flags)) this.socket.write(frame);
  }

  stream(id: number): ClientStream {
    return this.streams.get(id) as ClientStream;
  }
}
