import { expect, test } from 'vitest';
import { colourYaml } from './colour-yaml.ts';

const text = `apiVersion: v1
metadata:
  labels:
    app.kubernetes.io/name: web
  "quoted: key": 3
items:
  - name: a
    on: true
script: |
  key: not a key
  # not a comment
done: null
`;

test('the pieces joined are the text', () => {
  expect(
    colourYaml(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text);
});

test('tells keys, numbers and strings apart, and leaves block text alone', () => {
  const of = (kind: string) =>
    colourYaml(text)
      .filter((piece) => piece.kind === kind)
      .map((piece) => piece.text.trim());
  expect(of('key')).toEqual([
    'apiVersion',
    'metadata',
    'labels',
    'app.kubernetes.io/name',
    '"quoted: key"',
    'items',
    'name',
    'on',
    'script',
    'done',
  ]);
  expect(of('number')).toEqual(['3', 'true', 'null']);
  expect(of('string').join(' ')).toContain('# not a comment');
});
