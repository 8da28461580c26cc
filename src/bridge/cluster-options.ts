// The command line of `npm run serve`.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from '../api/time.ts';
import { type AdmissionConfiguration, readAdmissionConfiguration } from '../apiserver/admission/configuration.ts';
import { messageOf } from '../env/errors.ts';

export interface ServeOptions {
  port: number;
  bindAddress: string;
  kubeconfigOut: string | undefined;
  tokenAuthFile: string | undefined;
  etcdServers: string[];
  dataDir: string | undefined;
  hollowNodes: number;
  controllers: boolean;
  authorizationMode: 'RBAC' | 'AlwaysAllow';
  /** The AdmissionConfiguration's file. */
  admissionConfigFile?: string;
  /** Members of the built-in store. Default: 3 with a data directory, else 1. */
  etcdMembers?: number;
  /** Milliseconds between compactions of the store's history; 0: never. Default 5 minutes. */
  compactionInterval?: number;
}

export const usage = `npm run serve -- [flags]

  --secure-port=P          HTTPS port (default 6443; 0: any free one)
  --bind-address=A         address to listen on (default 127.0.0.1)
  --kubeconfig-out=FILE    write a kubeconfig for the administrator
  --token-auth-file=FILE   CSV of token,user,uid,"group1,group2"
  --etcd-servers=URLS      use these stores (etcd v3 JSON gateway) in place of the built-in one
  --etcd-members=N         members of the built-in store: 1, 3 or 5 (default 3 with --data-dir, else 1)
  --etcd-compaction-interval=D
                           forget history older than this: 5m0s, 30s, 0 for never (default 5m0s)
  --data-dir=DIR           keep certificates and the store's data here (default: memory)
  --hollow-nodes=N         start N nodes that run nothing (default 0)
  --authorization-mode=M   RBAC (default) or AlwaysAllow
  --admission-control-config-file=FILE
                           AdmissionConfiguration: defaults and exemptions of PodSecurity
  --no-controllers         neither controller manager nor scheduler
`;

/** Throws an Error that explains what is wrong with the flags. */
export function parseServeOptions(args: string[]): ServeOptions {
  const { values } = parseArgs({
    args,
    options: {
      'secure-port': { type: 'string', default: '6443' },
      'bind-address': { type: 'string', default: '127.0.0.1' },
      'kubeconfig-out': { type: 'string' },
      'token-auth-file': { type: 'string' },
      'etcd-servers': { type: 'string' },
      'etcd-members': { type: 'string' },
      'etcd-compaction-interval': { type: 'string', default: '5m0s' },
      'data-dir': { type: 'string' },
      'hollow-nodes': { type: 'string', default: '0' },
      'authorization-mode': { type: 'string', default: 'RBAC' },
      'admission-control-config-file': { type: 'string' },
      'no-controllers': { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'secure-port' | 'hollow-nodes', max: number) => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 0 || number > max)
      throw new Error(`--${name} must be a whole number from 0 to ${max}, not ${JSON.stringify(values[name])}`);
    return number;
  };
  const members = values['etcd-members'];
  if (members !== undefined && !['1', '3', '5'].includes(members))
    throw new Error(`--etcd-members must be 1, 3 or 5, not ${JSON.stringify(members)}`);
  const interval = parseDuration(values['etcd-compaction-interval']);
  if (interval === undefined || interval < 0)
    throw new Error(
      `--etcd-compaction-interval must be a duration, not ${JSON.stringify(values['etcd-compaction-interval'])}`,
    );
  const mode = values['authorization-mode'];
  if (mode !== 'RBAC' && mode !== 'AlwaysAllow') throw new Error(`--authorization-mode must be RBAC or AlwaysAllow`);
  return {
    port: whole('secure-port', 65535),
    bindAddress: values['bind-address'],
    kubeconfigOut: values['kubeconfig-out'],
    tokenAuthFile: values['token-auth-file'],
    etcdServers: values['etcd-servers']?.split(',').filter(Boolean) ?? [],
    dataDir: values['data-dir'],
    hollowNodes: whole('hollow-nodes', 100_000),
    controllers: !values['no-controllers'],
    authorizationMode: mode,
    ...(values['admission-control-config-file'] && { admissionConfigFile: values['admission-control-config-file'] }),
    ...(members !== undefined && { etcdMembers: Number(members) }),
    compactionInterval: interval,
  };
}

/** Reads the AdmissionConfiguration; files that it names are beside it. Throws an Error naming the file. */
export function readAdmissionFile(file: string): AdmissionConfiguration {
  try {
    return readAdmissionConfiguration(readFileSync(file, 'utf8'), (path) =>
      readFileSync(resolve(dirname(file), path), 'utf8'),
    );
  } catch (error) {
    throw new Error(`--admission-control-config-file ${file}: ${messageOf(error)}`);
  }
}

/** Reads a token file as kube-apiserver does: token,user,uid,"group1,group2". Lines without a token count for nothing; of two with one token the last holds. Throws an Error naming the line. */
export function parseTokenFile(text: string): { token: string; user: string; uid: string; groups: string[] }[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const cells = cellsOf(line);
    if (cells.length < 3)
      throw new Error(
        `token file line ${i + 1} must have at least 3 columns (token, user name, user uid), found ${cells.length}`,
      );
    const [token = '', user = '', uid = '', groups = ''] = cells;
    if (token === '') return [];
    return [
      {
        token,
        user,
        uid,
        groups: groups
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean),
      },
    ];
  });
}

/** One line of CSV; a quote within quotes is written twice. */
function cellsOf(line: string): string[] {
  const cells = line.trimEnd().matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/gy);
  const out = [...cells].map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain);
  // The end of the line matches once more, unless a comma stands before it.
  return line.trimEnd().endsWith(',') ? out : out.slice(0, -1);
}
