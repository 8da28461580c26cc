import { expect, test } from 'vitest';
import { bytesOfBase64, bytesOfBase64Url, textOfBase64 } from './base64.ts';

test('base64 as bytes and as text', () => {
  expect([...bytesOfBase64('AP8=')]).toEqual([0, 255]);
  expect(textOfBase64('w6ZvbA==')).toBe('æol');
  expect([...bytesOfBase64Url('-_8')]).toEqual([251, 255]);
  expect(() => bytesOfBase64('*')).toThrow();
});
