import { describe, expect, test } from 'vitest';
import {
  type AgentFrame,
  decodeList,
  decodeUint32,
  encodeAgentFrame,
  encodeList,
  encodeUint32,
  FrameReader,
  frameTypes,
} from './frames.ts';

describe('lists', () => {
  test('survive encoding, empty and non-ASCII items included', () => {
    const items = ['exec', '', 'größer\n', 'a=b'];
    expect(decodeList(encodeList(items))).toEqual(items);
    expect(decodeList(encodeList([]))).toEqual([]);
  });

  test('take bytes as they are', () => {
    expect(encodeList([Uint8Array.of(0, 255)])).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 255));
  });

  test('that are cut short throw', () => {
    expect(() => decodeList(encodeList(['abc']).subarray(0, 6))).toThrow(RangeError);
    expect(() => decodeList(Uint8Array.of(1, 0))).toThrow(RangeError);
  });
});

describe('FrameReader', () => {
  const frames: AgentFrame[] = [
    { stream: 1, type: frameTypes.open, payload: Uint8Array.of(1, 2, 3) },
    { stream: 0xfffffffe, type: frameTypes.end, payload: new Uint8Array(0) },
    { stream: 7, type: frameTypes.data, payload: new Uint8Array(5000).fill(9) },
  ];
  const bytes = new Uint8Array(
    frames.flatMap((frame) => [...encodeAgentFrame(frame.stream, frame.type, frame.payload)]),
  );

  test.each([1, 2, 3, 8, 9, 10, 4096, 100_000])('finds frames in chunks of %i bytes', (size) => {
    const seen: AgentFrame[] = [];
    const reader = new FrameReader((frame) => seen.push(frame));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    expect(seen).toEqual(frames);
  });

  test('keeps no reference to the bytes it was given', () => {
    const seen: AgentFrame[] = [];
    const reader = new FrameReader((frame) => seen.push(frame));
    const reused = bytes.slice();
    reader.push(reused);
    reused.fill(0);
    expect(seen).toEqual(frames);
  });
});

test('numbers survive encoding', () => {
  for (const value of [0, 1, 65536, 0xffffffff]) expect(decodeUint32(encodeUint32(value))).toBe(value);
});
