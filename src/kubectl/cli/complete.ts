// What Tab offers at a place of the line: commands, flags, values of flags, types, names from the server, namespaces, containers, files.

import { registry } from '../commands/registry.ts';
import type { KubectlIo } from '../io.ts';
import { globalFlags, Kube } from '../kube.ts';
import { at as valueAt } from '../object.ts';
import { listAll } from '../resource/builder.ts';
import { type ArgumentKind, type Command, nameOfCommand } from './command.ts';
import { filters } from './filters.ts';
import { type FlagSpec, Flags } from './flags.ts';
import { tokenize } from './shell-words.ts';

export interface Completion {
  /** Where the word being completed begins, and what it is so far. */
  start: number;
  word: string;
  /** Whole words that may stand there, sorted, each only once. */
  candidates: string[];
  /** False when more may follow the word at once ("pod/" or "--replicas="). */
  space: boolean;
}

/** Completes the word before `cursor`. Never throws: without a server, only what is known here is offered. */
export async function complete(line: string, cursor: number, io: KubectlIo): Promise<Completion> {
  const before = line.slice(0, cursor);
  const segment = Math.max(before.lastIndexOf('|'), before.lastIndexOf(';'), before.lastIndexOf('&')) + 1;
  let words: string[];
  try {
    words = tokenize(before.slice(segment)).flatMap((token) => ('word' in token ? [token.word] : []));
  } catch {
    words = before.slice(segment).trimStart().split(/\s+/);
  }
  const open = before === '' || /[\s|;&]$/.test(before);
  const word = open ? '' : (words.pop() ?? '');
  const typed = /\S*$/.exec(before)![0];
  const start = open ? cursor : cursor - typed.replace(/^.*[|;&]/, '').length;
  let candidates: string[] = [];
  try {
    candidates = await candidatesFor(words, word, io);
  } catch {
    candidates = [];
  }
  const fitting = [...new Set(candidates.filter((each) => each.startsWith(word)))].sort();
  return {
    start,
    word,
    candidates: fitting,
    space: !fitting.every((each) => /[/=]$/.test(each)) || fitting.length === 0,
  };
}

async function candidatesFor(words: string[], word: string, io: KubectlIo): Promise<string[]> {
  const [program, ...args] = words;
  if (program === undefined) return ['kubectl', ...Object.keys(filters), 'echo'];
  if (program !== 'kubectl' && program !== 'k') return await io.files.list();
  const known: FlagSpec[] = [...globalFlags];
  const flags = new Flags(known);
  let command: Command | undefined;
  let commands: Command[] | undefined;
  const positional: string[] = [];
  let pending: FlagSpec | undefined;
  for (const arg of args) {
    if (pending) {
      trySet(flags, pending, arg);
      pending = undefined;
      continue;
    }
    if (arg === '--') return await io.files.list();
    if (arg.startsWith('-') && arg.length > 1) {
      const [name, value] = arg.replace(/^-+/, '').split('=', 2) as [string, string | undefined];
      const spec = known.find((each) => (arg.startsWith('--') ? each.name === name : each.short === name.at(-1)));
      if (spec && value === undefined && spec.bare === undefined) pending = spec;
      else if (spec) trySet(flags, spec, value ?? spec.bare ?? '');
      continue;
    }
    if (!command) {
      const entry = registry.find((each) => each.name === arg || each.aliases?.includes(arg));
      if (!entry) return [];
      command = await entry.load();
      commands = command.commands;
      known.push(...(command.flags ?? []));
      continue;
    }
    const sub: Command | undefined =
      positional.length === 0
        ? commands?.find((each) => nameOfCommand(each) === arg || each.aliases?.includes(arg))
        : undefined;
    if (sub) {
      command = sub;
      commands = sub.commands;
      known.push(...(sub.flags ?? []));
    } else positional.push(arg);
  }
  const kube = new Kube(io, new Flags(known));
  const scoped = flags.changed('namespace')
    ? Object.assign(Object.create(kube) as Kube, { namespace: flags.string('namespace') })
    : kube;
  if (pending) return await flagValues(pending, scoped, positional);
  const inline = /^--([\w-]+)=(.*)$/s.exec(word);
  if (inline) {
    const spec = known.find((each) => each.name === inline[1]);
    return spec ? (await flagValues(spec, scoped, positional)).map((value) => `--${spec.name}=${value}`) : [];
  }
  if (word.startsWith('-')) {
    return known.flatMap((spec) => [
      `--${spec.name}${spec.bare === undefined ? '=' : ''}`,
      ...(spec.short ? [`-${spec.short}`] : []),
    ]);
  }
  if (!command) return [...registry.map((each) => each.name), 'help', 'options'];
  const subs = positional.length === 0 ? (commands ?? []).map(nameOfCommand) : [];
  return [...subs, ...(await argumentValues(command.arguments, scoped, positional, word))];
}

function trySet(flags: Flags, spec: FlagSpec, value: string): void {
  if (flags.has(spec.name)) flags.set(spec, value);
}

async function flagValues(spec: FlagSpec, kube: Kube, positional: string[]): Promise<string[]> {
  switch (spec.name) {
    case 'namespace':
      return await names(kube, 'namespaces');
    case 'filename':
    case 'kustomize':
    case 'from-file':
      return await files(kube);
    case 'output':
      return ['json', 'yaml', 'name', 'wide', 'jsonpath=', 'go-template=', 'custom-columns='];
    case 'context':
      return kube.io.config.value.contexts.map((each) => each.name);
    case 'dry-run':
      return ['none', 'client', 'server'];
    case 'cascade':
      return ['background', 'foreground', 'orphan'];
    case 'container':
      return await containers(kube, positional[0]);
    default:
      return [];
  }
}

async function files(kube: Kube): Promise<string[]> {
  const all = await kube.io.files.list();
  const folders = all.filter((file) => file.includes('/')).map((file) => `${file.slice(0, file.lastIndexOf('/'))}/`);
  return [...all, ...folders];
}

async function names(kube: Kube, type: string): Promise<string[]> {
  const resource = await kube.discovery.find(type);
  return (await listAll(kube, resource, resource.namespaced ? kube.namespace : '')).items.map(
    (item) => item.metadata.name ?? '',
  );
}

async function containers(kube: Kube, pod: string | undefined): Promise<string[]> {
  if (!pod) return [];
  const object = await kube.client.json(`/api/v1/namespaces/${kube.namespace}/pods/${pod.replace(/^.*\//, '')}`);
  const list = (valueAt(object, 'spec', 'containers') ?? []) as { name: string }[];
  return list.map((each) => each.name);
}

async function types(kube: Kube, verb = 'get'): Promise<string[]> {
  const all = (await kube.discovery.resources()).filter((each) => each.verbs.includes(verb));
  const seen = new Map<string, string>();
  for (const each of all) {
    const taken = seen.get(each.name);
    if (taken === undefined) seen.set(each.name, each.group);
    else if (taken !== each.group) seen.set(`${each.name}.${each.group}`, each.group);
  }
  return [...seen.keys()];
}

const workloads = ['deployment', 'statefulset', 'daemonset', 'replicaset'];

async function argumentValues(
  kind: ArgumentKind | undefined,
  kube: Kube,
  positional: string[],
  word: string,
): Promise<string[]> {
  const slash = word.indexOf('/');
  if (slash > 0 && kind !== 'file')
    return (await names(kube, word.slice(0, slash))).map((name) => `${word.slice(0, slash)}/${name}`);
  switch (kind) {
    case 'resource':
    case 'workload': {
      if (positional.length > 0 && !positional[0]!.includes('/'))
        return (await names(kube, positional[0]!)).filter((name) => !positional.includes(name));
      const comma = word.lastIndexOf(',') + 1;
      const offered = kind === 'workload' ? workloads : await types(kube);
      return offered.map((type) => word.slice(0, comma) + type);
    }
    case 'type':
      return positional.length === 0 ? await types(kube) : [];
    case 'pod-or-type':
      return positional.length === 0
        ? [...(await names(kube, 'pods')), ...workloads.map((type) => `${type}/`)]
        : await containers(kube, positional[0]);
    case 'name:pods':
      return positional.length === 0 ? await names(kube, 'pods') : [];
    case 'name:nodes':
      return (await names(kube, 'nodes')).filter((name) => !positional.includes(name));
    case 'file':
      return await files(kube);
    case 'context':
      return kube.io.config.value.contexts.map((each) => each.name);
    default:
      return [];
  }
}
