// What kubectl may ask of the place it runs in: the page's terminal, `drydock.kubectl()`, or a test. It speaks to the cluster through one
// `fetch` that already knows server and credentials; everything else (files, terminal, clock, kubeconfig) is handed in.
//
// Invariant: a command keeps no state between runs but what it writes to `config` and `files`.

import type { Clock } from '../env/clock.ts';
import type { KubeconfigStore } from './kubeconfig.ts';

export interface KubectlFiles {
  /** The content of a named file, or undefined when there is none. */
  read(name: string): Promise<string | Uint8Array | undefined>;
  /** Names of all files, sorted or not; a name may hold slashes ("app/web.yaml"). */
  list(): Promise<string[]>;
  /** Creates or replaces a file. */
  write?(name: string, content: string | Uint8Array): Promise<void>;
}

export interface KubectlTty {
  columns: number;
  rows: number;
  /** Calls back with each new size; returns the function that stops it. */
  onResize(callback: (columns: number, rows: number) => void): () => void;
  /** Raw: every key goes to `stdin` as it is typed, Ctrl-C included. */
  setRaw?(raw: boolean): void;
}

export interface KubectlIo {
  /** Sends a request to the API server; `path` begins with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  stdout(data: string | Uint8Array): void;
  stderr(data: string | Uint8Array): void;
  stdin?: ReadableStream<Uint8Array> | undefined;
  tty?: KubectlTty | undefined;
  /** Aborted by Ctrl-C. */
  signal?: AbortSignal | undefined;
  files: KubectlFiles;
  /** Shows `text` in an editor and resolves with what was saved, or undefined when the editor was closed without saving. */
  edit?(text: string, name: string): Promise<string | undefined>;
  /** Shows where a forwarded port can be seen; the page opens its preview. */
  preview?(target: { namespace: string; pod: string; port: number }): Promise<string | undefined>;
  clock: Clock;
  config: KubeconfigStore;
}
