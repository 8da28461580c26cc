// The simulated network: HTTP over links with delay, channels whose messages may be lost, doubled or overtaken, and cuts.
//
// A cut stalls an HTTP link (as TCP does): what was sent arrives after healing, unless the cut outlasts `resetAfter`, when both ends see the connection
// close. Channel messages sent into a cut are lost.

import type { Cancel } from '../clock.ts';
import { connectionError, HttpClientLink, HttpServerLink, takeApart } from '../http-link.ts';
import type { Link, LinkMessage } from '../link.ts';
import type { Channel, Closable, Handler, Network } from '../network.ts';
import type { Random } from '../random.ts';

interface Time {
  now(): number;
  after(milliseconds: number, callback: () => void): Cancel;
}

interface Host {
  name: string;
  alive: boolean;
  servers: Map<string, Handler>;
  channels: Map<string, SimulatedChannel>;
  links: Set<SimulatedLink>;
  clients: Map<string, HttpClientLink>;
}

/** ms after which a stalled connection is given up. */
const resetAfter = 15_000;

export class SimulatedNetwork {
  readonly #time: Time;
  readonly #random: Random;
  readonly #latency: { min: number; max: number };
  readonly #hosts = new Map<string, Host>();
  readonly #cuts = new Map<string, number>();
  #cutCount = 0;
  faults: { loss?: number; duplicate?: number; reorder?: number };

  constructor(
    time: Time,
    random: Random,
    latency: { min: number; max: number },
    faults: { loss?: number; duplicate?: number; reorder?: number },
  ) {
    this.#time = time;
    this.#random = random;
    this.#latency = latency;
    this.faults = faults;
  }

  /** Connects a process; returns the network as it sees it. */
  up(name: string): Network {
    const host: Host = {
      name,
      alive: true,
      servers: new Map(),
      channels: new Map(),
      links: new Set(),
      clients: new Map(),
    };
    this.#hosts.set(name, host);
    return {
      fetch: async (input, init = {}) => {
        if (!(input instanceof Request)) return this.#fetch(host, String(input), init);
        const { url, init: parts } = await takeApart(input);
        return this.#fetch(host, url, { ...parts, ...init });
      },
      serve: (address, handler) => this.#serve(host, address, handler),
      channel: (channelName) => this.#channel(host, channelName),
    };
  }

  /** Disconnects a process for good; whoever talks to it notices after a network delay. */
  down(name: string): void {
    const host = this.#hosts.get(name);
    if (!host) return;
    host.alive = false;
    this.#hosts.delete(name);
    for (const link of [...host.links]) link.breakOff();
  }

  cut(a: string, b: string): void {
    const id = ++this.#cutCount;
    this.#cuts.set(pairKey(a, b), id);
    this.#time.after(resetAfter, () => {
      if (this.#cuts.get(pairKey(a, b)) !== id) return;
      for (const link of this.#linksBetween(a, b)) link.breakOff();
    });
  }

  heal(a: string, b: string): void {
    if (!this.#cuts.delete(pairKey(a, b))) return;
    for (const link of this.#linksBetween(a, b)) link.flush();
  }

  healAll(): void {
    for (const key of [...this.#cuts.keys()]) {
      const [a, b] = key.split('|') as [string, string];
      this.heal(a, b);
    }
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.has(pairKey(a, b));
  }

  delay(): number {
    return this.#latency.min + this.#random.next() * (this.#latency.max - this.#latency.min);
  }

  #linksBetween(a: string, b: string): SimulatedLink[] {
    return [...(this.#hosts.get(a)?.links ?? [])].filter((link) => link.peer.owner === b);
  }

  #serve(host: Host, address: string, handler: Handler): Closable {
    if (host.servers.has(address)) throw new Error(`${host.name} already serves ${address}`);
    host.servers.set(address, handler);
    return { close: () => host.servers.delete(address) };
  }

  async #fetch(client: Host, url: string, init: RequestInit): Promise<Response> {
    const { host: name, port, protocol } = new URL(url);
    const address = port === '' ? `${name}:${protocol === 'https:' ? 443 : 80}` : name;
    const existing = client.clients.get(address);
    if (existing && !existing.closed) return existing.fetch(url, init);
    await this.#wait(this.delay() * 2, init.signal ?? undefined);
    const again = client.clients.get(address);
    if (again && !again.closed) return again.fetch(url, init);
    const servers = [...this.#hosts.values()].filter((host) => host.servers.has(address));
    const server = servers.find((host) => !this.isCut(client.name, host.name));
    if (!client.alive || !server) {
      // refused at once where nobody listens, silence where the way is cut
      if (servers.length > 0) await this.#wait(resetAfter, init.signal ?? undefined);
      throw connectionError(url);
    }
    const [near, far] = this.#connect(client, server);
    const link = new HttpClientLink(near);
    new HttpServerLink(far, (request) => {
      const handler = server.servers.get(address);
      return handler ? handler(request) : Promise.reject(connectionError(url));
    });
    client.clients.set(address, link);
    return link.fetch(url, init);
  }

  #wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.#time.after(milliseconds, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #connect(a: Host, b: Host): [SimulatedLink, SimulatedLink] {
    const near = new SimulatedLink(this, this.#time, a.name);
    const far = new SimulatedLink(this, this.#time, b.name);
    near.peer = far;
    far.peer = near;
    a.links.add(near);
    b.links.add(far);
    near.onDone = () => a.links.delete(near);
    far.onDone = () => b.links.delete(far);
    return [near, far];
  }

  #channel(host: Host, name: string): Channel {
    if (host.channels.has(name)) throw new Error(`${host.name} has channel ${name} open already`);
    let lastArrival = 0;
    const send = (to: string, message: unknown) => {
      if (!host.alive || this.isCut(host.name, to)) return;
      const { loss = 0, duplicate = 0, reorder = 0 } = this.faults;
      if (loss > 0 && this.#random.next() < loss) return;
      const copies = duplicate > 0 && this.#random.next() < duplicate ? 2 : 1;
      for (let i = 0; i < copies; i++) {
        const overtakes = reorder > 0 && this.#random.next() < reorder;
        let arrival = this.#time.now() + this.delay() + (overtakes ? this.delay() * 5 : 0);
        if (!overtakes) {
          arrival = Math.max(arrival, lastArrival);
          lastArrival = arrival;
        }
        this.#time.after(arrival - this.#time.now(), () => {
          if (this.isCut(host.name, to)) return;
          this.#hosts.get(to)?.channels.get(name)?.onmessage?.(host.name, message);
        });
      }
    };
    const channel = new SimulatedChannel(send, () => host.channels.delete(name));
    host.channels.set(name, channel);
    return channel;
  }
}

class SimulatedChannel implements Channel {
  onmessage: ((from: string, message: unknown) => void) | undefined;
  readonly send: (to: string, message: unknown) => void;
  readonly close: () => void;

  constructor(send: (to: string, message: unknown) => void, close: () => void) {
    this.send = send;
    this.close = close;
  }
}

class SimulatedLink implements Link {
  readonly owner: string;
  peer!: SimulatedLink;
  onmessage: ((message: LinkMessage) => void) | undefined;
  onclose: (() => void) | undefined;
  onDone = () => {};
  readonly #network: SimulatedNetwork;
  readonly #time: Time;
  #stalled: LinkMessage[] = [];
  #lastArrival = 0;
  #open = true;

  constructor(network: SimulatedNetwork, time: Time, owner: string) {
    this.#network = network;
    this.#time = time;
    this.owner = owner;
  }

  send(message: LinkMessage): void {
    if (!this.#open) return;
    if (this.#network.isCut(this.owner, this.peer.owner)) this.#stalled.push(message);
    else this.#deliver(() => this.peer.#open && this.peer.onmessage?.(message));
  }

  flush(): void {
    for (const link of [this, this.peer]) {
      const stalled = link.#stalled;
      link.#stalled = [];
      for (const message of stalled) link.send(message);
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#finish();
    this.#deliver(() => this.peer.#remoteClosed());
  }

  /** The connection is lost: this end at once, the other after the delay. */
  breakOff(): void {
    if (!this.#open) return;
    this.#finish();
    this.onclose?.();
    this.#deliver(() => this.peer.#remoteClosed());
  }

  #remoteClosed(): void {
    if (!this.#open) return;
    this.#finish();
    this.onclose?.();
  }

  #finish(): void {
    this.#open = false;
    this.onDone();
  }

  #deliver(callback: () => void): void {
    this.#lastArrival = Math.max(this.#time.now() + this.#network.delay(), this.#lastArrival);
    this.#time.after(this.#lastArrival - this.#time.now(), callback);
  }
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
