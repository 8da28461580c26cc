// Generators of `kubectl create` for configuration and accounts: namespaces, config maps, secrets, service accounts.

import { isConfigMapKey } from '../../api/names.ts';
import type { CommandContext } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { array, type FlagSpec, text } from '../cli/flags.ts';
import type { Generator } from './create.ts';

const sources: FlagSpec[] = [
  array('from-literal', 'A key and literal value: mykey=somevalue.'),
  array('from-file', 'A file, key=file, or a folder whose files become keys.'),
  array('from-env-file', 'A file of key=value lines.'),
];

const toBytes = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;
const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** All keys and contents that the flags name, in the order of their kinds: literals and files. */
async function readSources({ kube, flags }: CommandContext): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const add = (key: string, bytes: Uint8Array) => {
    const wrong = isConfigMapKey(key);
    if (wrong.length > 0)
      throw new CliError(`${JSON.stringify(key)} is not a valid key name for a ConfigMap: ${wrong.join(',')}`);
    if (found.has(key))
      throw new CliError(`cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data`);
    found.set(key, bytes);
  };
  for (const source of flags.list('from-file')) {
    const at = source.indexOf('=');
    if (at === 0) throw new CliError(`key name for file path ${source.slice(1)} missing`);
    if (at === source.length - 1) throw new CliError(`file path for key name ${source.slice(0, at)} missing`);
    const file = at < 0 ? source : source.slice(at + 1);
    const plain = file.replace(/^\.\//, '').replace(/\/+$/, '');
    const content = await kube.io.files.read(plain);
    if (content !== undefined) {
      add(at < 0 ? plain.slice(plain.lastIndexOf('/') + 1) : source.slice(0, at), toBytes(content));
      continue;
    }
    const inside = (await kube.io.files.list()).filter(
      (each) => each.startsWith(`${plain}/`) && !each.slice(plain.length + 1).includes('/'),
    );
    if (inside.length === 0) throw new CliError(`error reading ${file}: no such file or directory`);
    for (const each of inside.sort())
      add(each.slice(plain.length + 1), toBytes((await kube.io.files.read(each)) ?? ''));
  }
  for (const literal of flags.list('from-literal')) {
    const at = literal.indexOf('=');
    if (at <= 0) throw new CliError(`invalid literal source ${literal}, expected key=value`);
    const value = literal.slice(at + 1).replace(/^(['"])(.*)\1$/s, '$2');
    add(literal.slice(0, at), toBytes(value));
  }
  for (const file of flags.list('from-env-file')) {
    const content = await kube.io.files.read(file);
    if (content === undefined) throw new CliError(`open ${file}: no such file or directory`);
    const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
    for (const line of text.split('\n')) {
      const trimmed = line.trimStart();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const at = trimmed.indexOf('=');
      if (at > 0) add(trimmed.slice(0, at), toBytes(trimmed.slice(at + 1).replace(/\r$/, '')));
    }
  }
  return found;
}

const sorted = <T>(entries: [string, T][]): { [key: string]: T } =>
  Object.fromEntries(entries.sort((a, b) => (a[0] < b[0] ? -1 : 1)));

function checkSources({ flags }: CommandContext): void {
  if (
    flags.list('from-env-file').length > 0 &&
    (flags.list('from-file').length > 0 || flags.list('from-literal').length > 0)
  ) {
    throw new CliError('from-env-file cannot be combined with from-file or from-literal');
  }
}

const configMap: Generator = {
  use: 'configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1]',
  aliases: ['cm'],
  short: 'Create a config map from a local file, directory or literal value',
  examples: [
    'kubectl create configmap app --from-literal=mode=fast',
    'kubectl create configmap app --from-file=app.conf',
  ],
  namespaced: true,
  flags: [...sources],
  async make(context, name) {
    checkSources(context);
    const found = [...(await readSources(context))];
    const texts = found.flatMap(([key, bytes]): [string, string][] => {
      const text = textOf(bytes);
      return text === undefined ? [] : [[key, text]];
    });
    const binaries = found.flatMap(([key, bytes]): [string, string][] =>
      textOf(bytes) === undefined ? [[key, toBase64(bytes)]] : [],
    );
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      ...(texts.length > 0 ? { data: sorted(texts) } : {}),
      ...(binaries.length > 0 ? { binaryData: sorted(binaries) } : {}),
    };
  },
};

const secretData = async (context: CommandContext) => {
  checkSources(context);
  const found = [...(await readSources(context))].map(([key, bytes]): [string, string] => [key, toBase64(bytes)]);
  return found.length > 0 ? { data: sorted(found) } : {};
};

const secret: Generator = {
  use: 'secret (docker-registry | generic | tls)',
  short: 'Create a secret using a specified subcommand',
  examples: [],
  namespaced: true,
  flags: [],
  generators: [
    {
      use: 'docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string]',
      short: 'Create a secret for use with a Docker registry',
      examples: [
        'kubectl create secret docker-registry my-secret --docker-server=registry.example --docker-username=u --docker-password=p',
      ],
      namespaced: true,
      flags: [
        text('docker-username', 'Username for Docker registry authentication'),
        text('docker-password', 'Password for Docker registry authentication'),
        text('docker-email', 'Email for Docker registry'),
        text('docker-server', 'Server location for Docker registry', { default: 'https://index.docker.io/v1/' }),
      ],
      make({ flags }, name) {
        const username = flags.string('docker-username');
        const password = flags.string('docker-password');
        if (!username || !password)
          throw new CliError(
            'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
          );
        const email = flags.string('docker-email');
        const auth = btoa(`${username}:${password}`);
        const content = {
          auths: { [flags.string('docker-server')]: { username, password, ...(email ? { email } : {}), auth } },
        };
        return {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name },
          type: 'kubernetes.io/dockerconfigjson',
          data: { '.dockerconfigjson': btoa(JSON.stringify(content)) },
        };
      },
    },
    {
      use: 'generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]',
      short: 'Create a secret from a local file, directory, or literal value',
      examples: ['kubectl create secret generic my-secret --from-literal=password=top'],
      namespaced: true,
      flags: [...sources, text('type', 'The type of secret to create')],
      async make(context, name) {
        const type = context.flags.string('type');
        return {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name },
          ...(await secretData(context)),
          ...(type ? { type } : {}),
        };
      },
    },
    {
      use: 'tls NAME --cert=path/to/cert/file --key=path/to/key/file',
      short: 'Create a TLS secret',
      examples: ['kubectl create secret tls tls-secret --cert=tls.crt --key=tls.key'],
      namespaced: true,
      flags: [
        text('cert', 'Path to PEM encoded public key certificate.'),
        text('key', 'Path to private key associated with given certificate.'),
      ],
      async make({ kube, flags }, name) {
        const read = async (flag: string) => {
          const file = flags.string(flag);
          if (!file) throw new CliError('key and cert must be specified');
          const content = await kube.io.files.read(file);
          if (content === undefined) throw new CliError(`open ${file}: no such file or directory`);
          return toBase64(toBytes(content));
        };
        return {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name },
          type: 'kubernetes.io/tls',
          data: { 'tls.crt': await read('cert'), 'tls.key': await read('key') },
        };
      },
    },
  ],
};

const namespace: Generator = {
  use: 'namespace NAME',
  aliases: ['ns'],
  short: 'Create a namespace with the specified name',
  examples: ['kubectl create namespace my-namespace'],
  namespaced: false,
  flags: [],
  make: (_context, name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: {} }),
};

const serviceAccount: Generator = {
  use: 'serviceaccount NAME',
  aliases: ['sa'],
  short: 'Create a service account with the specified name',
  examples: ['kubectl create serviceaccount my-service-account'],
  namespaced: true,
  flags: [],
  make: (_context, name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }),
};

export const configGenerators: Generator[] = [configMap, namespace, secret, serviceAccount];
