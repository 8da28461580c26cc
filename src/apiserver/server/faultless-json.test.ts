import { expect, test } from 'vitest';
import { parseJson } from '../../api/json-text.ts';
import { readFaultless } from './faultless-json.ts';

test.each([
  '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
  ' { "a" : "x\\":y" , "b\\"" : "\\\\" } ',
  '{"__proto__":{"x":1},"constructor":1}',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  '[]',
  '"a:b"',
  '{"":""}',
])('%s is read as the slow reader reads it', (text) => {
  const { value, duplicates } = parseJson(text);
  expect(duplicates).toEqual([]);
  expect(readFaultless(text)).toEqual(value);
  expect(JSON.stringify(readFaultless(text))).toBe(JSON.stringify(value));
});

test.each(['{"a":1,"a":1}', '{"x":[{"a":1,"\\u0061":2}]}', '{"a":1}}', '{"a"', '', 'nul', '{"a":1,"a":{"b":1}}'])(
  '%s is left to the slow reader',
  (text) => {
    expect(readFaultless(text)).toBeUndefined();
  },
);

test('deep nesting is left to the slow reader, however deep', () => {
  expect(readFaultless(`${'['.repeat(501)}${']'.repeat(501)}`)).toEqual(
    parseJson(`${'['.repeat(501)}${']'.repeat(501)}`).value,
  );
  expect(readFaultless(`${'['.repeat(600)}${']'.repeat(600)}`)).toBeUndefined();
  expect(readFaultless(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)).toBeUndefined();
});
