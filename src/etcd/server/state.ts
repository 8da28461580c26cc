// The replicated state of one member and the one way to change it: apply(command), in log order. Every member that applied the same commands holds the same
// state and gave the same answers.
//
// Invariant: apply never throws; a command that is refused leaves the state untouched and answers with etcd's error.

import type { AlarmMember, AlarmResponse, LeaseGrantResponse, ResponseHeader } from '../api/types.ts';
import { EtcdError } from '../client/types.ts';
import { etcdError } from '../errors.ts';
import { Lessor } from '../lease/lessor.ts';
import { Store } from '../mvcc/store.ts';
import type { Command } from './commands.ts';
import { deleteRange, put, txn } from './txn.ts';

/** An answer to a command: a message with a header, or an error. */
export type Outcome = { response: { header?: ResponseHeader } } | { error: EtcdError };

export interface MemberAttributes {
  name: string;
  clientURLs: string[];
  peerURLs?: string[];
  /** Cluster time at which the process began that joined under this id. */
  begun?: number;
}

export class State {
  readonly store = new Store();
  readonly lessor = new Lessor();
  /** Alarms raised, as "memberID/type". */
  readonly alarms = new Set<string>();
  /** What members published about themselves, by id. */
  readonly attributes = new Map<string, MemberAttributes>();

  /** Applies one command. `now` is this member's cluster time: only lease expiry times, which are not replicated, depend on it. */
  apply(command: Command, now: number): Outcome {
    try {
      return { response: this.run(command, now) };
    } catch (error) {
      if (error instanceof EtcdError) return { error };
      throw error;
    }
  }

  private run(command: Command, now: number): { header?: ResponseHeader } {
    if (this.has('CORRUPT') && !command.alarm && !command.memberAttributes) throw etcdError('corrupt');
    const { store, lessor } = this;
    if (command.put) {
      if (this.has('NOSPACE')) throw etcdError('noSpace');
      return put(store, lessor, command.put);
    }
    if (command.txn) {
      if (this.has('NOSPACE') && command.txn && writes(command.txn)) throw etcdError('noSpace');
      return txn(store, lessor, command.txn);
    }
    if (command.deleteRange) return deleteRange(store, lessor, command.deleteRange);
    if (command.compaction) {
      store.compact(command.compaction.revision ?? 0);
      return { header: { revision: store.currentRevision } };
    }
    if (command.leaseGrant) return this.grant(command.leaseGrant, now);
    if (command.leaseRevoke) return this.revoke(command.leaseRevoke.ID ?? '0');
    if (command.leaseCheckpoint) {
      for (const { ID, remainingTTL } of command.leaseCheckpoint.checkpoints) lessor.checkpoint(ID, remainingTTL);
      return { header: { revision: store.currentRevision } };
    }
    if (command.alarm) return this.alarm(command.alarm);
    if (command.memberAttributes) {
      const { ID, name, clientURLs } = command.memberAttributes;
      this.attributes.set(ID, { ...this.attributes.get(ID), name, clientURLs });
    }
    if (command.memberUpdate) {
      const { ID, peerURLs } = command.memberUpdate;
      const known = this.attributes.get(ID);
      if (!known) throw etcdError('memberNotFound');
      for (const [id, other] of this.attributes)
        if (id !== ID && other.peerURLs?.some((url) => peerURLs.includes(url))) throw etcdError('peerUrlExists');
      this.attributes.set(ID, { ...known, peerURLs });
    }
    return { header: { revision: store.currentRevision } };
  }

  private grant(request: { ID: string; TTL: number }, now: number): LeaseGrantResponse {
    if (this.has('NOSPACE')) throw etcdError('noSpace');
    if (this.lessor.get(request.ID)) throw etcdError('leaseExists');
    this.lessor.grant(request.ID, request.TTL, now);
    return { header: { revision: this.store.currentRevision }, ID: request.ID, TTL: request.TTL };
  }

  /** Ends a lease and deletes its keys, in one revision. */
  private revoke(id: string): { header: ResponseHeader } {
    const lease = this.lessor.get(id);
    if (!lease) throw etcdError('leaseNotFound');
    const keys = [...lease.keys].sort();
    this.store.write(() => {
      for (const key of keys) this.store.deleteRange(key, undefined);
    });
    this.lessor.remove(id);
    return { header: { revision: this.store.currentRevision } };
  }

  has(type: 'NOSPACE' | 'CORRUPT'): boolean {
    for (const alarm of this.alarms) if (alarm.endsWith(`/${type}`)) return true;
    return false;
  }

  /** Alarms of one type, or all of them for NONE. */
  alarmList(type: string = 'NONE'): AlarmMember[] {
    return [...this.alarms]
      .map((alarm) => {
        const [memberID, kind] = alarm.split('/') as [string, 'NOSPACE' | 'CORRUPT'];
        return memberID === '0' ? { alarm: kind } : { memberID, alarm: kind };
      })
      .filter((alarm) => type === 'NONE' || alarm.alarm === type);
  }

  private alarm(request: NonNullable<Command['alarm']>): AlarmResponse {
    const type = typeof request.alarm === 'string' ? request.alarm : 'NONE';
    const name = `${request.memberID ?? '0'}/${type}`;
    const shown: AlarmMember = type === 'NONE' ? {} : { alarm: type };
    if (request.memberID && request.memberID !== '0') shown.memberID = request.memberID;
    const answer = (alarms: AlarmMember[]): AlarmResponse => (alarms.length > 0 ? { alarms } : {});
    if (request.action === 'ACTIVATE') {
      if (type === 'NONE') return {};
      this.alarms.add(name);
      return answer([shown]);
    }
    if (request.action === 'DEACTIVATE') return answer(this.alarms.delete(name) ? [shown] : []);
    return answer(this.alarmList(type));
  }

  /** A number that is equal on all members that hold the same versions up to `revision` (0: now) since the same compaction: FNV-1a over them. */
  hash(revision = 0): { hash: number; compactRevision: number; revision: number } {
    const upTo = revision > 0 ? revision : this.store.currentRevision;
    if (upTo > this.store.currentRevision) throw etcdError('futureRevision');
    if (upTo < this.store.compactRevision) throw etcdError('compacted');
    let hash = 0x811c9dc5;
    const mix = (text: string) => {
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    };
    this.store.versions('', upTo, this.store.compactRevision, (version) => {
      mix(version.key);
      mix(`\0${version.createRevision}.${version.modRevision}.${version.sub}.${version.version}.${version.lease}\0`);
      mix(version.value);
      return undefined;
    });
    return { hash: hash >>> 0, compactRevision: this.store.compactRevision, revision: upTo };
  }
}

/** Whether a transaction could add bytes. */
function writes(request: NonNullable<Command['txn']>): boolean {
  return [...(request.success ?? []), ...(request.failure ?? [])].some(
    (op) => op.requestPut !== undefined || (op.requestTxn !== undefined && writes(op.requestTxn)),
  );
}
