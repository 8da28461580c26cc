// The page's end of every worker: hands out ports between processes, spreads the clock's setting, and collects trace records and waiting gates.
//
// The page itself takes part as a client under the name "page". Invariant: when a process is detached, every other process is told at once, so that its
// exchanges with the dead one break off instead of hanging.

import type { ClockSetting } from '../scaled-clock.ts';
import type { Gate } from '../trace.ts';
import type { StampedRecord } from '../traces.ts';
import type { ToPage, ToWorker } from './control.ts';
import { PortNetwork } from './port-network.ts';

export interface SwitchboardEvents {
  trace(records: StampedRecord[]): void;
  arrived(process: string, id: number, record: StampedRecord): void;
}

export class Switchboard {
  readonly #events: SwitchboardEvents;
  /** Attached processes and how to speak to each. */
  readonly #processes = new Map<string, (message: ToWorker, transfer?: Transferable[]) => void>();
  /** Address -> the processes that serve it, in order of their coming. */
  readonly #addresses = new Map<string, string[]>();
  readonly #cuts = new Set<string>();
  /** The network as the page itself uses it. */
  readonly network: PortNetwork;

  constructor(events: SwitchboardEvents) {
    this.#events = events;
    this.network = new PortNetwork((message) => this.#heard('page', message));
    this.#processes.set('page', (message) => this.network.receive(message));
  }

  /** Takes up a process; returns the port to give to its worker. */
  attach(name: string): MessagePort {
    if (this.#processes.has(name)) throw new Error(`${name} is attached already`);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<ToPage>) => {
      if (this.#processes.get(name) === say) this.#heard(name, event.data);
    };
    const say = (message: ToWorker, transfer: Transferable[] = []) => port1.postMessage(message, transfer);
    this.#processes.set(name, say);
    this.#tellOthers(name, true);
    return port2;
  }

  /** A process is gone. */
  detach(name: string): void {
    if (!this.#processes.delete(name)) return;
    for (const [address, servers] of this.#addresses) {
      this.#addresses.set(
        address,
        servers.filter((server) => server !== name),
      );
    }
    this.#tellOthers(name, false);
  }

  setClock(setting: ClockSetting): void {
    for (const say of this.#processes.values()) say({ type: 'clock', setting });
  }

  hold(process: string, gates: readonly Gate[]): void {
    this.#processes.get(process)?.({ type: 'hold', gates });
  }

  release(process: string, id: number): void {
    this.#processes.get(process)?.({ type: 'release', id });
  }

  /** Asks every process for gates that are recorded only on demand. */
  want(gates: readonly Gate[]): void {
    for (const say of this.#processes.values()) say({ type: 'want', gates });
  }

  setCut(a: string, b: string, cut: boolean): void {
    const key = pairKey(a, b);
    if (this.#cuts.has(key) === cut) return;
    if (cut) this.#cuts.add(key);
    else this.#cuts.delete(key);
    this.#processes.get(a)?.({ type: 'cut', peer: b, cut });
    this.#processes.get(b)?.({ type: 'cut', peer: a, cut });
  }

  /** The peers a process is cut from. */
  cutsOf(process: string): string[] {
    return [...this.#cuts]
      .map((key) => key.split('|') as [string, string])
      .filter((pair) => pair.includes(process))
      .map(([a, b]) => (a === process ? b : a));
  }

  #tellOthers(peer: string, up: boolean): void {
    for (const [name, say] of this.#processes) if (name !== peer) say({ type: 'peer', peer, up });
  }

  #heard(from: string, message: ToPage): void {
    switch (message.type) {
      case 'trace':
        this.#events.trace(message.records);
        return;
      case 'arrived':
        this.#events.arrived(from, message.id, message.record);
        return;
      case 'serve':
        this.#addresses.set(message.address, [...(this.#addresses.get(message.address) ?? []), from]);
        return;
      case 'unserve':
        this.#addresses.set(
          message.address,
          (this.#addresses.get(message.address) ?? []).filter((server) => server !== from),
        );
        return;
      case 'dial':
        this.#dial(from, message.dial, message.address);
        return;
      case 'open':
        this.#open(from, message.name, message.peer);
        return;
    }
  }

  #dial(from: string, dial: number, address: string): void {
    const say = this.#processes.get(from);
    const server = (this.#addresses.get(address) ?? []).find((name) => !this.#cuts.has(pairKey(from, name)));
    const sayServer = server === undefined ? undefined : this.#processes.get(server);
    if (!server || !sayServer) {
      say?.({ type: 'dialled', dial });
      return;
    }
    const { port1, port2 } = new MessageChannel();
    sayServer({ type: 'accept', address, peer: from, port: port2 }, [port2]);
    say?.({ type: 'dialled', dial, peer: server, port: port1 }, [port1]);
  }

  #open(from: string, name: string, peer: string): void {
    const sayPeer = this.#processes.get(peer);
    if (!sayPeer) return;
    const { port1, port2 } = new MessageChannel();
    sayPeer({ type: 'channel', name, peer: from, port: port2 }, [port2]);
    this.#processes.get(from)?.({ type: 'channel', name, peer, port: port1 }, [port1]);
  }
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
