// Finds the command a line names, runs it, and turns what it throws into text on stderr and an exit code.

import { type Command, descend, execute, firstWord, suggestions } from './cli/command.ts';
import { CliError, renderError } from './cli/errors.ts';
import { flagHelp } from './cli/flags.ts';
import { shellSplit } from './cli/shell-words.ts';
import { groups, registry } from './commands/registry.ts';
import type { KubectlIo } from './io.ts';
import { globalFlags, Kube } from './kube.ts';

function rootHelp(): string {
  const width = (entries: { name: string }[]) => Math.max(...entries.map((each) => each.name.length), 13) + 3;
  const sections = groups.map((group) => {
    const entries = registry.filter((each) => each.group === group);
    return `${group}\n${entries.map((each) => `  ${each.name.padEnd(width(entries) - 0)}${each.short}`).join('\n')}`;
  });
  return `kubectl controls the Kubernetes cluster manager.

 Find more information at: https://kubernetes.io/docs/reference/kubectl/

${sections.join('\n\n')}

Usage:
  kubectl [flags] [options]

Use "kubectl <command> --help" for more information about a given command.
Use "kubectl options" for a list of global command-line options (applies to all commands).
`;
}

/**
 * Runs one command. `args` are the words after "kubectl" (a string is split as a shell would; a leading "kubectl" or "k" is dropped).
 * Output goes to `io`; the result is the exit code (130 after Ctrl-C). Never throws for a failed command.
 */
export async function runKubectl(args: string | string[], io: KubectlIo): Promise<number> {
  try {
    const words = typeof args === 'string' ? shellSplit(args) : [...args];
    if (words[0] === 'kubectl' || (typeof args === 'string' && words[0] === 'k')) words.shift();
    return await dispatch(words, io);
  } catch (error) {
    if (io.signal?.aborted) return 130;
    const { text, exitCode } = renderError(error);
    io.stderr(text);
    return exitCode;
  }
}

async function dispatch(words: string[], io: KubectlIo): Promise<number> {
  const print = (text: string) => io.stdout(text);
  const at = firstWord(words, globalFlags);
  const name = at < 0 ? undefined : words[at]!;
  if (name === undefined || name === 'help') {
    const topic = name === 'help' ? words.slice(at + 1) : [];
    const unknown = words.find(
      (word) =>
        word.startsWith('-') &&
        !/^(-h|--help)$/.test(word) &&
        !globalFlags.some(
          (flag) => word.startsWith(`--${flag.name}`) || (flag.short && word.startsWith(`-${flag.short}`)),
        ),
    );
    if (topic.length > 0) return await dispatch([...topic, '--help'], io);
    if (unknown && name === undefined)
      throw new CliError(`unknown flag: ${unknown.split('=')[0]}\nSee 'kubectl --help' for usage.`);
    print(rootHelp());
    return 0;
  }
  if (name === 'options') {
    print(`The following options can be passed to any command:\n\n${globalFlags.map(flagHelp).join('\n')}`);
    return 0;
  }
  const entry = registry.find((each) => each.name === name || each.aliases?.includes(name));
  if (!entry) {
    const maybe = suggestions(
      name,
      registry.map((each) => each.name),
    );
    const hint =
      maybe.length > 0 ? `\n\nDid you mean this?\n${maybe.map((each) => `\t${each}`).join('\n')}` : ` for "kubectl"`;
    throw new CliError(
      maybe.length > 0
        ? `unknown command ${JSON.stringify(name)} for "kubectl"${hint}\n`
        : `unknown command ${JSON.stringify(name)} for "kubectl"`,
    );
  }
  const command = await entry.load();
  const root: Command = { use: 'kubectl', short: '', commands: [command] };
  const found = descend(root, words, (each) => [...(each.flags ?? []), ...globalFlags]);
  return await execute(
    async (flags) => new Kube(io, flags),
    found,
    globalFlags,
    print,
    (text) => io.stderr(text),
  );
}
