// A small shell around kubectl: pipes into grep, head, tail, wc, sort, uniq, cut and cat, `;` `&&` `||`, redirection to and from files, `$?`.
// It runs nothing else and says so.

import { concat, streamOf, toBytes } from '../../env/bytes.ts';
import { messageOf } from '../../env/errors.ts';
import type { KubectlIo } from '../io.ts';
import { runKubectl } from '../run.ts';
import { type Filter, filters } from './filters.ts';
import { type Token, tokenize } from './shell-words.ts';

interface SimpleCommand {
  words: string[];
  input?: string;
  output?: { file: string; append: boolean };
  errorsToOutput: boolean;
  errorsDropped: boolean;
}
interface Pipeline {
  commands: SimpleCommand[];
  /** When it runs: always, after success, after failure. */
  when: ';' | '&&' | '||';
}

function parse(tokens: Token[]): Pipeline[] | string {
  const empty = (): SimpleCommand => ({ words: [], errorsToOutput: false, errorsDropped: false });
  const pipelines: Pipeline[] = [];
  let pipeline: Pipeline = { commands: [empty()], when: ';' };
  const unexpected = (token: string) => `syntax error near unexpected token \`${token}'`;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const current = pipeline.commands.at(-1)!;
    if ('word' in token) current.words.push(token.word);
    else if (token.operator === '2>&1') current.errorsToOutput = true;
    else if (token.operator === '|') {
      if (current.words.length === 0) return unexpected('|');
      pipeline.commands.push(empty());
    } else if (token.operator === ';' || token.operator === '&&' || token.operator === '||') {
      if (current.words.length === 0) {
        if (token.operator === ';' && pipeline.commands.length === 1) continue;
        return unexpected(token.operator);
      }
      pipelines.push(pipeline);
      pipeline = { commands: [empty()], when: token.operator };
    } else {
      const file = tokens[++i];
      if (!file || !('word' in file)) return unexpected('newline');
      if (token.operator === '<') current.input = file.word;
      else if (token.operator === '2>') current.errorsDropped = true;
      else current.output = { file: file.word, append: token.operator === '>>' };
    }
  }
  const last = pipeline.commands.at(-1)!;
  if (last.words.length > 0) pipelines.push(pipeline);
  else if (pipeline.commands.length > 1 || pipeline.when !== ';') return unexpected('newline');
  return pipelines;
}

/** Runs one simple command with the given streams. */
async function runOne(words: string[], io: KubectlIo, input: ReadableStream<Uint8Array> | undefined): Promise<number> {
  const [name, ...args] = words as [string, ...string[]];
  if (name === 'kubectl' || name === 'k') return await runKubectl(args, { ...io, stdin: input ?? io.stdin });
  if (name === 'echo') {
    io.stdout(`${(args[0] === '-n' ? args.slice(1) : args).join(' ')}${args[0] === '-n' ? '' : '\n'}`);
    return 0;
  }
  if (name === 'true' || name === 'false') return name === 'true' ? 0 : 1;
  if (name === 'ls') {
    for (const file of (await io.files.list()).sort()) io.stdout(`${file}\n`);
    return 0;
  }
  const filter: Filter | undefined = filters[name];
  if (!filter) {
    io.stderr(
      `${name}: command not found. This terminal runs kubectl and the filters ${Object.keys(filters).sort().join(', ')}.\n`,
    );
    return 127;
  }
  return await filter(args, io, input);
}

/**
 * Runs a line. `lastExit` is what `$?` stands for; the result is the exit code of the last command.
 * A line may begin with "kubectl" (or "k") or with a filter.
 */
export async function runShell(line: string, io: KubectlIo, lastExit = 0): Promise<number> {
  let tokens: Token[];
  let code = lastExit;
  try {
    tokens = tokenize(line, (name) => (name === '?' ? String(lastExit) : undefined));
  } catch (error) {
    io.stderr(`${messageOf(error)}\n`);
    return 2;
  }
  const pipelines = parse(tokens);
  if (typeof pipelines === 'string') {
    io.stderr(`${pipelines}\n`);
    return 2;
  }
  for (const { commands, when } of pipelines) {
    if (io.signal?.aborted) return 130;
    if ((when === '&&' && code !== 0) || (when === '||' && code === 0)) continue;
    code = await runPipeline(commands, io);
  }
  return code;
}

async function runPipeline(commands: SimpleCommand[], io: KubectlIo): Promise<number> {
  const stop = new AbortController();
  const signal = io.signal ? AbortSignal.any([io.signal, stop.signal]) : stop.signal;
  let input: ReadableStream<Uint8Array> | undefined;
  const running: Promise<number>[] = [];
  for (const [i, command] of commands.entries()) {
    const last = i === commands.length - 1;
    let stdin = input;
    if (command.input !== undefined) {
      const content = await io.files.read(command.input);
      if (content === undefined) {
        io.stderr(`${command.input}: No such file or directory\n`);
        return 1;
      }
      stdin = streamOf(toBytes(content));
    }
    const encoder = new TextEncoder();
    const chunks: Uint8Array[] = [];
    let close = () => {};
    let stdout = io.stdout.bind(io);
    if (command.output) stdout = (data) => void chunks.push(typeof data === 'string' ? encoder.encode(data) : data);
    else if (!last) {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 1024 });
      const writer = writable.getWriter();
      input = readable;
      stdout = (data) =>
        void writer.write(typeof data === 'string' ? encoder.encode(data) : data).catch(() => stop.abort());
      close = () => void writer.close().catch(() => {});
    }
    const stderr = command.errorsDropped ? () => {} : command.errorsToOutput ? stdout : io.stderr.bind(io);
    const plain = commands.length > 1 || command.output !== undefined;
    const { tty, ...rest } = io;
    const own: KubectlIo = { ...rest, stdout, stderr, signal, ...(plain || !tty ? {} : { tty }) };
    const run = runOne(command.words, own, stdin).finally(close);
    running.push(
      run.then(async (code) => {
        if (!command.output) return code;
        return (await writeFile(io, command.output, chunks)) ? code : 1;
      }),
    );
  }
  return (await Promise.all(running)).at(-1)!;
}

async function writeFile(
  io: KubectlIo,
  output: { file: string; append: boolean },
  chunks: Uint8Array[],
): Promise<boolean> {
  if (!io.files.write) {
    io.stderr(`${output.file}: Read-only file system\n`);
    return false;
  }
  const before = output.append ? await io.files.read(output.file) : undefined;
  const all = before === undefined ? chunks : [toBytes(before), ...chunks];
  await io.files.write(output.file, new TextDecoder().decode(concat(all)));
  return true;
}
