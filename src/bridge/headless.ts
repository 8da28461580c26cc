// A control plane in this Node process, behind HTTPS: what `npm run serve` starts, and what tests against real clients use.
//
// Invariants: what a kubeconfig of an earlier run proves (its certificate, its token) holds in a later run over the same data directory; a data directory has
// one cluster at a time.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiServer } from '../apiserver/index.ts';
import type { Clock } from '../env/clock.ts';
import type { Env, Running } from '../env/env.ts';
import { openFileDisk } from '../env/node/file-disk.ts';
import { LocalNetwork } from '../env/node/local-network.ts';
import { createNodeEnv } from '../env/node/node-env.ts';
import { ScaledClock } from '../env/scaled-clock.ts';
import { silentTrace } from '../env/trace.ts';
import { type Authority, type KeyPairPem, openAuthority } from './certificates.ts';
import type { ServeOptions } from './cluster-options.ts';
import { parseTokenFile, readAdmissionFile } from './cluster-options.ts';
import { type SystemUser, startComponents, systemUsers } from './components.ts';
import { lockDirectory } from './directory-lock.ts';
import { forgetfulDisk } from './forgetful-disk.ts';
import { type Gateway, openHttpsGateway } from './https-gateway.ts';
import { kubeconfig } from './kubeconfig.ts';
import { Pacer } from './pacer.ts';
import { type ClusterStore, localStore, remoteStore } from './store.ts';
import { fetchTrusting, secureConnection } from './tls-client.ts';

export interface Headless extends Running {
  url: string;
  port: number;
  kubeconfig: string;
  adminToken: string;
  caBundle: string;
  authority: Authority;
  /** Breaks every connection, as a network that fails does; new ones are taken. */
  disconnect(): void;
  /** The API server without the socket in front. */
  handle(request: Request): Promise<Response>;
}

const secret = () => randomBytes(16).toString('hex');
const compactionInterval = 300_000;

interface Identity {
  authority: Authority;
  adminToken: string;
}

async function identityOf(now: number, dataDir: string | undefined): Promise<Identity> {
  if (dataDir === undefined) return { authority: await openAuthority(now), adminToken: secret() };
  const file = join(dataDir, 'pki.json');
  if (existsSync(file)) {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as KeyPairPem & { adminToken: string };
    return { authority: await openAuthority(now, saved), adminToken: saved.adminToken };
  }
  const authority = await openAuthority(now);
  const adminToken = secret();
  const { certificate, key } = authority;
  writeFileSync(file, JSON.stringify({ certificate, key, adminToken }), { mode: 0o600 });
  return { authority, adminToken };
}

/** One env for each process name. */
function environments(dataDir: string | undefined): { envOf: (name: string) => Env; close(): void } {
  const clock = new ScaledClock();
  const network = new LocalNetwork();
  const known = new Map<string, Env>();
  const envOf = (name: string): Env => {
    let env = known.get(name);
    if (!env) {
      const disk = dataDir === undefined ? forgetfulDisk() : openFileDisk(join(dataDir, name));
      // Nobody looks at a headless cluster's trace.
      env = { ...createNodeEnv(name, { network, clock, disk }), trace: silentTrace() };
      known.set(name, env);
    }
    return env;
  };
  return { envOf, close: () => clock.close() };
}

/** Starts everything; resolves when the API server answers. */
export async function startHeadless(options: ServeOptions): Promise<Headless> {
  const { dataDir } = options;
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = dataDir === undefined ? undefined : await lockDirectory(dataDir);
  try {
    const cluster = await start(options);
    const stop = async () => {
      await cluster.stop();
      await lock?.release();
    };
    return { ...cluster, stop };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

async function start(options: ServeOptions): Promise<Headless> {
  const { dataDir, bindAddress } = options;
  const { envOf, close } = environments(dataDir);
  const env = envOf('kube-apiserver-1');
  const [{ authority, adminToken }, store] = await Promise.all([
    identityOf(env.clock.now(), dataDir),
    openStore(options, envOf),
  ]);
  const running: Running[] = [...store.members];
  const users: SystemUser[] = systemUsers(options.hollowNodes, secret);
  const frontKey = secret();
  const server = await startApiServer(env, {
    host: 'kube-apiserver-1:6443',
    etcd: store.client,
    components: [
      ...store.health,
      { name: 'controller-manager', url: 'http://kube-controller-manager-1:10257/healthz' },
      { name: 'scheduler', url: 'http://kube-scheduler-1:10259/healthz' },
    ],
    tokens: [
      { token: adminToken, user: 'kubernetes-admin', groups: ['system:masters'] },
      ...users,
      ...(options.tokenAuthFile ? parseTokenFile(readFileSync(options.tokenAuthFile, 'utf8')) : []),
    ],
    caBundle: authority.certificate,
    frontKey,
    authorizationMode: options.authorizationMode,
    ...(options.admissionConfigFile && { admission: readAdmissionFile(options.admissionConfigFile) }),
    compactionInterval: options.compactionInterval ?? compactionInterval,
    fetch: fetchTrusting,
    secure: secureConnection,
    pace: new Pacer(env.clock).pace,
  });
  running.push(server);
  const gateway = await openGateway(options, authority, frontKey, env.clock, server.handle);
  const url = `https://${bindAddress}:${gateway.port}`;
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
    disconnect: gateway.disconnect,
    handle: server.handle,
    async stop() {
      await gateway.close();
      for (const component of running.reverse()) await component.stop();
      close();
    },
  };
}

async function openGateway(
  { bindAddress, port }: ServeOptions,
  authority: Authority,
  frontKey: string,
  clock: Clock,
  handler: (request: Request) => Promise<Response>,
): Promise<Gateway> {
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
  ];
  const { certificate, key } = await authority.issueServer(names, ['127.0.0.1', '10.96.0.1']);
  return openHttpsGateway({
    host: bindAddress,
    port,
    certificate,
    key,
    clientCa: authority.certificate,
    frontKey,
    clock,
    handler,
  });
}

/** The store this cluster uses: those it is pointed to, or members in this process: three on disks, one in memory. */
function openStore(
  { etcdServers, etcdMembers, dataDir }: ServeOptions,
  envOf: (name: string) => Env,
): Promise<ClusterStore> | ClusterStore {
  if (etcdServers.length > 0) return remoteStore(etcdServers, envOf('kube-apiserver-1'));
  return localStore(etcdMembers ?? (dataDir === undefined ? 1 : 3), dataDir !== undefined, envOf);
}
