// Runs raft cores from a script of small commands and prints what happens: the golden transcripts of ../testdata are such scripts with the expected output
// after "----" (in the manner of etcd-io/raft's data-driven tests).
//
// Commands: cluster N [learners M] | leases UNITS (before cluster: reads rest on leases so long) | time ID T | tick ID COUNT | campaign ID | propose ID TEXT | conf ID JSON | read ID CONTEXT | transfer ID TO | cut A B | heal |
// deliver [COUNT] | drop FROM TO | save ID off|on | restart ID | compact ID INDEX | state | log ID
//
// Messages wait until delivered. A write is done at once unless saving is switched off for the member.

import { RaftLog } from '../log.ts';
import { Raft } from '../raft.ts';
import type { ConfState, Entry, HardState, Message, Snapshot, Unsaved } from '../types.ts';

interface Member {
  raft: Raft;
  disk: { hardState: HardState; entries: Entry[]; snapshot: Snapshot | undefined };
  saving: boolean;
  waiting: Unsaved[];
  applied: string[];
}

export class Transcript {
  readonly members = new Map<string, Member>();
  /** Messages under way, oldest first. */
  wire: Message[] = [];
  private lease: number | undefined;
  private cuts = new Set<string>();
  private out: string[] = [];
  private founding: ConfState = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

  /** Runs one command; returns what it printed. */
  run(line: string): string {
    this.out = [];
    const [command = '', ...args] = line.trim().split(/\s+/);
    this.execute(command, args);
    return this.out.join('\n') || 'ok';
  }

  private member(id: string | undefined): Member {
    const member = this.members.get(id ?? '');
    if (!member) throw new RangeError(`no member ${id}`);
    return member;
  }

  private execute(command: string, args: string[]): void {
    const [a = '', b = ''] = args;
    switch (command) {
      case 'cluster': {
        const ids = Array.from({ length: Number(a) }, (_, i) => String(i + 1));
        const learners =
          b === 'learners' ? Array.from({ length: Number(args[2]) }, (_, i) => String(ids.length + i + 1)) : [];
        this.founding = { ...this.founding, voters: ids, learners };
        for (const id of [...ids, ...learners]) this.boot(id, undefined);
        return;
      }
      case 'leases':
        this.lease = Number(a);
        return;
      case 'time':
        this.member(a).raft.time = Number(b);
        return;
      case 'join':
        this.boot(a, undefined);
        return;
      case 'tick':
        for (let i = 0; i < Number(b || 1); i++) this.member(a).raft.tick();
        break;
      case 'campaign':
        this.member(a).raft.campaign();
        break;
      case 'depose':
        // an election without pre-vote, as a hand-over begins it
        this.member(a).raft.step({ type: 'timeoutNow', from: '', to: a, term: this.member(a).raft.term });
        break;
      case 'propose':
        if (!this.member(a).raft.propose([args.slice(1).join(' ')])) this.out.push('dropped: no leader');
        break;
      case 'conf':
        this.member(a).raft.propose([args.slice(1).join(' ')], 1);
        break;
      case 'read':
        if (!this.member(a).raft.readIndex(b)) this.out.push('dropped: no leader');
        break;
      case 'transfer':
        this.member(a).raft.transferLeadership(b);
        break;
      case 'cut':
        this.cuts.add(`${a} ${b}`).add(`${b} ${a}`);
        return;
      case 'heal':
        this.cuts.clear();
        return;
      case 'drop':
        this.wire = this.wire.filter((m) => !(m.from === a && m.to === b));
        return;
      case 'deliver':
        this.deliver(a === '' ? Infinity : Number(a));
        return;
      case 'save':
        this.save(this.member(a), b === 'on');
        break;
      case 'restart': {
        const { disk } = this.member(a);
        this.boot(a, disk);
        break;
      }
      case 'compact':
        this.member(a).raft.log.compact(Number(b));
        return;
      case 'state':
        for (const { raft } of this.members.values())
          this.out.push(
            `${raft.id} ${raft.role} term ${raft.term} vote ${raft.vote || '-'} leader ${raft.leader || '-'} last ${raft.log.lastIndex} commit ${raft.log.committed}`,
          );
        return;
      case 'members': {
        const { voters, votersOutgoing, learners } = this.member(a).raft.conf;
        this.out.push(
          `voters ${voters.join(',')} outgoing ${votersOutgoing.join(',') || '-'} learners ${learners.join(',') || '-'}`,
        );
        return;
      }
      case 'log': {
        const { log } = this.member(a).raft;
        for (const entry of log.entries) this.out.push(`${entry.term}/${entry.index} ${entry.data || '(empty)'}`);
        return;
      }
      default:
        throw new RangeError(`unknown command ${command}`);
    }
    for (const member of this.members.values()) this.settle(member);
  }

  private boot(id: string, disk: Member['disk'] | undefined): void {
    const hardState = disk?.hardState ?? { term: 0, vote: '', commit: 0 };
    const base = disk?.snapshot ?? { index: 0, term: 0, conf: this.founding };
    const entries = (disk?.entries ?? []).filter((entry) => entry.index > base.index);
    const log = new RaftLog(base.index, base.term, entries, Math.min(hardState.commit, base.index + entries.length));
    const raft: Raft = new Raft({
      id,
      log,
      hardState,
      conf: base.conf,
      random: () => 0,
      maxAppendBytes: 1,
      ...(this.lease === undefined ? {} : { readMode: 'lease', lease: this.lease }),
      snapshot: () => ({ index: log.applied, term: log.termAt(log.applied) ?? 0, conf: raft.conf, data: null }),
    });
    const member: Member = {
      raft,
      disk: disk ?? { hardState, entries: [], snapshot: undefined },
      saving: true,
      waiting: [],
      applied: [],
    };
    this.members.set(id, member);
    this.settle(member);
  }

  private save(member: Member, on: boolean): void {
    member.saving = on;
    if (on) for (const unsaved of member.waiting.splice(0)) this.write(member, unsaved);
  }

  private write(member: Member, unsaved: Unsaved): void {
    const { disk } = member;
    disk.hardState = unsaved.hardState;
    if (unsaved.snapshot) {
      disk.snapshot = unsaved.snapshot;
      disk.entries = [];
    }
    const first = unsaved.entries[0];
    if (first) disk.entries = [...disk.entries.filter((entry) => entry.index < first.index), ...unsaved.entries];
    for (const m of unsaved.afterSave) {
      if (m.to === member.raft.id) member.raft.step(m);
      else this.wire.push(m);
    }
  }

  /** Does what a host does until nothing is left to do. */
  private settle(member: Member): void {
    const { raft } = member;
    for (;;) {
      const { messages, unsaved, committed, reads } = raft.ready(member.saving || member.waiting.length === 0);
      this.wire.push(...messages);
      if (unsaved) {
        if (member.saving) this.write(member, unsaved);
        else member.waiting.push(unsaved);
      }
      for (const entry of committed) {
        if (entry.data !== '') this.out.push(`${raft.id} applies ${entry.index} ${entry.data}`);
        if (entry.kind === 1) raft.applyConfChange(JSON.parse(entry.data));
      }
      if (committed.length > 0) raft.applied();
      for (const { context, index } of reads) this.out.push(`${raft.id} may read ${context} at ${index}`);
      if (!unsaved && messages.length === 0 && committed.length === 0) return;
    }
  }

  private deliver(count: number): void {
    for (let i = 0; i < count && this.wire.length > 0 && i < 10_000; i++) {
      const m = this.wire.shift() as Message;
      const cut = this.cuts.has(`${m.from} ${m.to}`) || !this.members.has(m.to);
      this.out.push(`${m.from}->${m.to} ${text(m)}${cut ? ' LOST' : ''}`);
      if (cut) continue;
      const member = this.member(m.to);
      member.raft.step(m);
      this.settle(member);
    }
  }
}

function text(m: Message): string {
  const parts: string[] = [`${m.type} term ${m.term}`];
  if (m.term === 0 && m.logTerm !== undefined) parts.push(`in term ${m.logTerm}`);
  else if (m.logTerm !== undefined) parts.push(`after ${m.logTerm}/${m.index}`);
  else if (m.index !== undefined) parts.push(`index ${m.index}`);
  if (m.entries?.length) parts.push(`[${m.entries.map((entry) => `${entry.term}/${entry.index}`).join(' ')}]`);
  if (m.commit !== undefined) parts.push(`commit ${m.commit}`);
  if (m.snapshot) parts.push(`snapshot ${m.snapshot.term}/${m.snapshot.index}`);
  if (m.reject) parts.push(`REJECT${m.hint === undefined ? '' : ` hint ${m.hint}`}`);
  if (m.sent !== undefined) parts.push(`sent at ${m.sent}`);
  if (m.context) parts.push(`for ${m.context}`);
  return parts.join(' ');
}
