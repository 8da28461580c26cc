import { expect, test } from 'vitest';
import { bytesToUtf8, encodeParts, fromBase64, prefixRangeEnd, toBase64, utf8ToBytes } from './bytes.ts';

test.each([0, 1, 199, 200, 5000, 1 << 16, (1 << 16) + 1])(
  'text of %i characters comes back, ASCII or not',
  (length) => {
    const ascii = 'x'.repeat(length);
    expect(utf8ToBytes(ascii)).toBe(ascii);
    expect(bytesToUtf8(ascii)).toBe(ascii);
    for (const odd of ['ä', '€', '\u{1f600}']) {
      const bytes = utf8ToBytes(ascii + odd);
      expect(bytes.length).toBe(length + new TextEncoder().encode(odd).length);
      expect(/^[\x00-\xff]*$/.test(bytes)).toBe(true);
      expect(bytesToUtf8(bytes)).toBe(ascii + odd);
      expect(bytesToUtf8(utf8ToBytes(odd + ascii))).toBe(odd + ascii);
    }
  },
);

test('bytes that are no UTF-8 show as the replacement character', () => {
  expect(bytesToUtf8('a\xff')).toBe('a\ufffd');
});

test('parts are encoded end to end, after room left free', () => {
  for (const parts of [[], ['abc', '', 'd'], ['a', 'ä\xff'], ['名前', 'x\u{1f600}'], ['x'.repeat(100_000), 'é']]) {
    const bytes = encodeParts(parts, 4);
    expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(new TextDecoder().decode(bytes.subarray(4))).toBe(parts.join(''));
  }
});

test('base64 is read as Go reads it', () => {
  expect(fromBase64(toBase64('\x00\xff'))).toBe('\x00\xff');
  expect(fromBase64('YW\nJj')).toBe('abc');
  expect(fromBase64('YWJ')).toBeUndefined();
  expect(fromBase64('YW_j')).toBeUndefined();
});

test('the end of a prefix', () => {
  expect(prefixRangeEnd('a')).toBe('b');
  expect(prefixRangeEnd('a\xff')).toBe('b');
  expect(prefixRangeEnd('\xff\xff')).toBe('\0');
});
