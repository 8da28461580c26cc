import { expect, test } from 'vitest';
import { toYaml } from './yaml.ts';

test('keys are sorted and list items stand under their key', () => {
  const text = toYaml({
    kind: 'Pod',
    apiVersion: 'v1',
    spec: { containers: [{ name: 'a', args: ['x', 'y'], env: [] }], x: {} },
  });
  expect(text).toBe(
    'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - args:\n    - x\n    - "y"\n    env: []\n    name: a\n  x: {}\n',
  );
});

// what `kubectl create configmap --from-literal -o yaml` printed for the same values
test.each([
  ['true', '"true"'],
  ['', '""'],
  ['1', '"1"'],
  ['0x1f', '"0x1f"'],
  ['1e3', '"1e3"'],
  ['1_000', '"1_000"'],
  ['12:30', '"12:30"'],
  ['2020-01-01', '"2020-01-01"'],
  ['y', '"y"'],
  ['off', '"off"'],
  ['~', '"~"'],
  ['.5', '".5"'],
  ['100m', '100m'],
  ['1.2.3', '1.2.3'],
  ["it's", "it's"],
  ['a: b', "'a: b'"],
  ['a #b', "'a #b'"],
  ['a#b', 'a#b'],
  ['- a', "'- a'"],
  ['-', "'-'"],
  ['?x', '?x'],
  ['x:', "'x:'"],
  [':x', ':x'],
  ["'x", "'''x'"],
  ['trailing ', "'trailing '"],
  ['tab\there', '"tab\\there"'],
  ['😀', '"\\U0001F600"'],
  ['é', 'é'],
  ['a\nb\n', '|\n    a\n    b'],
  ['a\nb', '|-\n    a\n    b'],
  ['a\n\n', '|+\n    a\n'],
  [' a\nb', '|2-\n     a\n    b'],
  ['a \nb', '"a \\nb"'],
])('the scalar %j is written %s', (value, written) => {
  expect(toYaml({ data: { k: value } })).toBe(`data:\n  k: ${written}\n`);
});

test('long scalars are folded once past 80 columns', () => {
  const words = `${'a'.repeat(30)} ${'b'.repeat(43)} ${'c'.repeat(31)} ddd eee`;
  expect(toYaml({ data: { ae: words } })).toBe(
    `data:\n  ae: ${'a'.repeat(30)} ${'b'.repeat(43)} ${'c'.repeat(31)}\n    ddd eee\n`,
  );
});

test('digits in keys are ordered by value', () => {
  expect(toYaml({ a10: 1, a2: 1, b: null })).toBe('a2: 1\na10: 1\nb: null\n');
});
