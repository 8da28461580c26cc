// A member that starts empty, on its way to an identity: says hello to the others until it knows whether to found a cluster or to join one (identity.ts decides).

import {
  announcedIdentity,
  decide,
  foundingIdentity,
  type HelloReply,
  type Identity,
  joiningIdentity,
} from './identity.ts';
import type { EtcdMember } from './member.ts';

/** ms between hellos, and how long silent peers are waited for. */
const helloInterval = 100;
const helloPatience = 10_000;

/** Resolves with the identity to keep, or undefined if the member stopped before. `replies` fills up meanwhile. */
export async function findIdentity(
  member: EtcdMember,
  incarnation: string,
  replies: Map<string, HelloReply>,
): Promise<Identity | undefined> {
  const { name, members } = member.config;
  const begun = member.clock.now();
  while (!member.halted) {
    const patienceOver = member.clock.now() - begun > helloPatience;
    const decision = decide({ name, incarnation }, members, replies, patienceOver);
    if (decision === 'found') {
      const saw: Record<string, string> = {};
      for (const reply of replies.values()) if (reply.incarnation) saw[reply.name] = reply.incarnation;
      return foundingIdentity(name, members, saw);
    }
    if (decision !== 'ask') {
      const identity = await join(member, decision.join, joiningIdentity(name, incarnation, decision.cluster), begun);
      if (identity) return identity;
      replies.delete(decision.join);
    }
    for (const other of members) if (other.name !== name) member.peers.sendHello(other.name, incarnation);
    await new Promise<void>((resolve) => member.clock.after(helloInterval, resolve));
  }
  return undefined;
}

/** Asks a running cluster to let this member in under its new id. */
async function join(
  member: EtcdMember,
  peer: string,
  identity: Identity,
  begun: number,
): Promise<Identity | undefined> {
  const { name, members } = member.config;
  const own = members.find((known) => known.name === name);
  const args = {
    id: identity.id,
    name,
    peerURLs: [`http://${own?.peer ?? `${name}:2380`}`],
    clientURLs: [`http://${own?.client ?? `${name}:2379`}`],
    begun,
  };
  try {
    const announced = await member.peers.call(peer, 'replace', args, member.timeout);
    return typeof announced === 'string' ? announcedIdentity(identity, announced) : identity;
  } catch {
    return undefined;
  }
}
