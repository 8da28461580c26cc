// SPDY/3.1: framing, header blocks, and the server's end of a connection.

import { duplexPair } from 'node:stream';
import { constants, createInflate } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { SpdyClient } from '../testing/spdy-client.ts';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { dictionaryAdler32, headerDictionary } from './dictionary.ts';
import { type ControlFrame, controlFrame, type DataFrame, dataFrames, FrameReader, fin, types } from './frames.ts';
import { HeaderDecoder, HeaderEncoder, uint32 } from './headers.ts';

test('the dictionary is that of the protocol', () => {
  expect(headerDictionary.length).toBe(1423);
  let a = 1;
  let b = 0;
  for (const byte of headerDictionary) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  expect(b * 65536 + a).toBe(dictionaryAdler32);
});

describe('frames', () => {
  const wire = Buffer.concat([
    controlFrame(types.ping, 0, 7),
    ...dataFrames(5, Buffer.from('hello'), fin),
    controlFrame(types.settings, 1, Uint8Array.of(1, 2, 3)),
    ...dataFrames(9, new Uint8Array()),
  ]);
  const shown = (frames: Iterable<ControlFrame | DataFrame>) =>
    [...frames].map(({ payload, ...rest }) => ({ ...rest, payload: Buffer.from(payload).toString('latin1') }));
  const expected = [
    { control: true, type: 6, flags: 0, payload: '\0\0\0\x07' },
    { control: false, id: 5, flags: 1, payload: 'hello' },
    { control: true, type: 4, flags: 1, payload: '\x01\x02\x03' },
    { control: false, id: 9, flags: 0, payload: '' },
  ];

  test('are read from one chunk, and from single bytes', () => {
    expect(shown(new FrameReader().push(wire))).toEqual(expected);
    const reader = new FrameReader();
    expect([...wire].flatMap((byte) => shown(reader.push(Uint8Array.of(byte))))).toEqual(expected);
  });

  test('have the layout of the protocol', () => {
    expect(Buffer.from(controlFrame(types.rstStream, 0, 3, 5)).toString('hex')).toBe(
      '80030003000000080000000300000005',
    );
    expect([...dataFrames(1, Buffer.from('x'), fin)].map((frame) => Buffer.from(frame).toString('hex'))).toEqual([
      '000000010100000178',
    ]);
  });

  test('larger than a frame may be are cut, and only the last one ends the stream', () => {
    const frames = [...dataFrames(1, new Uint8Array(0xffffff + 1), fin)];
    expect(frames.map(({ length }) => length)).toEqual([8 + 0xffffff, 9]);
    expect(frames.map((frame) => frame[4])).toEqual([0, fin]);
  });

  test('of another version of SPDY are refused', () => {
    const frame = controlFrame(types.ping, 0, 1);
    frame[1] = 2;
    expect(() => [...new FrameReader().push(frame)]).toThrow('version 3');
  });
});

describe('header blocks', () => {
  const [socket] = duplexPair();
  const decoded = async (...blocks: Record<string, string>[]) => {
    const client = new SpdyClient(socket);
    const decoder = new HeaderDecoder();
    const out = [];
    for (const block of blocks) out.push(Object.fromEntries(await decoder.decode(await client.block(block))));
    return out;
  };

  test('that refer to blocks before them are understood', async () => {
    const first = { streamtype: 'error', port: '8080', requestid: '0' };
    const second = { streamtype: 'data', port: '8080', requestid: '0' };
    expect(await decoded(first, second, {})).toEqual([first, second, {}]);
  });

  test('join several values', async () => {
    expect(await decoded({ via: 'a\0b' })).toEqual([{ via: 'a, b' }]);
  });

  test('that are malformed, or unpack to too much, are refused', async () => {
    await expect(decoded({ Upper: 'x' })).rejects.toThrow('malformed header name');
    await expect(decoded({ '': 'x' })).rejects.toThrow('malformed header name');
    await expect(decoded({ a: 'x'.repeat(100_000) })).rejects.toThrow('too large');
    await expect(new HeaderDecoder().decode(Buffer.from('not zlib'))).rejects.toThrow();
    const lying = new HeaderEncoder().encode(new Map());
    lying.set(uint32(3), lying.length - 9);
    await expect(new HeaderDecoder().decode(lying)).rejects.toThrow('ends early');
  });

  test('that we write are read by zlib as one stream', async () => {
    const encoder = new HeaderEncoder();
    const headers = new Map([['streamtype', 'data']]);
    const inflate = createInflate({ dictionary: headerDictionary, finishFlush: constants.Z_SYNC_FLUSH });
    inflate.end(Buffer.concat([encoder.encode(headers), encoder.encode(new Map()), encoder.encode(headers)]));
    const text = Buffer.concat(await inflate.toArray()).toString('latin1');
    const pair = '\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x04data';
    expect(text).toBe(`${pair}\0\0\0\0${pair}`);
    expect(() => encoder.encode(new Map([['a', 'x'.repeat(70_000)]]))).toThrow(RangeError);
  });
});

function connect(accept: (stream: SpdyStream) => boolean = () => true) {
  const [near, far] = duplexPair();
  const client = new SpdyClient(near);
  const streams: SpdyStream[] = [];
  const connection = new SpdyConnection(far, (stream) => {
    streams.push(stream);
    return accept(stream);
  });
  return { client, connection, streams, over: connection.run() };
}

const textOf = async (input: ReadableStream<Uint8Array>) => {
  let text = '';
  for await (const chunk of input) text += Buffer.from(chunk).toString('latin1');
  return text;
};

describe('a connection', () => {
  test('carries streams both ways, side by side', async () => {
    const { client, streams } = connect();
    const [a, b] = [await client.open({ streamtype: 'stdin' }), await client.open({ streamtype: 'stdout' })];
    await vi.waitFor(() => expect(streams).toHaveLength(2));
    expect(streams.map(({ headers }) => headers.get('streamtype'))).toEqual(['stdin', 'stdout']);
    client.send(a, 'one ');
    client.send(b, 'aside', fin);
    client.send(a, 'two', fin);
    expect(await textOf((streams[0] as SpdyStream).input)).toBe('one two');
    expect(await textOf((streams[1] as SpdyStream).input)).toBe('aside');
    await streams[1]?.write(Buffer.from('answer'));
    streams[1]?.end();
    streams[1]?.end();
    await streams[1]?.write(Buffer.from('too late'));
    await vi.waitFor(() => expect(client.stream(b).ended).toBe(true));
    expect(client.stream(b)).toMatchObject({ text: 'answer', replied: true, reset: undefined });
    expect(client.taken.get(a)).toBe(7);
  });

  test('answers pings, and not answers to pings', async () => {
    const { client } = connect();
    for (const id of [1, 2, 3]) client.socket.write(controlFrame(types.ping, 0, id));
    await vi.waitFor(() => expect(client.pings).toEqual([1, 3]));
  });

  test('refuses streams that nobody wants, and goes on', async () => {
    const { client, streams } = connect((stream) => stream.headers.get('streamtype') !== 'odd');
    const odd = await client.open({ streamtype: 'odd' });
    const fine = await client.open({ streamtype: 'fine' });
    await vi.waitFor(() => expect(client.stream(fine).replied).toBe(true));
    expect(client.stream(odd)).toMatchObject({ replied: false, reset: 3 });
    client.send(odd, 'ignored');
    client.send(fine, 'read', fin);
    expect(await textOf((streams[1] as SpdyStream).input)).toBe('read');
  });

  test('tells of a stream that the client resets', async () => {
    const { client, streams } = connect();
    const id = await client.open({});
    await vi.waitFor(() => expect(client.stream(id).replied).toBe(true));
    client.socket.write(controlFrame(types.rstStream, 0, id, 5));
    await expect(textOf((streams[0] as SpdyStream).input)).rejects.toThrow('reset');
  });

  test('data of a stream that was never opened is answered with a reset', async () => {
    const { client } = connect();
    client.streams.set(41, { text: '', replied: false, ended: false, reset: undefined });
    client.send(41, 'x');
    await vi.waitFor(() => expect(client.stream(41).reset).toBe(2));
  });

  test('ends with GOAWAY at broken bytes, at streams that are numbered wrong, and when it is closed', async () => {
    const broken = connect();
    broken.client.socket.write(controlFrame(types.synStream, 0, 1, 0, Buffer.from('xx not zlib')));
    await broken.over;
    await vi.waitFor(() => expect(broken.client).toMatchObject({ closed: true, goAway: { lastId: 0, status: 1 } }));

    const backwards = connect();
    await backwards.client.open({}, 5);
    await backwards.client.open({}, 3);
    await backwards.over;
    await vi.waitFor(() => expect(backwards.client).toMatchObject({ closed: true, goAway: { lastId: 5, status: 1 } }));

    const closed = connect();
    const id = await closed.client.open({});
    await vi.waitFor(() => expect(closed.client.stream(id).replied).toBe(true));
    void closed.streams[0]?.write(Buffer.from('last words'));
    closed.streams[0]?.end();
    closed.connection.close();
    await vi.waitFor(() => expect(closed.client.closed).toBe(true));
    expect(closed.client.stream(id)).toMatchObject({ text: 'last words', ended: true });
    expect(closed.client.goAway).toEqual({ lastId: id, status: 0 });
    expect(closed.connection.gone.aborted).toBe(true);
  });

  test('a client that goes away fails what is open', async () => {
    const { client, connection, streams } = connect();
    await client.open({});
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    client.socket.end();
    await vi.waitFor(() => expect(connection.gone.aborted).toBe(true));
    await expect(textOf((streams[0] as SpdyStream).input)).rejects.toThrow('over');
    await streams[0]?.write(Buffer.from('into the void'));
  });

  test('reads no more than a stream can hold until somebody takes it', async () => {
    const { client, streams } = connect();
    const id = await client.open({});
    for (let i = 0; i < 40; i++) client.send(id, 'x'.repeat(100_000), i === 39 ? fin : 0);
    await vi.waitFor(() => expect(client.taken.get(id)).toBeGreaterThanOrEqual(1_000_000));
    expect(client.taken.get(id)).toBeLessThan(1_300_000);
    expect(await textOf((streams[0] as SpdyStream).input)).toHaveLength(4_000_000);
  });
});
