import { expect, test } from 'vitest';
import { checksum, crc32, isIntact } from './disk-checksum.ts';
import { randomInt, seededRandom } from './random.ts';

const random = seededRandom(5);
const some = (length: number) => Uint8Array.from({ length }, () => randomInt(random, 256));

test('CRC-32 is the one everybody has', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

test('any changed bit, exchanged words, and added or missing zeros change the checksum, wherever the bytes lie in memory', () => {
  for (const length of [1, 3, 15, 16, 17, 64, 203]) {
    const bytes = some(length);
    const sum = checksum(bytes);
    expect(isIntact(bytes, sum)).toBe(true);
    expect(isIntact(bytes, crc32(bytes))).toBe(true);
    const shifted = new Uint8Array(length + 3);
    shifted.set(bytes, 3);
    expect(checksum(shifted.subarray(3))).toBe(sum);
    for (let bit = 0; bit < 8 * length; bit++) {
      const at = bit >> 3;
      const before = bytes[at] as number;
      bytes[at] = before ^ (1 << (bit & 7));
      expect(checksum(bytes)).not.toBe(sum);
      bytes[at] = before;
    }
    expect(checksum(new Uint8Array(length + 1))).not.toBe(checksum(new Uint8Array(length)));
  }
  const bytes = some(64);
  for (const [one, other] of [
    [0, 1],
    [0, 4],
    [2, 15],
  ] as const) {
    const words = new Uint32Array(bytes.slice().buffer);
    [words[one], words[other]] = [words[other] as number, words[one] as number];
    expect(checksum(new Uint8Array(words.buffer))).not.toBe(checksum(bytes));
  }
});
