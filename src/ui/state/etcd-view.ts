// An etcd member's account of itself (Cluster.inspect) as the picture reads it. Fields a member does not tell are left out.

import type { Json } from '../../env/env.ts';

export interface EtcdView {
  role?: 'leader' | 'follower' | 'candidate' | 'learner' | undefined;
  term?: number | undefined;
  leader?: string | undefined;
  commit?: number | undefined;
  applied?: number | undefined;
  last?: number | undefined;
  revision?: number | undefined;
}

/** Reads what a member says; undefined if it says nothing. */
export function viewEtcd(said: Json | undefined): EtcdView | undefined {
  if (!said || typeof said !== 'object' || Array.isArray(said)) return undefined;
  const flat: Record<string, Json> = { ...said };
  for (const inner of [said['raft'], said['status']])
    if (inner && typeof inner === 'object' && !Array.isArray(inner)) Object.assign(flat, inner);
  const number = (...names: string[]) => {
    for (const name of names) {
      const value = flat[name];
      if (typeof value === 'number') return value;
      if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
    }
    return undefined;
  };
  const word = String(flat['role'] ?? flat['state'] ?? '').toLowerCase();
  return {
    role: (['leader', 'follower', 'candidate', 'learner'] as const).find((role) => word.includes(role)),
    term: number('term', 'raftTerm'),
    leader: typeof flat['leader'] === 'string' ? flat['leader'] : undefined,
    commit: number('commit', 'commitIndex', 'committed'),
    applied: number('applied', 'appliedIndex', 'raftAppliedIndex'),
    last: number('lastIndex', 'last', 'raftIndex'),
    revision: number('revision', 'currentRevision'),
  };
}
