// The filters a line may pipe into. Each reads its input (or the files it names) as lines and knows the options people use.

import { messageOf } from '../../env/errors.ts';
import type { KubectlIo } from '../io.ts';

export type Filter = (args: string[], io: KubectlIo, input: ReadableStream<Uint8Array> | undefined) => Promise<number>;

async function* linesFrom(
  files: string[],
  io: KubectlIo,
  input: ReadableStream<Uint8Array> | undefined,
): AsyncGenerator<string> {
  if (files.length > 0) {
    for (const file of files) {
      const content = await io.files.read(file);
      if (content === undefined) throw new Error(`${file}: No such file or directory`);
      const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
      if (text !== '') yield* text.replace(/\n$/, '').split('\n');
    }
    return;
  }
  const source = input ?? io.stdin;
  if (!source) return;
  const reader = source.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop()!;
      yield* parts;
    }
    if (rest !== '') yield rest;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

interface Options {
  flags: Set<string>;
  values: Map<string, string>;
  rest: string[];
}

/** Reads bundled one-letter options; letters in `valued` take the rest of the word or the next one. */
function options(args: string[], known: string, valued: string): Options | string {
  const parsed: Options = { flags: new Set(), values: new Map(), rest: [] };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      parsed.rest.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      parsed.rest.push(arg);
      continue;
    }
    const number = /^-(\d+)$/.exec(arg);
    if (number && valued.includes('n')) {
      parsed.values.set('n', number[1]!);
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!;
      if (valued.includes(letter)) {
        parsed.values.set(letter, arg.slice(at + 1) || args[++i] || '');
        break;
      }
      if (!known.includes(letter)) return letter;
      parsed.flags.add(letter);
    }
  }
  return parsed;
}

type Body = (parsed: Options, io: KubectlIo, input: ReadableStream<Uint8Array> | undefined) => Promise<number>;

const filter =
  (name: string, known: string, valued: string, body: Body): Filter =>
  async (args, io, input) => {
    const parsed = options(args, known, valued);
    if (typeof parsed === 'string') {
      io.stderr(`${name}: invalid option -- '${parsed}'\n`);
      return 2;
    }
    try {
      return await body(parsed, io, input);
    } catch (error) {
      io.stderr(`${name}: ${messageOf(error)}\n`);
      return 2;
    }
  };

/** A basic regular expression in JavaScript's notation: + ? | ( ) { } are plain unless escaped. */
const fromBasic = (pattern: string): string =>
  pattern.replace(/\\([+?|(){}])|([+?|(){}])/g, (_all, escaped?: string, plain?: string) => escaped ?? `\\${plain}`);

const grep = filter('grep', 'ivEcnoqwFx', 'eABCm', async ({ flags, values, rest }, io, input) => {
  const pattern = values.get('e') ?? rest.shift();
  if (pattern === undefined) throw new Error('usage: grep [-ivEFcnoqwx] PATTERN [FILE]...');
  let source = flags.has('F')
    ? pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    : flags.has('E')
      ? pattern
      : fromBasic(pattern);
  if (flags.has('w')) source = `\\b(?:${source})\\b`;
  if (flags.has('x')) source = `^(?:${source})$`;
  const expression = new RegExp(source, flags.has('i') ? 'gi' : 'g');
  const after = Number(values.get('A') ?? values.get('C') ?? 0);
  const before = Number(values.get('B') ?? values.get('C') ?? 0);
  const kept: string[] = [];
  let count = 0;
  let number = 0;
  let trailing = 0;
  for await (const line of linesFrom(rest, io, input)) {
    number++;
    expression.lastIndex = 0;
    const hit = expression.test(line) !== flags.has('v');
    const label = flags.has('n') ? `${number}:` : '';
    if (hit) {
      count++;
      if (flags.has('q')) return 0;
      if (!flags.has('c')) {
        for (const each of kept.splice(0)) io.stdout(`${each}\n`);
        if (flags.has('o')) for (const match of line.matchAll(expression)) io.stdout(`${label}${match[0]}\n`);
        else io.stdout(`${label}${line}\n`);
      }
      trailing = after;
      if (values.has('m') && count >= Number(values.get('m'))) break;
    } else if (trailing > 0) {
      trailing--;
      io.stdout(`${line}\n`);
    } else if (before > 0) {
      kept.push(line);
      if (kept.length > before) kept.shift();
    }
  }
  if (flags.has('c')) io.stdout(`${count}\n`);
  return count > 0 ? 0 : 1;
});

const head = filter('head', '', 'n', async ({ values, rest }, io, input) => {
  let left = Number(values.get('n') ?? 10);
  if (left === 0) return 0;
  for await (const line of linesFrom(rest, io, input)) {
    io.stdout(`${line}\n`);
    if (--left <= 0) break;
  }
  return 0;
});

const tail = filter('tail', '', 'n', async ({ values, rest }, io, input) => {
  const count = values.get('n') ?? '10';
  const lines: string[] = [];
  for await (const line of linesFrom(rest, io, input)) lines.push(line);
  const from = count.startsWith('+') ? Number(count.slice(1)) - 1 : Math.max(0, lines.length - Number(count));
  for (const line of lines.slice(from)) io.stdout(`${line}\n`);
  return 0;
});

const wc = filter('wc', 'lwc', '', async ({ flags, rest }, io, input) => {
  let lines = 0;
  let words = 0;
  let bytes = 0;
  for await (const line of linesFrom(rest, io, input)) {
    lines++;
    words += line.split(/\s+/).filter((word) => word !== '').length;
    bytes += new TextEncoder().encode(line).length + 1;
  }
  const all = flags.size === 0;
  const shown = [
    (all || flags.has('l')) && lines,
    (all || flags.has('w')) && words,
    (all || flags.has('c')) && bytes,
  ].filter((each) => each !== false);
  io.stdout(`${shown.length === 1 ? shown[0] : shown.map((each) => String(each).padStart(7)).join(' ')}\n`);
  return 0;
});

const sort = filter('sort', 'rnu', 'k', async ({ flags, values, rest }, io, input) => {
  let lines: string[] = [];
  for await (const line of linesFrom(rest, io, input)) lines.push(line);
  const column = Number.parseInt(values.get('k') ?? '0', 10);
  const key = (line: string) => (column > 0 ? (line.trim().split(/\s+/)[column - 1] ?? '') : line);
  const numeric = flags.has('n') || /n/.test(values.get('k') ?? '');
  lines.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const order = numeric ? (Number.parseFloat(x) || 0) - (Number.parseFloat(y) || 0) : x < y ? -1 : x > y ? 1 : 0;
    return flags.has('r') ? -order : order;
  });
  if (flags.has('u')) lines = lines.filter((line, i) => i === 0 || key(line) !== key(lines[i - 1]!));
  for (const line of lines) io.stdout(`${line}\n`);
  return 0;
});

const uniq = filter('uniq', 'c', '', async ({ flags, rest }, io, input) => {
  let last: string | undefined;
  let count = 0;
  const put = () => {
    if (last !== undefined) io.stdout(flags.has('c') ? `${String(count).padStart(7)} ${last}\n` : `${last}\n`);
  };
  for await (const line of linesFrom(rest, io, input)) {
    if (line === last) count++;
    else {
      put();
      last = line;
      count = 1;
    }
  }
  put();
  return 0;
});

const cut = filter('cut', '', 'dfc', async ({ values, rest }, io, input) => {
  const spec = values.get('f') ?? values.get('c');
  if (!spec) throw new Error('you must specify a list of bytes, characters, or fields');
  const wanted = (position: number) =>
    spec.split(',').some((part) => {
      const [from, to] = part.includes('-') ? part.split('-') : [part, part];
      return position >= Number(from || 1) && position <= Number(to || Number.POSITIVE_INFINITY);
    });
  const separator = values.has('c') ? '' : (values.get('d') ?? '\t');
  for await (const line of linesFrom(rest, io, input)) {
    const parts = line.split(separator);
    io.stdout(`${(parts.length === 1 && separator ? parts : parts.filter((_, i) => wanted(i + 1))).join(separator)}\n`);
  }
  return 0;
});

const cat = filter('cat', '', '', async ({ rest }, io, input) => {
  for await (const line of linesFrom(
    rest.filter((file) => file !== '-'),
    io,
    input,
  ))
    io.stdout(`${line}\n`);
  return 0;
});

export const filters: Record<string, Filter> = { grep, head, tail, wc, sort, uniq, cut, cat };
