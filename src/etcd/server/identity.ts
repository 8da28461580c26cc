// Who a member is: its raft id and the cluster it belongs to; and how one with an empty disk finds that out.
//
// A member that lost its disk must not come back under its old id: it forgot what it voted for and what it acknowledged. So one that starts empty asks the others.
// If all are empty too, a new cluster begins. If one is part of a running cluster that this very incarnation did not found, the member joins under a new id: the old
// one is taken out and the new one let in as a learner, in one joint change, and promoted when it has caught up.
//
// Invariant: two processes that do not share a disk never use the same id.

import type { MemberConfig } from './peers.ts';

export interface InitialMember {
  id: string;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
}

export interface Identity {
  id: string;
  clusterId: string;
  /** The members the cluster was founded with: the configuration before the first log entry. */
  initial: InitialMember[];
  /** Joined a running cluster: promoted from learner once caught up. */
  joined: boolean;
  /** Founders seen empty, name to incarnation. */
  saw: Record<string, string>;
}

/** 64 bits of FNV-1a as a decimal string, never 0. */
export function hashId(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  return (hash || 1n).toString();
}

export interface HelloReply {
  name: string;
  /** Present when the answering member is part of a cluster. */
  identity?: Identity;
  /** Set while the answering member is empty itself. */
  incarnation?: string;
}

/** The identity a founder has. */
export function foundingIdentity(
  name: string,
  members: readonly MemberConfig[],
  saw: Record<string, string>,
): Identity {
  const names = members.map((member) => member.name).sort();
  const clusterId = hashId(names.join(','));
  const initial = members.map((member) => ({
    id: hashId(`${clusterId}/${member.name}`),
    name: member.name,
    peerURLs: [`http://${member.peer ?? `${member.name}:2380`}`],
    clientURLs: [`http://${member.client}`],
  }));
  const own = initial.find((member) => member.name === name);
  if (!own) throw new RangeError(`${name} is not among the members`);
  return { id: own.id, clusterId, initial, joined: false, saw };
}

/** The identity of one that joins a running cluster. */
export function joiningIdentity(name: string, incarnation: string, cluster: Identity): Identity {
  return { ...cluster, id: hashId(`${cluster.clusterId}/${name}/${incarnation}`), joined: true, saw: {} };
}

/** The same, under the id that `member add` announced: an operator brought it in, and an operator promotes it. */
export function announcedIdentity(joining: Identity, id: string): Identity {
  return { ...joining, id, joined: false };
}

/**
 * What a member that starts empty learns from the answers so far: found a cluster, join the one it was told of, or keep asking.
 * `patience` is over when some peers stayed silent for long: then a majority of empty ones founds.
 */
export function decide(
  own: { name: string; incarnation: string },
  members: readonly MemberConfig[],
  replies: ReadonlyMap<string, HelloReply>,
  patienceOver: boolean,
): 'found' | 'ask' | { join: string; cluster: Identity } {
  let empty = 1;
  for (const reply of replies.values()) {
    if (!reply.identity) empty++;
    else if (reply.identity.saw[own.name] === own.incarnation) empty++;
    else return { join: reply.name, cluster: reply.identity };
  }
  if (empty === members.length) return 'found';
  return patienceOver && empty > members.length / 2 ? 'found' : 'ask';
}
