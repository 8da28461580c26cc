import { describe, expect, test } from 'vitest';
import { parseLesson, parseSolution } from './format.ts';

const front = '---\ntitle: T\nsummary: S\nminutes: 5\n---\n';

describe('parseLesson', () => {
  test('cuts text into steps and tasks', () => {
    const lesson = parseLesson(
      `${front}\nintro is dropped\n\n## One\n\nText.\n\n- [ ] \`do-it\` Do *it*.\n\n## Two\nMore.\n`,
    );
    expect(lesson).toEqual({
      title: 'T',
      summary: 'S',
      minutes: 5,
      steps: [
        { title: 'One', text: 'Text.', tasks: [{ id: 'do-it', title: 'Do *it*.' }] },
        { title: 'Two', text: 'More.', tasks: [] },
      ],
    });
  });
  test.each([
    ['## no front matter', /front matter/],
    ['---\ntitle: T\n---\n## A\n', /title, summary and minutes/],
    [`${front}no steps`, /at least one step/],
    [`${front}## A\n- [ ] \`x\` a\n- [ ] \`x\` b\n`, /two tasks are called x/],
  ])('names the mistake: %#', (source, message) => {
    expect(() => parseLesson(source)).toThrow(message);
  });
});

test('parseSolution reads commands and waits, and nothing else', () => {
  expect(parseSolution('# why\nkubectl apply -f a.yaml\n\nwait done\nuntil seen kubectl label pod a b=c\n')).toEqual([
    { run: ['apply', '-f', 'a.yaml'] },
    { wait: 'done' },
    { run: ['label', 'pod', 'a', 'b=c'], until: 'seen' },
  ]);
  expect(() => parseSolution('rm -rf /')).toThrow(/kubectl/);
});
