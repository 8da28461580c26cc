// The replicated store: starts one member (etcd) of a cluster. Its API is etcd v3's JSON gateway, served on its client address; ./client talks to it.

import type { Env, Running } from '../env/env.ts';
import type { Handler } from '../env/network.ts';
import type { Raft } from './raft/raft.ts';
import { checkCorruption } from './server/corruption.ts';
import { createHandler } from './server/http.ts';
import { inspect, type MemberInspection } from './server/inspect.ts';
import { EtcdMember, type EtcdMemberConfig } from './server/member.ts';
import type { LinkFault } from './server/peers.ts';

export { restoreBackup } from './server/backup.ts';
export type { MemberInspection } from './server/inspect.ts';
export type { EtcdMemberConfig } from './server/member.ts';
export type { LinkFault, MemberConfig } from './server/peers.ts';

export interface RunningEtcdMember extends Running {
  /** What the member looks like inside; `entries`: how many of the newest log entries to show. */
  inspect(entries?: number): MemberInspection;
  /** Answers a request as the client address does. */
  readonly handler: Handler;
  /** Resolves when the member knows its place in the cluster (not: when there is a leader). */
  readonly joined: Promise<void>;
  /** Compares all members' hashes now; resolves with the ids that differ, whose CORRUPT alarms are raised. */
  checkCorruption(): Promise<string[]>;
  /** Faults, for panels and tests. */
  readonly faults: {
    /** What happens to messages on their way to a peer; undefined heals. Cut both ways by setting both ends. */
    link(peer: string, fault: LinkFault | undefined): void;
    /** Stands still: no ticks, no messages in or out. */
    pause(): void;
    resume(): void;
    /** Runs this member's clock at a rate of the cluster's (1: in step). */
    clockRate(rate: number): void;
    /** Turns the newest value of a key into another, on this member alone, as failing memory would. Returns whether there is such a key. */
    corrupt(key: string): boolean;
    /** Dies at once, without a word. */
    kill(): void;
  };
}

/** ms, at least. */
const electionTimeout = ({ tick = 100 }: EtcdMemberConfig) => 10 * tick;

/** Whether a follower was heard from, or, when the leader has just begun to count anew who was, has the whole log. */
function keepsUp(raft: Raft, id: string): boolean {
  const progress = raft.progress.get(id);
  return progress !== undefined && (progress.recentActive || progress.match === raft.log.lastIndex);
}

/** Starts a member on the env's disk and network. Resolves when its disk is read and it answers requests (they wait until there is a leader). */
export async function startEtcdMember(env: Env, config: EtcdMemberConfig): Promise<RunningEtcdMember> {
  const own = config.members.find((member) => member.name === config.name);
  if (!own) throw new RangeError(`${config.name} is not among the members`);
  const member = new EtcdMember(env, config);
  const handler = createHandler(member.backend);
  const server = env.network.serve(own.client, handler);
  try {
    await member.start();
  } catch (error) {
    server.close();
    member.halt();
    throw error;
  }
  const halt = () => {
    server.close();
    member.halt();
  };
  return {
    inspect: (entries) => inspect(member, entries),
    handler,
    joined: member.up.then(() => {}),
    checkCorruption: () => checkCorruption(member),
    faults: {
      link: (peer, fault) => {
        if (fault) member.peers.faults.set(peer, fault);
        else member.peers.faults.delete(peer);
      },
      pause: () => {
        member.peers.paused = true;
      },
      resume: () => {
        member.peers.paused = false;
      },
      clockRate: (rate) => member.setClockRate(rate),
      corrupt: (key) => {
        const version = member.state.store.get(key);
        if (version) Object.assign(version, { value: `${version.value}?` });
        return version !== undefined;
      },
      kill: halt,
    },
    stop: async () => {
      if (member.halted) return;
      const raft = member.replica?.raft;
      // a leader that goes hands over first, so that nobody waits for an election
      const heir =
        raft?.role === 'leader' ? raft.conf.voters.find((id) => id !== raft.id && keepsUp(raft, id)) : undefined;
      if (heir) {
        // one that has gone itself takes nothing over; an election would be over by then
        const patience = new Promise<void>((resolve) => env.clock.after(electionTimeout(config), resolve));
        await Promise.race([member.backend.moveLeader(heir).catch(() => {}), patience]);
      }
      halt();
    },
  };
}
