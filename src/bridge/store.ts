// The store of a headless cluster: members in this process, spoken to without sockets, or stores elsewhere over HTTP.
//
// Invariant: what is asked of members in this process goes to the leader if one is known, so that a write is one turn and not two.

import type { ComponentServer } from '../apiserver/config.ts';
import type { Env, Running } from '../env/env.ts';
import { createDirectEtcdClient } from '../etcd/client/direct.ts';
import { createEtcdClient } from '../etcd/client/index.ts';
import type { EtcdClient } from '../etcd/client/types.ts';
import { EtcdMember } from '../etcd/server/member.ts';

// Members in one process lose no messages and fall behind together: elections may be quick.
const tick = 20;

export interface ClusterStore {
  client: EtcdClient;
  /** What runs in this process. */
  members: Running[];
  /** Where each member says how it is. */
  health: ComponentServer[];
}

/** A client of stores at these URLs (etcd v3 JSON gateway). */
export function remoteStore(endpoints: string[], { clock, random }: Env): ClusterStore {
  const ask = (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init);
  return {
    client: createEtcdClient({ endpoints, fetch: ask, clock, random }),
    members: [],
    health: endpoints.map((url, i) => ({ name: `etcd-${i}`, url: `${url}/health`, fetch: ask })),
  };
}

/** Starts `count` members, each on the disk of its own env, which keeps what is written or (not `durable`) does not. Resolves when their disks are read. */
export async function localStore(count: number, durable: boolean, envOf: (name: string) => Env): Promise<ClusterStore> {
  const names = Array.from({ length: count }, (_, i) => `etcd-${i + 1}`);
  const members = names.map((name) => ({ name, client: `${name}:2379` }));
  // A snapshot is for a disk to be read after.
  const snapshots = durable ? {} : { snapshotBytes: Number.POSITIVE_INFINITY };
  const started = names.map((name) => new EtcdMember(envOf(name), { name, members, tick, ...snapshots }));
  await Promise.all(started.map((member) => member.start()));
  const client = createDirectEtcdClient({
    member: () => leaderOf(started),
    clock: envOf(names[0] as string).clock,
    atTurnsEnd: (work) => void setImmediate(work),
  });
  return {
    client,
    members: started.map((member) => ({ stop: async () => member.halt() })),
    health: started.map((member, i) => ({
      name: `etcd-${i}`,
      url: `http://${names[i]}:2379/health`,
      fetch: async () => Response.json({ health: String(isHealthy(member)) }),
    })),
  };
}

/** As a member's /health has it: it knows a leader. */
const isHealthy = (member: EtcdMember) => !member.halted && (member.replica?.raft.leader ?? '') !== '';

/** The member that leads; any other that runs while there is none. */
function leaderOf(members: readonly EtcdMember[]): EtcdMember {
  const running = members.filter(({ halted }) => !halted);
  return running.find(({ replica }) => replica?.raft.role === 'leader') ?? running[0] ?? (members[0] as EtcdMember);
}
