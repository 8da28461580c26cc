// The server's end of a SPDY/3.1 connection on which only the client opens streams, as kubectl's does (moby/spdystream is the other end).
//
// Invariants: frames are taken one by one, and none is read while a stream holds more than a ByteQueue's limit that nobody took: the client feels that through TCP;
// a stream that was ended on both sides, or reset, is forgotten; after the connection is gone every stream's input has ended or failed and writes do nothing.
// Windows of the client are not kept, as upstream's server keeps none: its clients never update them.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { ByteQueue } from '../byte-queue.ts';
import {
  type ControlFrame,
  controlFrame,
  type DataFrame,
  dataFrames,
  FrameReader,
  fin,
  resets,
  types,
} from './frames.ts';
import { HeaderDecoder, HeaderEncoder, type SpdyHeaders } from './headers.ts';

const nothing = new Uint8Array();
const protocolError = 1;

export interface SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  /** What the client sends: ends with it, fails when the client resets the stream or goes away. */
  readonly input: ReadableStream<Uint8Array>;
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing more will be written. */
  end(): void;
}

class ServedStream implements SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #inward = new ByteQueue();
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  readonly #onEnded: () => void;
  #remoteOpen = true;
  #localOpen = true;

  constructor(id: number, headers: SpdyHeaders, send: (bytes: Uint8Array) => Promise<void>, onEnded: () => void) {
    this.id = id;
    this.headers = headers;
    this.#send = send;
    this.#onEnded = onEnded;
  }

  get input(): ReadableStream<Uint8Array> {
    return this.#inward.readable;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#localOpen || bytes.length === 0) return;
    for (const frame of dataFrames(this.id, bytes)) await this.#send(frame);
  }

  end(): void {
    if (!this.#localOpen) return;
    this.#localOpen = false;
    for (const frame of dataFrames(this.id, nothing, fin)) void this.#send(frame);
    if (!this.#remoteOpen) this.#onEnded();
  }

  /** Takes what the client sent; resolves when there is room for more. */
  async take(payload: Uint8Array, last: boolean): Promise<void> {
    if (!this.#remoteOpen) return;
    if (payload.length > 0) {
      await this.#inward.write(payload);
      void this.#send(controlFrame(types.windowUpdate, 0, this.id, payload.length));
    }
    if (!last) return;
    this.#remoteOpen = false;
    this.#inward.close();
    if (!this.#localOpen) this.#onEnded();
  }

  /** The client broke it off, or is gone. */
  fail(reason: unknown): void {
    this.#localOpen = false;
    if (this.#remoteOpen) this.#inward.fail(reason);
    this.#remoteOpen = false;
  }
}

export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #accept: (stream: SpdyStream) => boolean;
  readonly #decoder = new HeaderDecoder();
  readonly #encoder = new HeaderEncoder();
  readonly #streams = new Map<number, ServedStream>();
  readonly #gone = new AbortController();
  #lastId = 0;
  /** While the socket holds more than it likes to. */
  #drained: Promise<void> | undefined;
  #closing = false;

  /** `accept` is told of each stream that the client opens; answering false refuses it. */
  constructor(socket: Duplex, accept: (stream: SpdyStream) => boolean) {
    this.#socket = socket;
    this.#accept = accept;
  }

  /** Aborted when the connection is over. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Serves the client until it is gone or the connection is closed. Never rejects. */
  async run(): Promise<void> {
    const frames = new FrameReader();
    this.#socket.once('close', () => this.#lost());
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false }))
        for (const frame of frames.push(chunk as Buffer)) {
          // what is still on its way is read, so that the client can read to our end
          if (this.#closing) continue;
          if (!frame.control) await this.#data(frame);
          else if (!(await this.#control(frame))) this.#lost();
        }
    } catch {
      // broken bytes, or a broken connection: in the second case nobody reads this
      this.#goAway(protocolError);
    } finally {
      this.#lost();
    }
  }

  /** Ends the connection after what has been written. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#goAway(0);
    this.#lost();
  }

  #goAway(status: number): void {
    void this.#send(controlFrame(types.goAway, 0, this.#lastId, status));
  }

  #lost(): void {
    this.#closing = true;
    if (this.#gone.signal.aborted) return;
    for (const stream of this.#streams.values()) stream.fail(new TypeError('the connection is over'));
    this.#streams.clear();
    this.#decoder.close();
    this.#socket.end();
    this.#gone.abort();
  }

  readonly #send = async (bytes: Uint8Array): Promise<void> => {
    if (this.#gone.signal.aborted || this.#socket.write(bytes)) return;
    this.#drained ??= once(this.#socket, 'drain', { signal: this.#gone.signal }).then(
      () => {
        this.#drained = undefined;
      },
      () => {},
    );
    await this.#drained;
  };

  async #data({ id, flags, payload }: DataFrame): Promise<void> {
    const stream = this.#streams.get(id);
    if (stream) await stream.take(payload, (flags & fin) !== 0);
    else if (id > this.#lastId) this.#reset(id, resets.invalidStream);
  }

  #reset(id: number, status: number): void {
    void this.#send(controlFrame(types.rstStream, 0, id, status));
  }

  /** Answers false when the client ends the connection. Throws when the frame is none. */
  async #control({ type, flags, payload }: ControlFrame): Promise<boolean> {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const id = () => view.getUint32(0) & 0x7fffffff;
    switch (type) {
      case types.synStream:
        await this.#open(id(), flags, payload.subarray(10));
        return true;
      case types.headers:
        // they change nothing, but later blocks build on them
        await this.#decoder.decode(payload.subarray(4));
        await this.#streams.get(id())?.take(nothing, (flags & fin) !== 0);
        return true;
      case types.rstStream:
        this.#streams.get(id())?.fail(new TypeError('the client reset the stream'));
        this.#streams.delete(id());
        return true;
      case types.ping:
        // the client's pings have odd numbers; those with even ones would answer ours
        if (view.getUint32(0) % 2 === 1) await this.#send(controlFrame(types.ping, 0, view.getUint32(0)));
        return true;
      case types.goAway:
        // it opens no more streams; those that are open go on
        return this.#streams.size > 0;
      default:
        return true;
    }
  }

  async #open(id: number, flags: number, block: Uint8Array): Promise<void> {
    const headers = await this.#decoder.decode(block);
    if (id % 2 === 0 || id <= this.#lastId) throw new TypeError('streams are numbered upwards and odd');
    this.#lastId = id;
    const stream = new ServedStream(id, headers, this.#send, () => this.#streams.delete(id));
    this.#streams.set(id, stream);
    if (!this.#accept(stream)) {
      this.#streams.delete(id);
      stream.fail(new TypeError('refused'));
      this.#reset(id, resets.refusedStream);
      return;
    }
    await this.#send(controlFrame(types.synReply, 0, id, this.#encoder.encode(new Map())));
    if ((flags & fin) !== 0) await stream.take(nothing, true);
  }
}
