// Links between tabs of one browser, over a BroadcastChannel: a tab that holds the cluster answers, others ask.
//
// A BroadcastChannel reaches everybody and transfers no ports, so each message names its link and its side. Invariant: a link's messages keep their order; a
// link whose other side fell silent is closed by that side's `bye` (sent on pagehide).

import type { Link, LinkMessage } from '../link.ts';

interface Envelope {
  link: string;
  /** Written by the tab that asks, or by the one that answers. */
  side: 'asking' | 'answering';
  messages?: LinkMessage[];
  bye?: true;
}

class BroadcastLink implements Link {
  onmessage: ((message: LinkMessage) => void) | undefined;
  onclose: (() => void) | undefined;
  readonly #channel: BroadcastChannel;
  readonly #link: string;
  readonly #side: Envelope['side'];
  readonly #forget: () => void;
  #outbox: LinkMessage[] = [];
  #open = true;

  constructor(channel: BroadcastChannel, link: string, side: Envelope['side'], forget: () => void) {
    this.#channel = channel;
    this.#link = link;
    this.#side = side;
    this.#forget = forget;
  }

  send(message: LinkMessage): void {
    if (!this.#open) return;
    this.#outbox.push(message);
    if (this.#outbox.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#outbox;
    this.#outbox = [];
    if (messages.length > 0 && this.#open) this.#post({ messages });
  }

  close(): void {
    if (!this.#open) return;
    this.#flush();
    this.#post({ bye: true });
    this.#open = false;
    this.#forget();
  }

  receive(envelope: Envelope): void {
    for (const message of envelope.messages ?? []) if (this.#open) this.onmessage?.(message);
    if (!envelope.bye || !this.#open) return;
    this.#open = false;
    this.#forget();
    this.onclose?.();
  }

  #post(content: { messages: LinkMessage[] } | { bye: true }): void {
    this.#channel.postMessage({ link: this.#link, side: this.#side, ...content } satisfies Envelope);
  }
}

/** Answers every tab that asks under `name`. Returns a function that says goodbye to all of them. */
export function answerTabs(name: string, accept: (link: Link) => void): () => void {
  const channel = new BroadcastChannel(name);
  const links = new Map<string, BroadcastLink>();
  channel.onmessage = (event: MessageEvent<Envelope>) => {
    const envelope = event.data;
    if (envelope.side !== 'asking') return;
    let link = links.get(envelope.link);
    if (!link) {
      if (envelope.bye) return;
      link = new BroadcastLink(channel, envelope.link, 'answering', () => links.delete(envelope.link));
      links.set(envelope.link, link);
      accept(link);
    }
    link.receive(envelope);
  };
  return () => {
    for (const link of [...links.values()]) link.close();
    channel.close();
  };
}

/** Opens a link to the tab that answers under `name`. `id` must be unique among tabs. */
export function askTab(name: string, id: string): Link {
  const channel = new BroadcastChannel(name);
  const link = new BroadcastLink(channel, id, 'asking', () => channel.close());
  channel.onmessage = (event: MessageEvent<Envelope>) => {
    if (event.data.side === 'answering' && event.data.link === id) link.receive(event.data);
  };
  return link;
}
