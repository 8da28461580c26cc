import { expect, test } from 'vitest';
import { parseYaml, YamlError } from './yaml-text.ts';

const nested = {
  'flow maps': `${'{a: '.repeat(3000)}1${'}'.repeat(3000)}`,
  'flow lists': '['.repeat(20_000),
  'lists in a line': `${'- '.repeat(5000)}x`,
  'keys in a line': `${'? '.repeat(5000)}x`,
  'indented maps': Array.from({ length: 1200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
};

for (const [title, text] of Object.entries(nested))
  test(`too deep to be read: ${title}`, () => {
    expect(() => parseYaml(text)).toThrow(YamlError);
  });

test('deep enough for anybody', () => {
  expect(parseYaml(`${'{a: '.repeat(200)}1${'}'.repeat(200)}`)).toHaveLength(1);
  expect(parseYaml('a: 1\n---\nb: [1, {c: 2}]\n').map(({ value }) => value)).toEqual([{ a: 1 }, { b: [1, { c: 2 }] }]);
  expect(parseYaml('')).toEqual([]);
  expect(parseYaml('# nothing\n')).toEqual([]);
});
