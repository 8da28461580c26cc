import { describe, expect, test } from 'vitest';
import type { KubectlIo } from '../io.ts';
import { createKubeconfig } from '../kubeconfig.ts';
import { runShell } from './shell.ts';
import { shellSplit } from './shell-words.ts';

function terminal(files: Record<string, string> = {}) {
  const shown = { out: '', err: '' };
  const text = (data: string | Uint8Array) => (typeof data === 'string' ? data : new TextDecoder().decode(data));
  const io: KubectlIo = {
    fetch: async () => new Response('{}', { status: 503 }),
    stdout: (data) => {
      shown.out += text(data);
    },
    stderr: (data) => {
      shown.err += text(data);
    },
    files: {
      read: async (name) => files[name],
      list: async () => Object.keys(files),
      write: async (name, content) => {
        files[name] = text(content);
      },
    },
    clock: { now: () => 0, after: () => () => {} },
    config: createKubeconfig(),
  };
  return { io, shown, files };
}

describe('words', () => {
  test.each([
    [`get pods -l 'a in (b, c)'`, ['get', 'pods', '-l', 'a in (b, c)']],
    [`patch x -p "{\\"a\\": 1}"`, ['patch', 'x', '-p', '{"a": 1}']],
    [`a\\ b ''`, ['a b', '']],
    [`echo x # comment`, ['echo', 'x']],
    [`-o jsonpath='{.a}'`, ['-o', 'jsonpath={.a}']],
  ])('%s', (line, words) => {
    expect(shellSplit(line)).toEqual(words);
  });

  test('an open quote is refused', () => {
    expect(() => shellSplit(`echo 'x`)).toThrow('unexpected EOF');
  });
});

describe('lines', () => {
  const f = { f: 'b 2\na 1\nc 10\n' };
  test.each([
    ['cat f | sort', 'a 1\nb 2\nc 10\n'],
    ['cat f | sort -k2 -nr | head -n 1', 'c 10\n'],
    ['grep -v a f | wc -l', '2\n'],
    ['grep -E "a|b" f', 'b 2\na 1\n'],
    ['grep -c . < f', '3\n'],
    ['tail -1 f', 'c 10\n'],
    ['cut -d" " -f2 f', '2\n1\n10\n'],
    ['grep zzz f || echo none', 'none\n'],
    ['grep a f && echo found', 'a 1\nfound\n'],
    ['false; echo $?', '0\n'],
    ['echo a; echo b', 'a\nb\n'],
    ['echo \'$?\' "$?"', '$? 0\n'],
  ])('%s', async (line, out) => {
    const { io, shown } = terminal({ ...f });
    await runShell(line, io);
    expect(shown.out).toBe(out);
  });

  test('output goes into files, and is added to them', async () => {
    const { io, files } = terminal();
    expect(await runShell('echo a > x; echo b >> x', io)).toBe(0);
    expect(files['x']).toBe('a\nb\n');
  });

  test('exit codes: of the last command, of unknown ones, of broken lines', async () => {
    const { io, shown } = terminal();
    expect(await runShell('echo $?', io, 7)).toBe(0);
    expect(shown.out).toBe('7\n');
    expect(await runShell('rm -rf /', io)).toBe(127);
    expect(await runShell('echo a |', io)).toBe(2);
    expect(await runShell('kubectl gett', io)).toBe(1);
    expect(shown.err).toContain('error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n');
  });
});
