import { describe, expect, test } from 'vitest';
import { inColumns, LineEditor, type LineEditorHost } from './line-editor.ts';

function editor(options: { candidates?: string[]; history?: string[]; start?: number } = {}) {
  const ran: string[] = [];
  let written = '';
  let finish: () => void = () => {};
  const host: LineEditorHost = {
    write: (text) => {
      written += text;
    },
    columns: () => 40,
    run: (line) => {
      ran.push(line);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
    complete: async (line) => ({
      start: options.start ?? line.lastIndexOf(' ') + 1,
      candidates: options.candidates ?? [],
      space: true,
    }),
    clear: () => {
      written = '';
    },
  };
  const made = new LineEditor(host, { text: '$ ', width: 2 }, options.history ?? []);
  made.start();
  return { made, ran, written: () => written, finish: () => finish() };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('LineEditor', () => {
  test('inserts, moves and erases where the cursor is', () => {
    const { made } = editor();
    made.input('get pods');
    made.input('\x1b[D\x1b[D\x1b[D\x1b[D\x7f');
    expect(made.line).toBe('getpods');
    made.input(' ');
    expect(made.line).toBe('get pods');
    made.input('\x01kubectl \x05 -A');
    expect(made.line).toBe('kubectl get pods -A');
    made.input('\x17\x17');
    expect(made.line).toBe('kubectl get ');
    made.input('\x01\x1b[3~');
    expect(made.line).toBe('ubectl get ');
    made.input('\x1b[1;5C\x0b');
    expect(made.line).toBe('ubectl');
    made.input('\x15');
    expect(made.line).toBe('');
  });

  test('runs a line, keeps what is typed meanwhile for the next prompt', async () => {
    const { made, ran, finish } = editor();
    made.input('first\rsecond\rthi');
    expect(ran).toEqual(['first']);
    expect(made.busy).toBe(true);
    finish();
    await settled();
    expect(ran).toEqual(['first', 'second']);
    finish();
    await settled();
    expect(made.line).toBe('thi');
    expect(made.history).toEqual(['first', 'second']);
  });

  test('walks through history and comes back to what was begun', () => {
    const { made } = editor({ history: ['one', 'two'] });
    made.input('beg');
    made.input('\x1b[A');
    expect(made.line).toBe('two');
    made.input('\x1b[A\x1b[A');
    expect(made.line).toBe('one');
    made.input('\x1b[B\x1b[B');
    expect(made.line).toBe('beg');
  });

  test('does not keep empty lines, nor the same one twice in a row', async () => {
    const { made, finish } = editor();
    for (const line of ['a\r', '\r', 'a\r']) {
      made.input(line);
      finish();
      await settled();
    }
    expect(made.history).toEqual(['a']);
  });

  test('Ctrl-C drops the line and runs nothing', () => {
    const { made, ran } = editor();
    made.input('delete everything\x03');
    expect(made.line).toBe('');
    expect(ran).toEqual([]);
  });

  test('Tab completes what is certain and lists what is not', async () => {
    const one = editor({ candidates: ['deployments'] });
    one.made.input('get dep\t');
    await settled();
    expect(one.made.line).toBe('get deployments ');
    const many = editor({ candidates: ['web-1', 'web-2'] });
    many.made.input('get pod w\t');
    await settled();
    expect(many.made.line).toBe('get pod web-');
    many.made.input('\t');
    await settled();
    expect(many.written()).toContain('web-1  web-2');
    expect(many.made.line).toBe('get pod web-');
  });

  test('keeps the cursor right on lines that wrap', () => {
    const { made, written } = editor();
    made.input('x'.repeat(38));
    expect(written()).toContain(' \r');
    made.input('\x1b[D');
    expect(written().endsWith('\x1b[1A\r\x1b[39C')).toBe(true);
  });

  test('Ctrl-R looks backwards through the history', () => {
    const { made, ran, written } = editor({ history: ['get pods', 'describe pod web', 'get nodes'] });
    made.input('half\x12pod');
    expect(made.line).toBe('describe pod web');
    expect(written()).toContain("(reverse-i-search)`pod': describe pod web");
    made.input('\x12');
    expect(made.line).toBe('get pods');
    made.input('\x12');
    expect(made.line).toBe('get pods');
    made.input('\x7f\x7fn');
    expect(made.line).toBe('describe pod web');
    made.input('\x07');
    expect(made.line).toBe('half');
    made.input('\x15\x12node\r');
    expect(ran).toEqual(['get nodes']);
  });

  test('a key that edits ends the search on the line found', () => {
    const { made } = editor({ history: ['get pods'] });
    made.input('\x12po\x05 -A');
    expect(made.line).toBe('get pods -A');
  });

  test('ignores control characters that mean nothing', () => {
    const { made } = editor();
    made.input('a\x00\x1b[200~b');
    expect(made.line).toBe('ab');
  });
});

test('inColumns fills columns downwards', () => {
  expect(inColumns(['a', 'b', 'c'], 8)).toBe('a  c\r\nb\r\n');
});
