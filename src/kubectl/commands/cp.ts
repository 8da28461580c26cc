// kubectl cp: files between the editor and a container, through tar in the container.

import { packTar, type TarHeader, unpackTar } from 'modern-tar';
import type { Pod } from '../../api/generated/types.ts';
import { concat, streamOf, toBytes } from '../../env/bytes.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, PlainError } from '../cli/errors.ts';
import { bool, int, text } from '../cli/flags.ts';
import { defaultContainer } from '../resource/pods.ts';
import { runRemote } from '../resource/remote.ts';

interface Place {
  namespace: string;
  pod: string;
  file: string;
}

function parsePlace(spec: string, namespace: string): Place {
  const at = spec.indexOf(':');
  if (at < 0) return { namespace: '', pod: '', file: spec };
  const file = spec.slice(at + 1);
  const pod = spec.slice(0, at);
  if (pod === '') throw new CliError('filespec must match the canonical format: [[namespace/]pod:]file/path');
  const parts = pod.split('/');
  if (parts.length > 2) throw new CliError('filespec must match the canonical format: [[namespace/]pod:]file/path');
  return parts.length === 2 ? { namespace: parts[0]!, pod: parts[1]!, file } : { namespace, pod, file };
}

async function remote(
  { kube, flags }: CommandContext,
  place: Place,
  command: string[],
  stdin?: Uint8Array,
): Promise<Uint8Array> {
  const base = `/api/v1/namespaces/${place.namespace}/pods/${place.pod}`;
  const pod = (await kube.client.json(base)) as unknown as Pod;
  const container = flags.string('container') || defaultContainer(kube, pod);
  const chunks: Uint8Array[] = [];
  const code = await runRemote(kube, {
    path: `${base}/exec`,
    query: { command, container, stdin: stdin !== undefined, stdout: true, stderr: true },
    stdin: stdin && streamOf(stdin),
    tty: false,
    stdout: (data) => void chunks.push(data),
  });
  if (code !== 0) throw new PlainError(`command terminated with exit code ${code}`, code);
  return concat(chunks);
}

const baseName = (path: string) => path.replace(/\/+$/, '').replace(/^.*\//, '');

async function upload(context: CommandContext, from: Place, to: Place): Promise<void> {
  const { io } = context.kube;
  const plain = from.file.replace(/^\.\//, '').replace(/\/+$/, '');
  const single = await io.files.read(plain);
  const inside = (await io.files.list()).filter((file) => file.startsWith(`${plain}/`));
  if (single === undefined && inside.length === 0) throw new CliError(`${from.file} doesn't exist in local filesystem`);
  const folder = to.file.endsWith('/')
    ? to.file.slice(0, -1) || '/'
    : to.file.replace(/\/[^/]*$/, '') || (to.file.startsWith('/') ? '/' : '.');
  const name = to.file.endsWith('/') ? baseName(plain) : baseName(to.file);
  const mtime = new Date(io.clock.now());
  const entry = (entryName: string, content: string | Uint8Array) => {
    const body = toBytes(content);
    const header: TarHeader = { name: entryName, type: 'file', size: body.length, mode: 0o644, mtime };
    return { header, body };
  };
  const entries = single !== undefined ? [entry(name, single)] : [];
  for (const file of inside)
    entries.push(entry(`${name}${file.slice(plain.length)}`, (await io.files.read(file)) ?? ''));
  await remote(context, to, ['tar', '-xmf', '-', '-C', folder], await packTar(entries));
}

async function download(context: CommandContext, from: Place, to: Place): Promise<void> {
  const { io } = context.kube;
  if (!io.files.write) throw new CliError('this terminal has no place to write files to');
  const archive = await remote(context, from, ['tar', 'cf', '-', from.file]);
  // folders come with their files; links and devices have no place in the editor
  const entries = await unpackTar(archive, { filter: ({ type }) => type === 'file' });
  if (entries.length === 0) throw new CliError(`${from.file} no such file or directory`);
  const root = from.file.replace(/^\/+/, '').replace(/\/+$/, '');
  for (const { header, data } of entries) {
    const relative = header.name.replace(/^\/+/, '').slice(root.length).replace(/^\/+/, '');
    const target = relative === '' ? to.file : `${to.file.replace(/\/+$/, '')}/${relative}`;
    await io.files.write(target.replace(/^\.\//, ''), data ?? new Uint8Array());
  }
}

export const command: Command = {
  use: 'cp <file-spec-src> <file-spec-dest>',
  short: 'Copy files and directories to and from containers',
  long: "Copy files between the editor's files and a container. The container needs a tar program.",
  examples: [
    'kubectl cp index.html web:/usr/share/nginx/html/index.html',
    'kubectl cp default/web:/etc/hosts hosts.txt',
  ],
  arguments: 'file',
  flags: [
    text('container', 'The container; the first one when left out.', { short: 'c' }),
    bool('no-preserve', 'Owners and permissions are never kept here.'),
    int('retries', 'How often to try a copy again.'),
  ],
  async run(context) {
    const { args, kube } = context;
    if (args.length !== 2) throw new CliError('source and destination are required');
    const [from, to] = args.map((spec) => parsePlace(spec, kube.namespace)) as [Place, Place];
    if (from.pod && to.pod) throw new CliError('one of src or dest must be a local file specification');
    if (from.file === '' || to.file === '') throw new CliError('filepath can not be empty');
    if (from.pod) await download(context, from, to);
    else if (to.pod) await upload(context, from, to);
    else throw new CliError('one of src or dest must be a remote file specification');
    return 0;
  },
};
