// A Link over a MessagePort. Messages of one turn travel in one postMessage (measured: batching is worth 5 to 10 times).
//
// While the link is cut nothing leaves; what was sent waits for healing. A cut that outlasts `resetAfter` closes the link, as TCP would give up.

import type { Link, LinkMessage } from '../link.ts';

/** Real ms; the network does not speed up with the cluster's clock. */
const resetAfter = 15_000;

export class PortLink implements Link {
  onmessage: ((message: LinkMessage) => void) | undefined;
  onclose: (() => void) | undefined;
  readonly peer: string;
  readonly #port: MessagePort;
  #outbox: LinkMessage[] = [];
  #scheduled = false;
  #open = true;
  #cut = false;
  #reset: ReturnType<typeof setTimeout> | undefined;
  /** Called once when the link is over. */
  onDone: () => void = () => {};

  constructor(port: MessagePort, peer: string) {
    this.#port = port;
    this.peer = peer;
    port.onmessage = (event: MessageEvent<LinkMessage[] | 'close'>) => {
      if (event.data === 'close') this.breakOff();
      else for (const message of event.data) if (this.#open) this.onmessage?.(message);
    };
  }

  send(message: LinkMessage): void {
    if (!this.#open) return;
    this.#outbox.push(message);
    if (this.#scheduled || this.#cut) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (!this.#open || this.#cut || this.#outbox.length === 0) return;
    const batch = this.#outbox;
    this.#outbox = [];
    this.#port.postMessage(batch);
  }

  setCut(cut: boolean): void {
    this.#cut = cut;
    clearTimeout(this.#reset);
    if (cut) this.#reset = setTimeout(() => this.breakOff(), resetAfter);
    else this.#flush();
  }

  close(): void {
    if (!this.#open) return;
    this.#flush();
    this.#port.postMessage('close');
    this.#finish();
  }

  /** The other end is gone. */
  breakOff(): void {
    if (!this.#open) return;
    this.#finish();
    this.onclose?.();
  }

  #finish(): void {
    this.#open = false;
    clearTimeout(this.#reset);
    this.#port.close();
    this.onDone();
  }
}
