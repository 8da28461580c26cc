// A reliable, ordered, two-way line of messages between two processes: a MessagePort in the page, a queue with delays in the simulator.

export interface Link {
  send(message: LinkMessage, transfer?: Transferable[]): void;
  /** Set at once after getting the link. */
  onmessage: ((message: LinkMessage) => void) | undefined;
  /** The other end closed or died, or the line was given up. Called at most once, never after close(). */
  onclose: (() => void) | undefined;
  close(): void;
}

export type Body = string | Uint8Array;

/** The HTTP exchange on a link (http-link.ts). `id` numbers exchanges, chosen by the client. */
export type LinkMessage =
  | {
      type: 'request';
      id: number;
      method: string;
      url: string;
      headers: [string, string][];
      body?: Body;
      streaming: boolean;
    }
  | {
      type: 'response';
      id: number;
      status: number;
      statusText: string;
      headers: [string, string][];
      body?: Body;
      streaming: boolean;
    }
  /** A piece of a streaming body; `up`: of the request's. */
  | { type: 'chunk'; id: number; up: boolean; bytes: Uint8Array }
  /** A body's end; with an error, its breaking off. */
  | { type: 'end'; id: number; up: boolean; error?: string }
  /** The reader of a body consumed so many bytes. */
  | { type: 'consumed'; id: number; up: boolean; bytes: number }
  /** The reader of a body wants no more of it; `up: false` also aborts the request. */
  | { type: 'cancel'; id: number; up: boolean };
