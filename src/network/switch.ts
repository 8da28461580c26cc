// The cluster's Ethernet: every machine plugs its card into one layer-2 segment, and each end of the segment does its own switching, so there is no process
// whose death would take the network away. Frames cross env.network's "ethernet" channel in batches.
//
// Invariants: a frame for a known address goes to the one process behind which it was last seen, any other to every peer; an address moves when it shows up
// elsewhere; nothing is sent to or taken from a peer that is cut off; frames handed on are copies of their own.

import type { Channel, Network } from '../env/network.ts';
import { destinationOf, isGroupAddressed, packFrames, sourceOf, unpackFrames } from './frames.ts';

export const ethernetChannel = 'ethernet';

/** What a tap sees, before it is delivered. */
export interface TappedFrame {
  /** Process it came from; this end's own name for what it sends. */
  from: string;
  /** Processes it went to: several when it was flooded, none when every one of them is cut off. */
  to: string[];
  frame: Uint8Array;
}

export interface SwitchOptions {
  /** This process's name. */
  name: string;
  /** The other processes on the segment (this one's own name is left out if it is among them). */
  peers: readonly string[];
  /** Frames for this machine. */
  deliver(frames: Uint8Array[]): void;
}

export interface SwitchCounters {
  framesSent: number;
  framesReceived: number;
  bytesSent: number;
  bytesReceived: number;
  flooded: number;
}

export class EthernetSwitch {
  readonly counters: SwitchCounters = { framesSent: 0, framesReceived: 0, bytesSent: 0, bytesReceived: 0, flooded: 0 };
  private readonly name: string;
  private readonly deliver: (frames: Uint8Array[]) => void;
  private readonly channel: Channel;
  private readonly addresses = new Map<string, string>();
  private readonly cutOff = new Set<string>();
  private readonly taps = new Set<(frame: TappedFrame) => void>();
  private peers: string[];

  constructor(network: Network, options: SwitchOptions) {
    this.name = options.name;
    this.deliver = options.deliver;
    this.peers = [];
    this.setPeers(options.peers);
    this.channel = network.channel(ethernetChannel);
    this.channel.onmessage = (from, message) => {
      if (message instanceof Uint8Array) this.receive(from, message);
    };
  }

  /** Replaces the list of processes that unknown addresses are flooded to. */
  setPeers(peers: readonly string[]): void {
    this.peers = peers.filter((peer) => peer !== this.name);
    for (const [address, peer] of this.addresses) if (!this.peers.includes(peer)) this.addresses.delete(address);
  }

  /** Frames from this machine. */
  send(frames: readonly Uint8Array[]): void {
    const batches = new Map<string, Uint8Array[]>();
    for (const frame of frames) {
      if (frame.length < 14) continue; // no Ethernet header
      const known = isGroupAddressed(frame) ? undefined : this.addresses.get(destinationOf(frame));
      const to = (known === undefined ? this.peers : [known]).filter((peer) => !this.cutOff.has(peer));
      if (known === undefined) this.counters.flooded++;
      this.counters.framesSent++;
      this.counters.bytesSent += frame.length;
      this.tapped({ from: this.name, to, frame });
      for (const peer of to) {
        const batch = batches.get(peer);
        if (batch) batch.push(frame);
        else batches.set(peer, [frame]);
      }
    }
    for (const [peer, batch] of batches) this.channel.send(peer, packFrames(batch));
  }

  /** Pulls the cable to one peer, in both directions. */
  cut(peer: string): void {
    this.cutOff.add(peer);
  }

  heal(peer: string): void {
    this.cutOff.delete(peer);
  }

  /** Sees every frame that passes here; returns a function that takes the tap off. */
  tap(listener: (frame: TappedFrame) => void): () => void {
    this.taps.add(listener);
    return () => this.taps.delete(listener);
  }

  /** Which process an address was last seen behind. */
  locate(address: string): string | undefined {
    return this.addresses.get(address);
  }

  close(): void {
    this.channel.close();
  }

  private receive(from: string, batch: Uint8Array): void {
    if (this.cutOff.has(from)) return;
    const frames = unpackFrames(batch).filter((frame) => frame.length >= 14);
    for (const frame of frames) {
      this.addresses.set(sourceOf(frame), from);
      this.counters.framesReceived++;
      this.counters.bytesReceived += frame.length;
      this.tapped({ from, to: [this.name], frame });
    }
    if (frames.length > 0) this.deliver(frames);
  }

  private tapped(frame: TappedFrame): void {
    for (const tap of this.taps) tap({ ...frame, frame: frame.frame.slice() });
  }
}
