// The store of a headless cluster: members in this process, spoken to without sockets, or stores elsewhere over HTTP.
//
// Invariant: what is asked of members in this process goes to the leader if one is known, so that a write is one turn and not two.

import type { Env, Running } from '../env/env.ts';
import { createDirectEtcdClient } from '../etcd/client/direct.ts';
import { createEtcdClient } from '../etcd/client/index.ts';
import type { EtcdClient } from '../etcd/client/types.ts';
import { EtcdMember } from '../etcd/server/member.ts';

// Members in one process lose no messages and fall behind together: elections may be quick.
const tick = 20;

/** A client of stores at these URLs (etcd v3 JSON gateway). */
export function remoteStore(endpoints: string[], { clock, random }: Env): EtcdClient {
  return createEtcdClient({ endpoints, fetch: (input, init) => fetch(input, init), clock, random });
}

/** Starts `count` members, each on the disk of its own env, which keeps what is written or (not `durable`) does not. Resolves when their disks are read. */
export async function localStore(
  count: number,
  durable: boolean,
  envOf: (name: string) => Env,
): Promise<{ client: EtcdClient; members: Running[] }> {
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
  return { client, members: started.map((member) => ({ stop: async () => member.halt() })) };
}

/** The member that leads; any other that runs while there is none. */
function leaderOf(members: readonly EtcdMember[]): EtcdMember {
  const running = members.filter(({ halted }) => !halted);
  return running.find(({ replica }) => replica?.raft.role === 'leader') ?? running[0] ?? (members[0] as EtcdMember);
}
