// What one may ask of a cluster from outside is a request on its network, whatever thread its processes live in.

import type { Network } from '../env/network.ts';
import { openChannelSession } from './channel-session.ts';
import type { Cluster } from './cluster.ts';
import { adminUser, apiServerUrl, type ClusterPlan, tokenOf } from './plan.ts';

/** The calls of `Cluster` that `fetch`, a door into its network, answers. Requests that name no user are the administrator's. */
export function requestsTo(fetch: Network['fetch'], plan: ClusterPlan): Pick<Cluster, 'fetch' | 'nodeShell'> {
  const authorization = `Bearer ${tokenOf(plan, adminUser)}`;
  return {
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has('authorization')) headers.set('authorization', authorization);
      return fetch(apiServerUrl + path, { ...init, headers });
    },
    nodeShell: (node, { columns, rows }) =>
      openChannelSession(fetch, `http://${node}:22/shell?columns=${columns}&rows=${rows}`),
  };
}
