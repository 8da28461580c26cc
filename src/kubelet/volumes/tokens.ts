// Service account tokens for pods, by TokenRequest, renewed in time. Upstream: pkg/kubelet/token.
//
// Invariant: a token handed out is younger than 80 % of its life (and than 24 h), so a program that reads its file now and then never holds an expired one.

import type { Pod } from '../../api/generated/types.ts';
import { serviceAccounts } from '../../client/resources.ts';
import type { RestClient } from '../../client/rest-client.ts';
import type { Env } from '../../env/env.ts';

interface Cached {
  token: string;
  refreshAt: number;
}

interface TokenRequestAnswer {
  status?: { token?: string; expirationTimestamp?: string };
}

const maxAge = 24 * 3600_000;

export class TokenManager {
  private readonly env: Env;
  private readonly client: RestClient;
  private readonly cache = new Map<string, Cached>();

  constructor(env: Env, client: RestClient) {
    this.env = env;
    this.client = client;
  }

  /** A token bound to the pod, and when (cluster ms) it should be asked for again. */
  async get(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<Cached> {
    const { namespace = '', name, uid = '' } = pod.metadata;
    const account = pod.spec?.serviceAccountName || 'default';
    const key = [uid, account, audience ?? '', expirationSeconds].join(' ');
    const known = this.cache.get(key);
    const now = this.env.clock.now();
    if (known && now < known.refreshAt) return known;
    const path = this.client.path(serviceAccounts, namespace, account, 'token');
    const answer = await this.client.request<TokenRequestAnswer>('POST', path, {
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: account, namespace },
        spec: {
          audiences: audience ? [audience] : [],
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      },
    });
    const expires = Date.parse(answer.status?.expirationTimestamp ?? '') || now + expirationSeconds * 1000;
    const fresh = { token: answer.status?.token ?? '', refreshAt: now + Math.min(maxAge, (expires - now) * 0.8) };
    this.cache.set(key, fresh);
    return fresh;
  }

  forget(podUid: string): void {
    for (const key of this.cache.keys()) if (key.startsWith(`${podUid} `)) this.cache.delete(key);
  }
}
