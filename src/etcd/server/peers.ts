// The line between members: raft messages, calls to the leader, and the first hello, over one message channel. Also where faults are injected and where every message
// can be watched or held.
//
// Invariant: messages to one peer keep their order, whatever is held or slow to build.

import type { Clock } from '../../env/clock.ts';
import type { Json } from '../../env/env.ts';
import type { Channel } from '../../env/network.ts';
import type { Random } from '../../env/random.ts';
import type { Trace } from '../../env/trace.ts';
import { EtcdError } from '../client/types.ts';
import { etcdError } from '../errors.ts';
import type { Message } from '../raft/types.ts';
import { packEntries, unpackEntries } from '../wal/records.ts';
import type { HelloReply } from './identity.ts';
import type { StateSnapshot } from './snapshot.ts';

export interface MemberConfig {
  /** Process name: also its host on the network. */
  name: string;
  /** "etcd-1:2380"; shown in the member list. */
  peer?: string;
  /** "etcd-1:2379" */
  client: string;
}

/** What is done to messages on their way out to one peer. */
export interface LinkFault {
  /** Chance in [0, 1] that a message is lost. 1: cut. */
  drop?: number;
  /** Milliseconds each message is late. */
  delay?: number;
}

type Wire =
  | { k: 'raft'; m: Message; packed?: string; cluster: string }
  | { k: 'hello'; incarnation: string }
  | { k: 'hello reply'; reply: HelloReply }
  | { k: 'call'; id: number; method: string; args: Json }
  | { k: 'answer'; id: number; result?: Json; error?: { code: number; message: string } };

export interface PeersHost {
  nameOf(id: string): string | undefined;
  clusterId(): string;
  receive(message: Message): void;
  hello(from: string, incarnation: string): HelloReply | undefined;
  helloReply(reply: HelloReply): void;
  call(method: string, args: Json): Promise<Json>;
}

export class Peers {
  /** Faults by peer name. */
  readonly faults = new Map<string, LinkFault>();
  /** While paused nothing goes out and nothing comes in. */
  paused = false;
  private readonly channel: Channel;
  private readonly env: { clock: Clock; random: Random; trace: Trace; name: string };
  private readonly host: PeersHost;
  private readonly tails = new Map<string, Promise<void>>();
  /** Who spoke under which raft id: one that just joined knows no other way the ids of members that came after the founding. */
  private readonly heard = new Map<string, string>();
  private readonly calls = new Map<number, (answer: Extract<Wire, { k: 'answer' }>) => void>();
  private nextCall = 1;

  constructor(channel: Channel, env: { clock: Clock; random: Random; trace: Trace; name: string }, host: PeersHost) {
    this.channel = channel;
    this.env = env;
    this.host = host;
    channel.onmessage = (from, message) => this.take(from, message as Wire);
  }

  close(): void {
    this.channel.close();
  }

  /** Sends a raft message. Entries travel packed; a snapshot's pieces are read first. */
  send(m: Message): void {
    const to = this.host.nameOf(m.to) ?? this.heard.get(m.to);
    if (to === undefined) {
      (m.snapshot?.data as StateSnapshot | undefined)?.release();
      return;
    }
    const { entries, ...rest } = m;
    const wire: Wire = { k: 'raft', m: rest, cluster: this.host.clusterId() };
    if (entries) wire.packed = packEntries(entries);
    const held = this.env.trace.wants('raft send') ? this.gate(to, m) : undefined;
    const waiting = this.tails.get(to);
    if (!held && !waiting && !m.snapshot) {
      this.post(to, wire);
      return;
    }
    const tail = (async () => {
      await waiting;
      await held;
      if (m.snapshot && !(await readPieces(wire as Extract<Wire, { k: 'raft' }>, this.env.clock))) return;
      this.post(to, wire);
    })().finally(() => {
      if (this.tails.get(to) === tail) this.tails.delete(to);
    });
    this.tails.set(to, tail);
  }

  private gate(to: string, m: Message): Promise<void> | undefined {
    const fault = this.faults.get(to);
    return this.env.trace.gate({
      gate: 'raft send',
      will: `${m.type} to ${to}`,
      detail: {
        ...summary(m),
        from: this.env.name,
        to,
        fate: fault?.drop === 1 ? 'dropped' : fault?.delay ? 'delayed' : 'sent',
      },
    });
  }

  sendHello(to: string, incarnation: string): void {
    this.post(to, { k: 'hello', incarnation });
  }

  /** Asks another member to do something. Rejects with its error, or timeout. */
  call(to: string, method: string, args: Json, timeout: number): Promise<Json> {
    const id = this.nextCall++;
    return new Promise((resolve, reject) => {
      const cancel = this.env.clock.after(timeout, () => {
        this.calls.delete(id);
        reject(etcdError('timeout'));
      });
      this.calls.set(id, ({ result, error }) => {
        cancel();
        this.calls.delete(id);
        if (error) reject(new EtcdError(error.code, error.message));
        else resolve(result ?? null);
      });
      this.post(to, { k: 'call', id, method, args });
    });
  }

  private post(to: string, wire: Wire): void {
    if (this.paused) return;
    const fault = this.faults.get(to);
    if (fault?.drop && this.env.random.next() < fault.drop) {
      this.note(to, wire, 'dropped');
      return;
    }
    if (fault?.delay) {
      this.env.clock.after(fault.delay, () => this.channel.send(to, wire));
      return;
    }
    this.channel.send(to, wire);
  }

  private note(peer: string, wire: Wire, fate: 'dropped' | 'delivered'): void {
    if (wire.k !== 'raft' || !this.env.trace.wants('raft send')) return;
    const way = fate === 'delivered' ? { from: peer, to: this.env.name } : { from: this.env.name, to: peer };
    this.env.trace.record({
      gate: 'raft send',
      will: `${wire.m.type} ${fate}`,
      detail: { ...summary(wire.m), ...way, fate },
    });
  }

  private take(from: string, wire: Wire): void {
    if (this.paused) return;
    switch (wire.k) {
      case 'raft':
        if (wire.cluster !== this.host.clusterId()) return;
        this.note(from, wire, 'delivered');
        // this one names who is to lead, not who speaks
        if (wire.m.type !== 'transferLeader') this.heard.set(wire.m.from, from);
        this.host.receive(wire.packed === undefined ? wire.m : { ...wire.m, entries: unpackEntries(wire.packed) });
        return;
      case 'hello': {
        const reply = this.host.hello(from, wire.incarnation);
        if (reply) this.post(from, { k: 'hello reply', reply });
        return;
      }
      case 'hello reply':
        this.host.helloReply(wire.reply);
        return;
      case 'call':
        this.host.call(wire.method, wire.args).then(
          (result) => this.post(from, { k: 'answer', id: wire.id, result }),
          (error: unknown) => {
            const { code, message } = error instanceof EtcdError ? error : { code: 2, message: String(error) };
            this.post(from, { k: 'answer', id: wire.id, error: { code, message } });
          },
        );
        return;
      case 'answer':
        this.calls.get(wire.id)?.(wire);
    }
  }
}

/** Reads a snapshot's pieces, giving others a turn between them. False if the state was replaced meanwhile: there is nothing to send any more. */
async function readPieces(wire: Extract<Wire, { k: 'raft' }>, clock: Clock): Promise<boolean> {
  const { snapshot } = wire.m;
  if (!snapshot) return true;
  const state = snapshot.data as StateSnapshot;
  const chunks: string[] = [];
  try {
    for (const chunk of state.chunks()) {
      chunks.push(chunk);
      await new Promise<void>((resolve) => clock.after(0, resolve));
    }
  } catch {
    return false;
  }
  wire.m = { ...wire.m, snapshot: { ...snapshot, data: { head: state.head, chunks } } };
  return true;
}

/** A message in a form a panel can show. */
export function summary(m: Message): { [key: string]: Json } {
  const out: { [key: string]: Json } = { type: m.type, term: m.term };
  if (m.index !== undefined) out.index = m.index;
  if (m.logTerm !== undefined) out.logTerm = m.logTerm;
  if (m.commit !== undefined) out.commit = m.commit;
  if (m.entries) out.entries = m.entries.map(({ term, index }) => ({ term, index }));
  if (m.reject) out.reject = true;
  if (m.snapshot) out.snapshot = m.snapshot.index;
  return out;
}
