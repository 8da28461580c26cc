// A control plane in this Node process, behind HTTPS: what `npm run serve` starts, and what tests against real clients use.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiServer } from '../apiserver/index.ts';
import type { Env, Running } from '../env/env.ts';
import type { Handler } from '../env/network.ts';
import { openFileDisk } from '../env/node/file-disk.ts';
import { LocalNetwork } from '../env/node/local-network.ts';
import { createNodeEnv } from '../env/node/node-env.ts';
import { ScaledClock } from '../env/scaled-clock.ts';
import { createMemoryDisks } from '../env/simulated/memory-disk.ts';
import { createEtcdClient } from '../etcd/client/index.ts';
import type { EtcdClient } from '../etcd/client/types.ts';
import { startEtcdMember } from '../etcd/index.ts';
import { type Authority, type KeyPairPem, openAuthority } from './certificates.ts';
import type { ServeOptions } from './cluster-options.ts';
import { parseTokenFile } from './cluster-options.ts';
import { type SystemUser, startComponents, systemUsers } from './components.ts';
import { type Gateway, openHttpsGateway } from './https-gateway.ts';
import { kubeconfig } from './kubeconfig.ts';

export interface Headless extends Running {
  url: string;
  port: number;
  kubeconfig: string;
  adminToken: string;
  caBundle: string;
  authority: Authority;
}

async function authorityOf(now: number, dataDir: string | undefined): Promise<Authority> {
  if (dataDir === undefined) return openAuthority(now);
  const file = join(dataDir, 'pki.json');
  if (existsSync(file)) return openAuthority(now, JSON.parse(readFileSync(file, 'utf8')) as KeyPairPem);
  const authority = await openAuthority(now);
  writeFileSync(file, JSON.stringify({ certificate: authority.certificate, key: authority.key }), { mode: 0o600 });
  return authority;
}

/** Starts everything; resolves when the API server answers. */
export async function startHeadless(options: ServeOptions): Promise<Headless> {
  const clock = new ScaledClock();
  const network = new LocalNetwork();
  const memory = createMemoryDisks();
  if (options.dataDir !== undefined) mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const envOf = (name: string): Env =>
    createNodeEnv(name, {
      network,
      clock,
      disk: options.dataDir === undefined ? memory.open(name) : openFileDisk(join(options.dataDir, name)),
    });
  const authority = await authorityOf(clock.now(), options.dataDir);
  const secret = () => randomBytes(16).toString('hex');
  const adminToken = secret();
  const users: SystemUser[] = systemUsers(options.hollowNodes, secret);
  const frontKey = secret();
  const running: Running[] = [];
  const etcd = await openStore(options, envOf, running);
  const env = envOf('kube-apiserver-1');
  const server = await startApiServer(env, {
    host: 'kube-apiserver-1:6443',
    etcd,
    tokens: [
      { token: adminToken, user: 'kubernetes-admin', groups: ['system:masters'] },
      ...users,
      ...(options.tokenAuthFile ? parseTokenFile(readFileSync(options.tokenAuthFile, 'utf8')) : []),
    ],
    caBundle: authority.certificate,
    frontKey,
    authorizationMode: options.authorizationMode,
    fetch: (url, init) => fetch(url, init),
  });
  running.push(server);
  const outside = network.for('outside');
  const handler: Handler = (request) => outside.fetch(request);
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
  ];
  const certificate = await authority.issueServer(names, ['127.0.0.1', '10.96.0.1']);
  const gateway: Gateway = await openHttpsGateway({
    host: options.bindAddress,
    port: options.port,
    certificate: certificate.certificate,
    key: certificate.key,
    clientCa: authority.certificate,
    frontKey,
    handler,
  });
  const url = `https://${options.bindAddress}:${gateway.port}`;
  const admin = await authority.issueClient('kubernetes-admin', ['system:masters']);
  const text = kubeconfig({
    server: url,
    caBundle: authority.certificate,
    user: 'kubernetes-admin',
    ...admin,
    token: adminToken,
  });
  if (options.kubeconfigOut) writeFileSync(options.kubeconfigOut, text, { mode: 0o600 });
  if (options.controllers) running.push(...(await startComponents(envOf, users, authority, options)));
  return {
    url,
    port: gateway.port,
    kubeconfig: text,
    adminToken,
    caBundle: authority.certificate,
    authority,
    async stop() {
      await gateway.close();
      for (const component of running.reverse()) await component.stop();
      clock.close();
    },
  };
}

/** The store this cluster uses: those it is pointed to, or one member in this process. */
async function openStore(
  { etcdServers }: ServeOptions,
  envOf: (name: string) => Env,
  running: Running[],
): Promise<EtcdClient> {
  const env = envOf('etcd-1');
  const { clock, random } = env;
  if (etcdServers.length > 0)
    return createEtcdClient({ endpoints: etcdServers, fetch: (input, init) => fetch(input, init), clock, random });
  // Alone, it need not wait for others before it leads: short ticks.
  const member = await startEtcdMember(env, {
    name: 'etcd-1',
    members: [{ name: 'etcd-1', client: 'etcd-1:2379' }],
    tick: 20,
  });
  running.push(member);
  const handler = (input: string, init?: RequestInit) =>
    member.handler(new Request(input, { ...init, ...(init?.body ? { duplex: 'half' } : {}) } as RequestInit));
  return createEtcdClient({ endpoints: ['http://etcd-1:2379'], fetch: handler, clock, random });
}
