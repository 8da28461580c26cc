import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ByteSink } from '../apiserver/server/push.ts';
import { sendPushed } from './pushed-output.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const turn = () => new Promise((resolve) => setImmediate(resolve));

function open(chunked = false) {
  let sink!: ByteSink;
  const noted: string[] = [];
  let release = () => {};
  const out = new Writable({
    highWaterMark: 8,
    write(chunk: Uint8Array, _encoding, done) {
      noted.push(new TextDecoder().decode(chunk));
      release = done;
    },
    final(done) {
      noted.push('(end)');
      done();
    },
  });
  const source = {
    start: (given: ByteSink) => {
      sink = given;
    },
    resume: () => noted.push('(resumed)'),
    cancel: () => noted.push('(cancelled)'),
  };
  sendPushed(source, out, chunked);
  return { sink, noted, out, release: () => release() };
}

test('pieces are written at once; a socket that is behind says so, and when it no longer is', async () => {
  const { sink, noted, release } = open();
  expect(sink.write(bytes('one'))).toBe(true);
  expect(noted).toEqual(['one']);
  expect(sink.write(bytes('two is long'))).toBe(false);
  release();
  release();
  await turn();
  expect(noted).toEqual(['one', 'two is long', '(resumed)']);
  sink.end();
  await turn();
  expect(noted.slice(3)).toEqual(['(end)', '(cancelled)']);
});

test('the source is told when the socket is gone', async () => {
  const { noted, out } = open();
  out.destroy();
  await turn();
  expect(noted).toEqual(['(cancelled)']);
});

test('in chunks: each piece with its length in hexadecimal, at the end the empty one', async () => {
  const { sink, noted, release } = open(true);
  sink.write(bytes('seventeen bytes..'));
  expect(noted).toEqual(['11\r\nseventeen bytes..\r\n']);
  release();
  sink.end();
  release();
  await turn();
  expect(noted.filter((it) => !it.startsWith('(')).join('')).toBe('11\r\nseventeen bytes..\r\n0\r\n\r\n');
});
