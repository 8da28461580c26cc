// The store of a headless cluster: members in this process, spoken to without sockets, or stores elsewhere over HTTP.
//
// Invariant: what is sent to a member in this process goes to the leader if one is known, so that a write is one turn and not two.

import type { Env, Running } from '../env/env.ts';
import { WholeRequest } from '../env/whole.ts';
import { createEtcdClient } from '../etcd/client/index.ts';
import type { EtcdClient } from '../etcd/client/types.ts';
import { type RunningEtcdMember, startEtcdMember } from '../etcd/index.ts';

// Members in one process lose no messages and fall behind together: elections may be quick.
const tick = 20;

/** A client of stores at these URLs (etcd v3 JSON gateway). */
export function remoteStore(endpoints: string[], { clock, random }: Env): EtcdClient {
  return createEtcdClient({ endpoints, fetch: (input, init) => fetch(input, init), clock, random });
}

/** Starts `count` members, each on the disk of its own env. Resolves when their disks are read. */
export async function localStore(
  count: number,
  envOf: (name: string) => Env,
): Promise<{ client: EtcdClient; members: Running[] }> {
  const names = Array.from({ length: count }, (_, i) => `etcd-${i + 1}`);
  const members = names.map((name) => ({ name, client: `${name}:2379` }));
  const running = await Promise.all(names.map((name) => startEtcdMember(envOf(name), { name, members, tick })));
  const { clock, random } = envOf(names[0] as string);
  const pick = leaderOf(running);
  const client = createEtcdClient({
    endpoints: names.map((name) => `http://${name}:2379`),
    fetch: (input, init) => pick().handler(requestOf(input, init)),
    clock,
    random,
  });
  return { client, members: running };
}

/** The member that leads, looked for anew now and then; any other while there is none. */
function leaderOf(members: readonly RunningEtcdMember[]): () => RunningEtcdMember {
  let known = members[0] as RunningEtcdMember;
  let uses = 0;
  return () => {
    if (members.length === 1 || (uses++ % 64 !== 0 && known.inspect(1).role === 'leader')) return known;
    known = members.find((member) => member.inspect(1).role === 'leader') ?? known;
    return known;
  };
}

const never = new AbortController().signal;

function requestOf(url: string, init: RequestInit = {}): Request {
  return new WholeRequest(url, {
    method: init.method ?? 'GET',
    headers: new Headers(init.headers),
    content: init.body as string,
    signal: init.signal ?? never,
  }).asRequest;
}
