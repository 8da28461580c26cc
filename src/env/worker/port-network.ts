// The network of a process in a worker: links and channels are MessagePorts that the page's switchboard hands out on request; traffic then flows between the
// workers directly, never through the page.

import { connectionError, HttpClientLink, HttpServerLink, takeApart } from '../http-link.ts';
import type { Channel, Closable, Handler, Network } from '../network.ts';
import type { ToPage, ToWorker } from './control.ts';
import { PortLink } from './port-link.ts';

/** Messages kept for a channel whose port is still on its way. */
const maxQueued = 256;

export class PortNetwork implements Network {
  readonly #say: (message: ToPage) => void;
  readonly #servers = new Map<string, Handler>();
  readonly #clients = new Map<string, Promise<HttpClientLink>>();
  readonly #links = new Set<PortLink>();
  readonly #dials = new Map<number, (answer: { peer: string; port: MessagePort } | undefined) => void>();
  readonly #channels = new Map<string, PortChannel>();
  readonly #cuts: Set<string>;
  #nextDial = 1;

  constructor(say: (message: ToPage) => void, cuts: readonly string[] = []) {
    this.#say = say;
    this.#cuts = new Set(cuts);
  }

  /** Detachable, as the global fetch is. */
  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    if (input instanceof Request) {
      const { url, init: parts } = await takeApart(input);
      return this.fetch(url, { ...parts, ...init });
    }
    const url = String(input);
    const address = addressOf(url);
    let link = await this.#client(address, url);
    if (link.closed) {
      this.#clients.delete(address);
      link = await this.#client(address, url);
    }
    return link.fetch(url, init);
  };

  serve(address: string, handler: Handler): Closable {
    if (this.#servers.has(address)) throw new Error(`${address} is served already`);
    this.#servers.set(address, handler);
    this.#say({ type: 'serve', address });
    return {
      close: () => {
        if (this.#servers.delete(address)) this.#say({ type: 'unserve', address });
      },
    };
  }

  channel(name: string): Channel {
    if (this.#channels.has(name)) throw new Error(`channel ${name} is open already`);
    const channel = new PortChannel(
      (peer) => this.#say({ type: 'open', name, peer }),
      () => this.#channels.delete(name),
      this.#cuts,
    );
    this.#channels.set(name, channel);
    return channel;
  }

  /** Takes a message of the switchboard; false if it is not about the network. */
  receive(message: ToWorker): boolean {
    switch (message.type) {
      case 'accept': {
        const link = this.#link(message.port, message.peer);
        new HttpServerLink(link, (request) => {
          const handler = this.#servers.get(message.address);
          return handler ? handler(request) : Promise.reject(connectionError(request.url));
        });
        return true;
      }
      case 'dialled': {
        const settle = this.#dials.get(message.dial);
        this.#dials.delete(message.dial);
        settle?.(message.port && message.peer ? { peer: message.peer, port: message.port } : undefined);
        return true;
      }
      case 'channel': {
        const channel = this.#channels.get(message.name);
        if (channel) channel.connect(message.peer, message.port);
        else message.port.close();
        return true;
      }
      case 'peer':
        if (!message.up) for (const link of [...this.#links]) if (link.peer === message.peer) link.breakOff();
        for (const channel of this.#channels.values()) channel.peerChanged(message.peer, message.up);
        return true;
      case 'cut':
        if (message.cut) this.#cuts.add(message.peer);
        else this.#cuts.delete(message.peer);
        for (const link of [...this.#links]) if (link.peer === message.peer) link.setCut(message.cut);
        return true;
      default:
        return false;
    }
  }

  #client(address: string, url: string): Promise<HttpClientLink> {
    const existing = this.#clients.get(address);
    if (existing) return existing;
    const dialled = this.#dial(address).then((answer) => {
      if (!answer) {
        this.#clients.delete(address);
        throw connectionError(url);
      }
      const link = this.#link(answer.port, answer.peer);
      const forget = link.onDone;
      link.onDone = () => {
        forget();
        if (this.#clients.get(address) === dialled) this.#clients.delete(address);
      };
      return new HttpClientLink(link);
    });
    this.#clients.set(address, dialled);
    return dialled;
  }

  #dial(address: string): Promise<{ peer: string; port: MessagePort } | undefined> {
    const dial = this.#nextDial++;
    return new Promise((resolve) => {
      this.#dials.set(dial, resolve);
      this.#say({ type: 'dial', dial, address });
    });
  }

  #link(port: MessagePort, peer: string): PortLink {
    const link = new PortLink(port, peer);
    this.#links.add(link);
    link.onDone = () => this.#links.delete(link);
    if (this.#cuts.has(peer)) link.setCut(true);
    return link;
  }
}

interface PeerPort {
  port?: MessagePort;
  outbox: unknown[];
  scheduled: boolean;
}

class PortChannel implements Channel {
  onmessage: ((from: string, message: unknown) => void) | undefined;
  readonly #request: (peer: string) => void;
  readonly #forget: () => void;
  readonly #cuts: ReadonlySet<string>;
  readonly #peers = new Map<string, PeerPort>();

  constructor(request: (peer: string) => void, forget: () => void, cuts: ReadonlySet<string>) {
    this.#request = request;
    this.#forget = forget;
    this.#cuts = cuts;
  }

  send(to: string, message: unknown): void {
    if (this.#cuts.has(to)) return;
    let peer = this.#peers.get(to);
    if (!peer) {
      peer = { outbox: [], scheduled: false };
      this.#peers.set(to, peer);
      this.#request(to);
    }
    if (!peer.port && peer.outbox.length >= maxQueued) peer.outbox.shift();
    peer.outbox.push(message);
    if (!peer.port || peer.scheduled) return;
    peer.scheduled = true;
    queueMicrotask(() => flush(peer));
  }

  connect(name: string, port: MessagePort): void {
    const peer = this.#peers.get(name) ?? { outbox: [], scheduled: false };
    this.#peers.set(name, peer);
    peer.port?.close();
    peer.port = port;
    port.onmessage = (event: MessageEvent<unknown[]>) => {
      if (this.#cuts.has(name)) return;
      for (const message of event.data) this.onmessage?.(name, message);
    };
    flush(peer);
  }

  peerChanged(name: string, up: boolean): void {
    const peer = this.#peers.get(name);
    if (!peer) return;
    if (up && peer.port) return;
    peer.port?.close();
    this.#peers.delete(name);
  }

  close(): void {
    for (const peer of this.#peers.values()) peer.port?.close();
    this.#peers.clear();
    this.#forget();
  }
}

function flush(peer: PeerPort): void {
  peer.scheduled = false;
  if (!peer.port || peer.outbox.length === 0) return;
  const batch = peer.outbox;
  peer.outbox = [];
  peer.port.postMessage(batch);
}

export function addressOf(url: string): string {
  const { host, port, protocol } = new URL(url);
  return port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
}
