// What a lesson's checks are written with. A check looks at the live cluster and answers "passed", or says in a sentence what to do next.
//
// Invariant: checks only read; they may be run at any moment, any number of times.

import type { Cluster } from '../sandbox/cluster.ts';
import type { TraceLog } from '../trace/log.ts';

/** true: passed. A string: not yet, with a hint for the learner. */
export type Verdict = true | string;

export interface Look {
  /** An object by its path ("/apis/apps/v1/namespaces/default/deployments/web"), or undefined if there is none. */
  get<T>(path: string): Promise<T | undefined>;
  /** The items of a collection; [] if the server does not know it. */
  list<T>(path: string): Promise<T[]>;
  trace: TraceLog;
  cluster: Cluster;
}

export type Check = (look: Look) => Promise<Verdict>;

/** What lessons/<nn>-<slug>/checks.ts exports. */
export interface ChecksModule {
  checks: Record<string, Check>;
}

/** Eyes on a cluster. */
export function lookAt(cluster: Cluster): Look {
  const read = async (path: string): Promise<unknown> => {
    const response = await cluster.fetch(path);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw new Error(`the API server answered ${response.status} to ${path}`);
    return response.json();
  };
  return {
    get: async <T>(path: string) => (await read(path)) as T | undefined,
    list: async <T>(path: string) => ((await read(path)) as { items?: T[] } | undefined)?.items ?? [],
    trace: cluster.trace,
    cluster,
  };
}
