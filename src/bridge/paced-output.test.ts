import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ByteSink, PushSource } from '../apiserver/server/push.ts';
import { ScaledClock } from '../env/scaled-clock.ts';
import { PacedOutputs } from './paced-output.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const turns = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A source that a test feeds by hand. */
class Source implements PushSource {
  sink: ByteSink | undefined;
  resumed = 0;
  cancelled = 0;
  start(sink: ByteSink) {
    this.sink = sink;
  }
  resume() {
    this.resumed++;
  }
  cancel() {
    this.cancelled++;
  }
}

/** A socket that notes what is written; while it is held, writes do not come to an end. */
function socket() {
  const written: Uint8Array[] = [];
  let waiting: (() => void)[] = [];
  const it = {
    written,
    held: false,
    ended: false,
    release() {
      it.held = false;
      for (const done of waiting.splice(0)) done();
    },
    out: new Writable({
      highWaterMark: 16,
      write(chunk: Uint8Array, _encoding, done) {
        written.push(chunk);
        if (it.held) waiting = [...waiting, done];
        else done();
      },
      final(done) {
        it.ended = true;
        done();
      },
    }),
    text: () => Buffer.concat(written).toString(),
  };
  return it;
}

function open(outputs: PacedOutputs) {
  const source = new Source();
  const to = socket();
  outputs.send(source, to.out);
  return { source, to, sink: source.sink as ByteSink };
}

test('what is given in one turn is written once, the same bytes to all who were given the same', async () => {
  const outputs = new PacedOutputs(new ScaledClock());
  const [a, b, c] = [open(outputs), open(outputs), open(outputs)] as const;
  const shared = [bytes('one '), bytes('two ')];
  for (const piece of shared) for (const { sink } of [a, b, c]) expect(sink.write(piece)).toBe(true);
  c.sink.write(bytes('three'));
  await turns();
  expect([a, b, c].map(({ to }) => to.text())).toEqual(['one two ', 'one two ', 'one two three']);
  expect([a, b, c].map(({ to }) => to.written.length)).toEqual([1, 1, 1]);
  expect(a.to.written[0]).toBe(b.to.written[0]);
});

test('rounds follow one another, in order', async () => {
  const { sink, to } = open(new PacedOutputs(new ScaledClock()));
  for (let i = 0; i < 5; i++) {
    sink.write(bytes(`${i} `));
    await turns();
  }
  expect(to.written.length).toBe(5);
  expect(to.text()).toBe('0 1 2 3 4 ');
});

test('an output whose socket is behind is full at 64 KiB, and goes on when the socket does', async () => {
  const { sink, source, to } = open(new PacedOutputs(new ScaledClock()));
  to.held = true;
  sink.write(bytes('a'.repeat(100)));
  await turns();
  expect(to.written.length).toBe(1);
  expect(sink.write(bytes('b'.repeat(60_000)))).toBe(true);
  expect(sink.write(bytes('c'.repeat(60_000)))).toBe(false);
  await turns();
  expect([to.written.length, source.resumed]).toEqual([1, 0]);
  to.release();
  await turns();
  expect(source.resumed).toBe(1);
  expect(to.text()).toBe('a'.repeat(100) + 'b'.repeat(60_000) + 'c'.repeat(60_000));
});

test('an end comes after all that waits', async () => {
  const { sink, to } = open(new PacedOutputs(new ScaledClock()));
  sink.write(bytes('last'));
  sink.end();
  await turns();
  expect([to.text(), to.ended]).toEqual(['last', true]);
});

test('a source is told when its socket is gone', async () => {
  const { sink, source, to } = open(new PacedOutputs(new ScaledClock()));
  sink.write(bytes('late'));
  to.out.destroy();
  await turns();
  expect(source.cancelled).toBe(1);
  expect(to.written).toEqual([]);
});
