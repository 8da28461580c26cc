// A server over a store in memory, called without a network: for tests.

import type { Env, Json } from '../../env/env.ts';
import type { Random } from '../../env/random.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import { type StandaloneEtcd, startStandaloneEtcd } from '../../etcd/testing/standalone.ts';
import type { ApiServerConfig } from '../config.ts';
import { type ApiServer, createApiServer } from '../index.ts';

export interface Answer {
  code: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  body: any;
}

export interface Harness {
  server: ApiServer;
  etcd: StandaloneEtcd;
  simulation: Simulation;
  /** One request; an object as body goes as JSON. */
  call(method: string, path: string, body?: Json | object, headers?: Record<string, string>): Promise<Answer>;
  raw(method: string, path: string, init?: RequestInit): Promise<Response>;
}

export const adminToken = 'admin-token';

/** `random`: what the server draws its lots with, given the simulation's. */
export async function startHarness(
  config: Partial<ApiServerConfig> = {},
  random: (given: Random) => Random = (given) => given,
): Promise<Harness> {
  const simulation = new Simulation({ seed: 1 });
  const env = simulation.env('kube-apiserver-1');
  const etcd = startStandaloneEtcd(env);
  // The environment itself keeps what it makes when asked for (a disk).
  const own = Object.create(env, { random: { value: random(env.random) } }) as Env;
  const server = await createApiServer(own, {
    host: 'kube-apiserver-1:6443',
    etcd: etcd.client,
    tokens: [{ token: adminToken, user: 'kubernetes-admin', groups: ['system:masters'] }],
    ...config,
  });
  const raw = (method: string, path: string, init: RequestInit = {}) =>
    server.handle(
      new Request(`http://kube-apiserver:6443${path}`, {
        method,
        ...init,
        headers: { authorization: `Bearer ${adminToken}`, ...(init.headers as Record<string, string>) },
      }),
    );
  const harness: Harness = {
    server,
    etcd,
    simulation,
    raw,
    async call(method, path, body, headers = {}) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
      const response = await raw(method, path, {
        ...sent,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      });
      const text = await response.text();
      let parsed: unknown = text;
      try {
        parsed = JSON.parse(text);
      } catch {
        // not JSON: the text itself
      }
      return { code: response.status, headers: response.headers, body: parsed };
    },
  };
  // What the controller manager would have made.
  for (const namespace of ['default', 'kube-system'])
    await harness.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    });
  return harness;
}
