// The command line of `npm run serve`.

import { parseArgs } from 'node:util';

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
}

export const usage = `npm run serve -- [flags]

  --secure-port=P          HTTPS port (default 6443; 0: any free one)
  --bind-address=A         address to listen on (default 127.0.0.1)
  --kubeconfig-out=FILE    write a kubeconfig for the administrator
  --token-auth-file=FILE   CSV of token,user,uid,"group1,group2"
  --etcd-servers=URLS      use these stores (etcd v3 JSON gateway) in place of the built-in one
  --data-dir=DIR           keep certificates and the store's data here (default: memory)
  --hollow-nodes=N         start N nodes that run nothing (default 0)
  --authorization-mode=M   RBAC (default) or AlwaysAllow
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
      'data-dir': { type: 'string' },
      'hollow-nodes': { type: 'string', default: '0' },
      'authorization-mode': { type: 'string', default: 'RBAC' },
      'no-controllers': { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'secure-port' | 'hollow-nodes', max: number) => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 0 || number > max)
      throw new Error(`--${name} must be a whole number from 0 to ${max}, not ${JSON.stringify(values[name])}`);
    return number;
  };
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
  };
}

/** Reads a token file as kube-apiserver does: token,user,uid,"group1,group2". Throws an Error naming the line. */
export function parseTokenFile(text: string): { token: string; user: string; uid: string; groups: string[] }[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const cells = [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map((match) => (match[2] ?? match[1] ?? '').trim());
    const [token, user, uid, groups = ''] = cells;
    if (!token || !user || uid === undefined)
      throw new Error(`token file line ${i + 1}: token, user and uid are required`);
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
