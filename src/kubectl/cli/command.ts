// The tree of commands: how the words of a line find their command, how its flags are read, how help is printed and mistakes are answered.
// A command's code is loaded when it is first used. Behaviour of cobra as kubectl sets it up.

import type { Kube } from '../kube.ts';
import { CliError, UsageError } from './errors.ts';
import { type FlagSpec, Flags, flagHelp } from './flags.ts';

export interface CommandContext {
  kube: Kube;
  flags: Flags;
  args: string[];
  /** How many arguments stood before `--`; -1 without it. */
  dashAt: number;
  /** "kubectl create deployment": for usage errors. */
  path: string;
  usage(message: string): UsageError;
}

/** What completion of an argument offers. */
export type ArgumentKind =
  | 'resource'
  | 'type'
  | 'name:pods'
  | 'name:nodes'
  | 'file'
  | 'none'
  | 'pod-or-type'
  | 'context'
  | 'workload';

export interface Command {
  /** The usage line after "kubectl": "get [(-o|--output=)...] (TYPE ...)". Its first word is the name. */
  use: string;
  aliases?: string[];
  short: string;
  long?: string;
  examples?: string[];
  flags?: FlagSpec[];
  commands?: Command[];
  arguments?: ArgumentKind;
  /** Flags end at the first argument (exec, config set...). */
  run?(context: CommandContext): Promise<number | undefined>;
}

/** A command that is not loaded yet. */
export interface CommandEntry {
  name: string;
  aliases?: string[];
  short: string;
  group: string;
  load(): Promise<Command>;
}

export const nameOfCommand = (command: Command): string => command.use.split(' ')[0]!;

/** Finds the sub-command a list of words leads to; flags may stand between. */
export function descend(
  root: Command,
  args: string[],
  flagsOf: (command: Command) => FlagSpec[],
): { command: Command; path: string[]; args: string[]; trail: Command[] } {
  let command = root;
  const path = [nameOfCommand(root)];
  const trail = [root];
  let rest = args;
  while (command.commands) {
    const at = firstWord(rest, flagsOf(command));
    if (at < 0) break;
    const word = rest[at]!;
    const next = command.commands.find((each) => nameOfCommand(each) === word || each.aliases?.includes(word));
    if (!next) break;
    rest = [...rest.slice(0, at), ...rest.slice(at + 1)];
    command = next;
    path.push(nameOfCommand(next));
    trail.push(next);
  }
  return { command, path, args: rest, trail };
}

/** The index of the first argument that is no flag and no flag's value; -1 for none. */
export function firstWord(args: string[], specs: FlagSpec[]): number {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') return -1;
    if (arg.startsWith('--')) {
      const spec = specs.find((each) => each.name === arg.slice(2));
      if (!arg.includes('=') && spec && spec.bare === undefined) i++;
    } else if (arg.startsWith('-') && arg.length > 1) {
      const spec = specs.find((each) => each.short === arg.at(-1));
      if (arg.length === 2 && spec && spec.bare === undefined) i++;
    } else return i;
  }
  return -1;
}

/** Reads flags, answers --help, and runs. */
export async function execute(
  kube: (flags: Flags) => Promise<Kube>,
  found: { command: Command; path: string[]; args: string[] },
  globals: FlagSpec[],
  print: (text: string) => void,
  printError: (text: string) => void,
): Promise<number> {
  const { command, path } = found;
  const commandPath = path.join(' ');
  const help: FlagSpec = { name: 'help', short: 'h', kind: 'bool', bare: 'true', usage: 'Help for this command' };
  const own = command.flags ?? [];
  const taken = new Set(own.flatMap((spec) => [spec.name, spec.short]));
  const flags = new Flags([
    ...own,
    ...globals.filter((spec) => !taken.has(spec.name) && !(spec.short && taken.has(spec.short))),
    help,
  ]);
  let parsed: { args: string[]; dashAt: number };
  try {
    parsed = flags.parse(found.args);
  } catch (error) {
    if (error instanceof CliError) throw new CliError(`${error.message}\nSee '${commandPath} --help' for usage.`);
    throw error;
  }
  if (flags.bool('help')) {
    print(helpText(command, commandPath));
    return 0;
  }
  const usage = (message: string) => new UsageError(commandPath, message);
  if (!command.run) {
    if (parsed.args.length > 0) throw usage(`unknown command ${JSON.stringify(parsed.args.join(' '))}`);
    printError(helpText(command, commandPath));
    return 1;
  }
  const missing = own
    .filter((spec) => spec.required && !flags.changed(spec.name))
    .map((spec) => JSON.stringify(spec.name));
  if (missing.length > 0) throw new CliError(`required flag(s) ${missing.join(', ')} not set`);
  const code = await command.run({ kube: await kube(flags), flags, path: commandPath, usage, ...parsed });
  return code ?? 0;
}

/** The help of one command. */
export function helpText(command: Command, path: string): string {
  const parts = [command.long ?? `${command.short}.`];
  if (command.aliases?.length) parts.push(`Aliases:\n${[nameOfCommand(command), ...command.aliases].join(', ')}`);
  if (command.examples?.length) parts.push(`Examples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  if (command.commands) {
    const width = Math.max(...command.commands.map((each) => nameOfCommand(each).length)) + 3;
    const lines = command.commands.map((each) => `  ${nameOfCommand(each).padEnd(width)}${each.short}`);
    parts.push(`Available Commands:\n${lines.join('\n')}`);
  }
  if (command.flags?.length) {
    const sorted = [...command.flags].sort((a, b) => (a.name < b.name ? -1 : 1));
    parts.push(`Options:\n${sorted.map(flagHelp).join('\n').trimEnd()}`);
  }
  const parent = path.split(' ').slice(0, -1).join(' ');
  parts.push(
    `Usage:\n  ${command.commands && !command.run ? `${path} SUBCOMMAND` : `${parent} ${command.use}`.trim()} [options]`,
  );
  const more = command.commands ? `Use "${path} <command> --help" for more information about a given command.\n` : '';
  return `${parts.join('\n\n')}\n\n${more}Use "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}

/** Up to distance 2, or a shared beginning: what the user may have meant. */
export function suggestions(word: string, names: string[]): string[] {
  return names.filter((name) => distance(word.toLowerCase(), name) <= 2 || name.startsWith(word.toLowerCase()));
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
