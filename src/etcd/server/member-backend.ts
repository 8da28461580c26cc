// What the services (kv, lease, lock, ...) ask of a member, on top of its replica: proposals, confirmed reads, calls to the leader, what it knows of the cluster.
//
// Invariant: every call waits until the member takes part, and is given up in time.

import type { Json } from '../../env/env.ts';
import type { AlarmMember, Member, ResponseHeader, StatusResponse } from '../api/types.ts';
import { EtcdError } from '../client/types.ts';
import { etcdError } from '../errors.ts';
import { allMembers } from '../raft/quorum.ts';
import type { Backend, MemberChange } from './backend.ts';
import { writeBackup } from './backup.ts';
import type { Command } from './commands.ts';
import { answerCall, requestChange } from './leader-calls.ts';
import type { EtcdMember } from './member.ts';
import { takeSnapshot } from './snapshot.ts';

export class MemberBackend implements Backend {
  readonly clock: Backend['clock'];
  readonly random: Backend['random'];
  readonly state: Backend['state'];
  readonly hub: Backend['hub'];
  readonly streams: Backend['streams'];
  readonly progressNotifyInterval: number;
  private readonly member: EtcdMember;

  constructor(member: EtcdMember) {
    this.member = member;
    this.clock = member.clock;
    this.random = member.random;
    this.state = member.state;
    this.hub = member.hub;
    this.streams = member.streams;
    this.progressNotifyInterval = member.config.progressNotifyInterval ?? 600_000;
  }

  header(revision?: number): ResponseHeader {
    return {
      clusterId: this.member.identity?.clusterId ?? '0',
      memberId: this.member.identity?.id ?? '0',
      revision: revision ?? this.state.store.currentRevision,
      raftTerm: this.member.replica?.raft.term ?? 0,
    };
  }

  async propose(command: Command): Promise<{ header?: ResponseHeader }> {
    const replica = await this.member.running();
    return new Promise((resolve, reject) => {
      replica.propose(command, (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.response)));
    });
  }

  async readIndex(): Promise<void> {
    const replica = await this.member.running();
    if (replica.raft.isLearner) throw etcdError('notSupportedForLearner');
    return new Promise((resolve, reject) => replica.readIndex((error) => (error ? reject(error) : resolve())));
  }

  /** Runs a call on the leader, here or elsewhere; waits for one, retries while it changes. */
  async onLeader(method: string, args: Json): Promise<Json> {
    const replica = await this.member.running();
    const deadline = this.clock.now() + this.member.timeout;
    for (;;) {
      const { raft } = replica;
      const leader = raft.role === 'leader' ? this.member.config.name : this.state.attributes.get(raft.leader)?.name;
      try {
        if (leader === this.member.config.name && raft.role === 'leader')
          return await answerCall(this.member, method, args);
        if (leader !== undefined && leader !== '') return await this.member.peers.call(leader, method, args, 1000);
      } catch (error) {
        const again = ['notLeader', 'leaderChanged', 'timeout', 'deadlineExceeded'] as const;
        if (!(error instanceof EtcdError) || !again.some((name) => error.message === etcdError(name).message))
          throw error;
      }
      if (this.clock.now() >= deadline || this.member.halted) throw etcdError('timeout');
      await new Promise<void>((resolve) => this.clock.after(this.member.tick / 2, resolve));
    }
  }

  async leaseRenew(id: string): Promise<number> {
    return (await this.onLeader('leaseRenew', { id })) as number;
  }

  async leaseRemaining(id: string) {
    const answer = await this.onLeader('leaseRemaining', { id });
    return (answer ?? undefined) as { remaining: number; granted: number; keys: string[] } | undefined;
  }

  members(): Member[] {
    const conf = this.member.replica?.raft.conf;
    const ids = conf ? allMembers(conf) : (this.member.identity?.initial.map((member) => member.id) ?? []);
    return ids.map((ID) => {
      const { name = '', peerURLs = [], clientURLs = [] } = this.state.attributes.get(ID) ?? {};
      return { ID, name, peerURLs, clientURLs, ...(conf?.learners.includes(ID) ? { isLearner: true } : {}) };
    });
  }

  changeMember(change: MemberChange): Promise<Member | undefined> {
    return requestChange(this.member, change);
  }

  async moveLeader(target: string): Promise<void> {
    const { raft } = await this.member.running();
    if (raft.role !== 'leader') throw etcdError('notLeader');
    if (!raft.conf.voters.includes(target)) throw etcdError('badLeaderTransferee');
    await this.onLeader('moveLeader', { target });
  }

  status(): StatusResponse {
    const { store } = this.state;
    const raft = this.member.replica?.raft;
    const response: StatusResponse = {
      header: {},
      version: '3.4.23',
      dbSize: store.size,
      leader: raft?.leader || '0',
      raftIndex: raft?.log.committed ?? 0,
      raftTerm: raft?.term ?? 0,
      raftAppliedIndex: raft?.log.applied ?? 0,
      dbSizeInUse: store.sizeInUse,
    };
    const errors = this.state.alarmList().map(({ memberID, alarm }) => `memberID:${memberID ?? 0} alarm:${alarm} `);
    if (raft?.leader === '') errors.push('etcdserver: no leader');
    if (errors.length > 0) response.errors = errors;
    if (raft?.isLearner) response.isLearner = true;
    return response;
  }

  overQuota(bytes: number): boolean {
    return this.state.store.size + bytes > (this.member.config.quotaBytes ?? 2 * 1024 ** 3);
  }

  async raiseAlarm(alarm: AlarmMember): Promise<void> {
    await this.propose({ alarm: { action: 'ACTIVATE', ...alarm } });
  }

  async *snapshot(): AsyncGenerator<string> {
    await this.member.running();
    yield* writeBackup(takeSnapshot(this.state));
  }
}
