// What members ask of their leader outside the log: renewing leases, changing the membership, handing over the office; and of anybody: a hash to compare.

import type { Json } from '../../env/env.ts';
import type { Member } from '../api/types.ts';
import { etcdError } from '../errors.ts';
import type { ConfChange } from '../raft/types.ts';
import type { MemberChange } from './backend.ts';
import { hashId } from './identity.ts';
import type { EtcdMember } from './member.ts';
import type { Replica } from './replica.ts';

type Args = { [key: string]: Json };

/** Answers a call that came from a member (or from here). Rejects with notLeader where only a leader can answer. */
export async function answerCall(member: EtcdMember, method: string, json: Json): Promise<Json> {
  const args = json as Args;
  const replica = await member.running();
  if (method === 'hash') {
    const { hash, compactRevision } = member.state.hash(args.revision as number);
    return { id: member.identity?.id ?? '', hash, compactRevision };
  }
  if (method === 'replace') {
    if (replica.raft.role === 'leader') return replace(member, replica, args as unknown as Newcomer);
    return member.backend.onLeader(method, json);
  }
  if (replica.raft.role !== 'leader') throw etcdError('notLeader');
  switch (method) {
    case 'leaseRenew':
      return member.renewLease(args.id as string);
    case 'leaseRemaining': {
      const lease = member.state.lessor.get(args.id as string);
      if (!lease) return null;
      const remaining = member.state.lessor.remaining(lease, member.now());
      return { remaining, granted: lease.ttl, keys: [...lease.keys].sort() };
    }
    case 'moveLeader':
      return moveLeader(member, replica, args.target as string);
    case 'changeMember':
      return changeMember(member, replica, args as unknown as Request);
    default:
      throw etcdError('notCapable');
  }
}

type Request = MemberChange & { newId?: string };

/** Sends a change of the membership to the leader; resolves with the member added, once it is in force. */
export async function requestChange(member: EtcdMember, change: MemberChange): Promise<Member | undefined> {
  const request: Request = { ...change };
  if (change.type === 'add') request.newId = hashId(`${change.peerURLs.join()}/${member.random.next()}`);
  return (await member.backend.onLeader('changeMember', request as unknown as Json)) as Member | undefined;
}

function commit(replica: Replica, change: ConfChange): Promise<void> {
  return new Promise((resolve, reject) => {
    replica.proposeConfChange(change, (outcome) => ('error' in outcome ? reject(outcome.error) : resolve()));
  });
}

async function changeMember(member: EtcdMember, replica: Replica, change: Request): Promise<Json> {
  const members = member.backend.members();
  const { conf } = replica.raft;
  if (change.type === 'add') {
    const shown: Member = { ID: change.newId as string, peerURLs: change.peerURLs };
    if (change.isLearner) shown.isLearner = true;
    // asked again because the answer was lost
    if (members.some(({ ID }) => ID === change.newId)) return shown as unknown as Json;
    const voters = votersOf(replica, members);
    if (!change.isLearner && !readyToAdd(voters)) throw etcdError('memberNotEnoughStarted');
    if (!voters.every((voter) => isConnected(replica, voter))) throw etcdError('unhealthy');
    if (members.some((known) => known.peerURLs?.some((url) => change.peerURLs.includes(url))))
      throw etcdError('peerUrlExists');
    if (change.isLearner && conf.learners.length > 0) throw etcdError('tooManyLearners');
    const ID = change.newId as string;
    const added: Member = { ID, name: hostOf(change.peerURLs[0] as string), peerURLs: change.peerURLs };
    const type = change.isLearner ? 'addLearner' : 'addVoter';
    const context = JSON.stringify({ member: added });
    await commit(replica, { changes: [{ type, id: ID }], transition: 'simple', context });
    return shown as unknown as Json;
  }
  if (change.type === 'remove') {
    if (!conf.learners.includes(change.ID)) mayRemove(replica, votersOf(replica, members), change.ID);
    if (!members.some(({ ID }) => ID === change.ID)) throw etcdError('memberNotFound');
    await commit(replica, { changes: [{ type: 'remove', id: change.ID }], transition: 'simple' });
    return null;
  }
  if (!members.some(({ ID }) => ID === change.ID)) throw etcdError('memberNotFound');
  const match = change.ID === replica.raft.id ? Infinity : (replica.raft.progress.get(change.ID)?.match ?? 0);
  if (match < replica.raft.log.committed * 0.9) throw etcdError('learnerNotReady');
  if (!conf.learners.includes(change.ID)) throw etcdError('memberNotLearner');
  await commit(replica, { changes: [{ type: 'addVoter', id: change.ID }], transition: 'simple' });
  return null;
}

/** The host of a member's address (as readPeerUrls lets it in): the name under which the member is expected. */
const hostOf = (url: string) => url.replace(/^\w+:\/\/(?:[^@]*@)?/, '').replace(/:\d*(?:[?#].*)?$/, '');

const votersOf = (replica: Replica, members: Member[]) =>
  members.filter(({ ID = '' }) => replica.raft.conf.voters.includes(ID));

/** A member that was only announced has no client addresses yet. */
const hasBegun = ({ clientURLs = [] }: Member) => clientURLs.length > 0;

const isConnected = (replica: Replica, member: Member) =>
  member.ID === replica.raft.id ||
  (hasBegun(member) && (replica.raft.progress.get(member.ID ?? '')?.recentActive ?? false));

/** Whether with one more voter those that have begun are a quorum. A single one may always take a second: it may be restoring a cluster. */
function readyToAdd(voters: Member[]): boolean {
  const begun = voters.filter(hasBegun).length;
  return (voters.length === 1 && begun === 1) || begun >= ((voters.length + 1) >> 1) + 1;
}

/** Refuses a removal that would leave too few that have begun, or too few that are alive. */
function mayRemove(replica: Replica, voters: Member[], id: string): void {
  const rest = voters.filter(({ ID }) => ID !== id);
  if (rest.filter(hasBegun).length < (rest.length >> 1) + 1) throw etcdError('memberNotEnoughStarted');
  // one that is dead takes no vote with it
  const connected = voters.filter((voter) => isConnected(replica, voter));
  if (!connected.some(({ ID }) => ID === id)) return;
  if (connected.length - 1 < 1 + ((voters.length - 1) >> 1)) throw etcdError('unhealthy');
}

interface Newcomer {
  id: string;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  begun: number;
}

/**
 * Lets a newcomer in. One that `member add` announced gets the announced id, once: that is the answer. One that lost its disk comes in under its new id, its old one
 * goes, in one step; the answer is null.
 */
async function replace(member: EtcdMember, replica: Replica, newcomer: Newcomer): Promise<Json> {
  const known = member.backend.members();
  if (known.some(({ ID }) => ID === newcomer.id)) return null;
  const announced = known.find(({ name, clientURLs = [] }) => name === newcomer.name && clientURLs.length === 0);
  if (announced?.ID) {
    // from now on it has client addresses, so nobody is given this id again
    const { name, clientURLs } = newcomer;
    await member.backend.propose({ memberAttributes: { ID: announced.ID, name, clientURLs } });
    return announced.ID;
  }
  // a process that has died since: one that came after it is in already, and must not be put out by a request that was long on its way
  const { attributes } = member.state;
  if (known.some(({ ID, name }) => name === newcomer.name && (attributes.get(ID ?? '')?.begun ?? 0) > newcomer.begun))
    throw etcdError('memberNotFound');
  const old = known.filter(({ name }) => name === newcomer.name).map(({ ID }) => ID as string);
  const rest = replica.raft.conf.voters.filter((id) => !old.includes(id));
  // with one voter left the newcomer could not be let in if that one died; yet there is no other way
  if (rest.length === 0) throw etcdError('memberNotEnoughStarted');
  const added: Member = {
    ID: newcomer.id,
    name: newcomer.name,
    peerURLs: newcomer.peerURLs,
    clientURLs: newcomer.clientURLs,
  };
  await commit(replica, {
    changes: [...old.map((id) => ({ type: 'remove' as const, id })), { type: 'addLearner' as const, id: newcomer.id }],
    transition: 'joint',
    context: JSON.stringify({ member: added, begun: newcomer.begun }),
  });
  if (!member.backend.members().some(({ ID }) => ID === newcomer.id)) throw etcdError('unhealthy');
  return null;
}

async function moveLeader(member: EtcdMember, replica: Replica, target: string): Promise<Json> {
  const { raft } = replica;
  if (target === raft.id) return null;
  raft.transferLeadership(target);
  replica.drain();
  const deadline = member.clock.now() + member.timeout;
  while (raft.leader !== target) {
    if (member.clock.now() > deadline) throw etcdError('timeoutLeaderTransfer');
    await new Promise<void>((resolve) => member.clock.after(20, resolve));
  }
  return null;
}
