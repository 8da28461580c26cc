// What a container on a hollow node does. No process runs there, so a very small interpreter plays the commands that tutorials use to end a container
// or to print something: echo, sleep, true, false, exit, cat, env, hostname, date, `sh -c` with lists, `while true` and redirections to files.
//
// Invariant: it never pretends to know more. At the first command or syntax it does not know it stops interpreting, and the container simply keeps running.

import { type Command, parseScript, type Statement, type Word } from './script.ts';

export interface BehaviourContext {
  envs: Record<string, string>;
  hostname: string;
  /** Cluster ms. */
  now(): number;
  /** A file in one of the container's volumes, or undefined. */
  readFile(path: string): string | undefined;
}

/** What the interpreter wants done before it is resumed. */
export type Effect =
  | { write: string; stream: 'stdout' | 'stderr' }
  | { file: string; content: string; append: boolean }
  | { sleepMilliseconds: number }
  | { ignoreTerm: true };

/** Ends with an exit code, or with undefined: "keeps running" (or, for exec, "cannot be played"). */
export type Behaviour = Generator<Effect, number | undefined>;

const shells = /(^|\/)(sh|ash|bash|dash)$/;
const mayPass: unique symbol = Symbol('keeps running');
type Outcome = number | { exit: number } | typeof mayPass;

/** Plays one command line (argv). */
export function* behave(argv: readonly string[], context: BehaviourContext): Behaviour {
  const name = argv[0] ?? '';
  if (shells.test(name)) {
    if (argv.length === 1) return 0; // a shell whose stdin is empty ends at once
    if (!/^-[a-z]*c[a-z]*$/.test(argv[1] ?? '') || argv[2] === undefined) return undefined;
    const statements = parseScript(argv[2]);
    if (!statements) return undefined;
    return finish(yield* runList(statements, context));
  }
  const words = argv.map((value): Word => [{ text: value }]);
  return finish(yield* runCommand({ words, redirect: undefined }, context));
}

function finish(outcome: Outcome): number | undefined {
  if (outcome === mayPass) return undefined;
  return typeof outcome === 'number' ? outcome : outcome.exit;
}

function* runList(statements: Statement[], context: BehaviourContext): Generator<Effect, Outcome> {
  let status = 0;
  for (const statement of statements) {
    if (statement.when === 'success' && status !== 0) continue;
    if (statement.when === 'failure' && status === 0) continue;
    const outcome = statement.loop
      ? yield* runLoop(statement.loop, context)
      : yield* runCommand(statement.command, context);
    if (typeof outcome !== 'number') return outcome;
    status = outcome;
  }
  return status;
}

function* runLoop(body: Statement[], context: BehaviourContext): Generator<Effect, Outcome> {
  for (;;) {
    let slept = false;
    const inner = runList(body, context);
    for (let step = inner.next(); ; step = inner.next()) {
      if (step.done) {
        if (typeof step.value !== 'number') return step.value;
        break;
      }
      if ('sleepMilliseconds' in step.value && step.value.sleepMilliseconds > 0) slept = true;
      yield step.value;
    }
    if (!slept) return mayPass; // a loop that never sleeps would spin: once round is enough to show
  }
}

function* runCommand(command: Command, context: BehaviourContext): Generator<Effect, Outcome> {
  const argv: string[] = [];
  for (const word of command.words) {
    const value = expandWord(word, context);
    if (value === undefined) return mayPass;
    argv.push(value);
  }
  const result = builtin(argv, context);
  if (result === undefined) return mayPass;
  if (result.sleepMilliseconds !== undefined) yield { sleepMilliseconds: result.sleepMilliseconds };
  if (result.ignoreTerm) yield { ignoreTerm: true };
  if (result.stderr) yield { write: result.stderr, stream: 'stderr' };
  if (result.stdout !== undefined) {
    const target = command.redirect ? expandWord(command.redirect.target, context) : undefined;
    if (command.redirect && target === undefined) return mayPass;
    if (target === undefined) yield { write: result.stdout, stream: 'stdout' };
    else if (target === '&2' || target === '/dev/stderr') yield { write: result.stdout, stream: 'stderr' };
    else if (target === '&1' || target === '/dev/stdout') yield { write: result.stdout, stream: 'stdout' };
    else if (target !== '/dev/null')
      yield { file: target, content: result.stdout, append: command.redirect?.append ?? false };
  }
  return result.exits ? { exit: result.status } : result.status;
}

interface BuiltinResult {
  status: number;
  stdout?: string;
  stderr?: string;
  sleepMilliseconds?: number;
  exits?: boolean;
  ignoreTerm?: boolean;
}

function builtin(argv: string[], context: BehaviourContext): BuiltinResult | undefined {
  const [path = '', ...args] = argv;
  switch (path.replace(/^.*\/bin\//, '')) {
    case '':
    case ':':
    case 'true':
      return { status: 0 };
    case 'false':
      return { status: 1 };
    case 'exit':
      return { status: Number.parseInt(args[0] ?? '0', 10) & 255, exits: true };
    case 'echo': {
      const bare = args[0] === '-n';
      return { status: 0, stdout: (bare ? args.slice(1) : args).join(' ') + (bare ? '' : '\n') };
    }
    case 'sleep': {
      const milliseconds = sleepMilliseconds(args);
      return milliseconds === undefined
        ? { status: 1, stderr: `sleep: invalid number '${args[0] ?? ''}'\n` }
        : { status: 0, sleepMilliseconds: milliseconds };
    }
    case 'hostname':
      return args.length === 0 ? { status: 0, stdout: `${context.hostname}\n` } : undefined;
    case 'date':
      return args.length === 0 ? { status: 0, stdout: `${dateLine(context.now())}\n` } : undefined;
    case 'env':
    case 'printenv': {
      if (args.length > 1 || (args.length === 1 && !path.endsWith('printenv'))) return undefined;
      const only = args[0];
      if (only !== undefined) {
        const value = context.envs[only];
        return value === undefined ? { status: 1 } : { status: 0, stdout: `${value}\n` };
      }
      return {
        status: 0,
        stdout: Object.entries(context.envs)
          .map(([key, value]) => `${key}=${value}\n`)
          .join(''),
      };
    }
    case 'cat': {
      const contents = args.map((file) => context.readFile(file));
      if (args.length === 0 || contents.includes(undefined)) return undefined;
      return { status: 0, stdout: contents.join('') };
    }
    case 'trap':
      return args[0] === '' && /^(SIG)?TERM$/.test(args[1] ?? '') ? { status: 0, ignoreTerm: true } : undefined;
    default:
      return undefined;
  }
}

/** Sum of durations as sleep(1) takes them, in ms; undefined if one is not a number. "infinity" never ends. */
function sleepMilliseconds(args: string[]): number | undefined {
  if (args.length === 0) return undefined;
  let total = 0;
  for (const arg of args) {
    if (arg === 'infinity' || arg === 'inf') return Number.POSITIVE_INFINITY;
    const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(arg);
    if (!match) return undefined;
    total += Number(match[1]) * { '': 1, s: 1, m: 60, h: 3600, d: 86400 }[match[2] as '' | 's']! * 1000;
  }
  return total;
}

function dateLine(milliseconds: number): string {
  const [weekday, day, month, year, time] = new Date(milliseconds).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${(day ?? '').replace(/^0/, ' ')} ${time} UTC ${year}`;
}

/** The word with variables and command substitutions filled in; undefined if a substitution cannot be played. */
function expandWord(word: Word, context: BehaviourContext): string | undefined {
  let out = '';
  for (const part of word) {
    if ('text' in part) out += part.text;
    else if ('variable' in part)
      out += part.variable === 'HOSTNAME' ? context.hostname : (context.envs[part.variable] ?? '');
    else {
      const inner = runList(part.substitution, context);
      let captured = '';
      for (let step = inner.next(); ; step = inner.next()) {
        if (step.done) {
          if (step.value === mayPass) return undefined;
          break;
        }
        if ('write' in step.value) {
          if (step.value.stream === 'stdout') captured += step.value.write;
        } else return undefined;
      }
      out += captured.replace(/\n+$/, '');
    }
  }
  return out;
}
