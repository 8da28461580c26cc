// Watchers' answers on their sockets. What is pushed to them waits for the end of the turn, or for a little longer while there is much to send, and goes out in one
// write each: a write costs far more than the bytes in it, and with a thousand watchers it is all that costs.
//
// Invariants: pieces go out in order; sending takes at most about a quarter of the time; an output whose socket is behind takes `limit` bytes more and then says
// that it is full.

import type { Writable } from 'node:stream';
import type { ByteSink, PushSource } from '../apiserver/server/push.ts';
import type { Clock } from '../env/clock.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const limit = 64 * 1024;
/** After a round that took a while the next one waits for this many times as long, but never for more than `longestRest` ms. */
const restPerRound = 3;
const longestRest = 40;

/** Puts pieces together. Watchers of one resource are given the very same ones: those are put together once for all of them. */
class Joiner {
  readonly #made = new Map<Bytes, { pieces: readonly Bytes[]; joined: Uint8Array }>();

  join(pieces: readonly Bytes[]): Uint8Array {
    const first = pieces[0] as Bytes;
    if (pieces.length === 1) return first;
    const known = this.#made.get(first);
    if (known && known.pieces.length === pieces.length && known.pieces.every((piece, i) => piece === pieces[i]))
      return known.joined;
    const joined = Buffer.concat(pieces);
    this.#made.set(first, { pieces, joined });
    return joined;
  }
}

/** All outputs of one server that are fed by sources, and the pace at which they are written. */
export class PacedOutputs {
  readonly #clock: Clock;
  readonly #waiting = new Set<PacedOutput>();
  #scheduled = false;
  /** When the last round ended, and how long it took, ms. */
  #ended = 0;
  #took = 0;

  /** `clock`: one that runs at the pace of the sockets. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends what `source` gives as the body of `out`, whose head is written. */
  send(source: PushSource, out: Writable): void {
    const output = new PacedOutput(source, out, (it) => this.#wait(it));
    out.on('drain', () => this.#wait(output));
    out.on('close', () => {
      this.#waiting.delete(output);
      source.cancel();
    });
    source.start(output);
  }

  #wait(output: PacedOutput): void {
    this.#waiting.add(output);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const rest = this.#ended + Math.min(restPerRound * this.#took, longestRest) - this.#clock.now();
    if (rest > 0.5) this.#clock.after(rest, () => this.#round());
    else setImmediate(() => this.#round());
  }

  #round(): void {
    this.#scheduled = false;
    const began = this.#clock.now();
    const outputs = [...this.#waiting];
    this.#waiting.clear();
    const joiner = new Joiner();
    for (const output of outputs) output.flush(joiner);
    this.#ended = this.#clock.now();
    this.#took = this.#ended - began;
  }
}

class PacedOutput implements ByteSink {
  readonly #source: PushSource;
  readonly #out: Writable;
  readonly #wait: (output: PacedOutput) => void;
  #pieces: Bytes[] = [];
  #size = 0;
  #full = false;
  #ended = false;

  constructor(source: PushSource, out: Writable, wait: (output: PacedOutput) => void) {
    this.#source = source;
    this.#out = out;
    this.#wait = wait;
  }

  write(piece: Bytes): boolean {
    this.#pieces.push(piece);
    this.#size += piece.byteLength;
    this.#wait(this);
    this.#full = this.#size >= limit;
    return !this.#full;
  }

  end(): void {
    this.#ended = true;
    this.#wait(this);
  }

  /** Writes what waits, unless the socket is behind: it calls when it no longer is. */
  flush(joiner: Joiner): void {
    const out = this.#out;
    if (out.destroyed || out.writableNeedDrain) return;
    if (this.#pieces.length > 0) {
      const joined = joiner.join(this.#pieces);
      this.#pieces = [];
      this.#size = 0;
      out.write(joined);
    }
    if (this.#full) {
      this.#full = false;
      this.#source.resume();
    }
    if (this.#ended && this.#pieces.length === 0) out.end();
  }
}
