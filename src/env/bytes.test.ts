import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { collect, concat, gunzip, streamOf } from './bytes.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);

describe('bytes', () => {
  test('a stream gives what it was made of', async () => {
    expect(text(await collect(streamOf(bytes('ahoy'))))).toBe('ahoy');
    expect(await collect(streamOf(new Uint8Array()))).toHaveLength(0);
  });

  test('parts of any number and length are joined in order', () => {
    expect(text(concat([bytes('a'), bytes(''), bytes('bc')]))).toBe('abc');
    expect(concat([])).toHaveLength(0);
  });

  test('gunzip gives what was packed, however large, and refuses what is damaged', async () => {
    const large = 'all work and no play '.repeat(500_000);
    expect(text(await gunzip(gzipSync(large)))).toBe(large);
    await expect(gunzip(bytes('no gzip'))).rejects.toThrow();
    await expect(gunzip(gzipSync(large).subarray(0, 1000))).rejects.toThrow();
  });
});
