import { describe, expect, test } from 'vitest';
import { parseDocuments } from './files.ts';

const read = (text: string) => parseDocuments(text, 'x.yaml');

describe('YAML as kubectl reads it', () => {
  test('several documents, empty ones left out', () => {
    expect(read('a: 1\n---\n# nothing\n---\nb: 2\n')).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test.each([
    ['yes', true],
    ['off', false],
    ['0777', 511],
    ['0x1f', 31],
    ['1_000', 1000],
    ['1e3', 1000],
    ['e1', 'e1'],
    ['12:30', '12:30'],
    ['2020-01-01', '2020-01-01'],
    ['"1"', '1'],
    ['~', null],
    ['1.5', 1.5],
  ])('%s is read as go-yaml reads it', (text, value) => {
    expect(read(`k: ${text}`)).toEqual([{ k: value }]);
  });

  test('anchors and merge keys', () => {
    expect(read('a: &x {b: 1}\nc: {<<: *x, d: 2}')).toEqual([{ a: { b: 1 }, c: { b: 1, d: 2 } }]);
  });

  test('a mistake is told with its line', () => {
    expect(() => read('x: 1\na: b: c\n')).toThrow(
      'error parsing x.yaml: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context',
    );
    expect(() => read('a: 1\nb: 2\na: 3\n')).toThrow('key "a" already set in map');
  });
});
