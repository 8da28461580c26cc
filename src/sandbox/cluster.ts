// A running cluster as the page, a test or a lesson holds it. Implementations: worker-cluster.ts (each process in its own Web Worker) and
// local-cluster.ts (all processes in one thread: tests, Node, small screens). The UI knows only this.

import type { Json } from '../env/env.ts';
import type { Conductor } from '../trace/conductor.ts';
import type { TraceLog } from '../trace/log.ts';
import type { ClusterConfig, ProcessRole } from './config.ts';

export interface ProcessStatus {
  name: string;
  role: ProcessRole;
  state: 'starting' | 'running' | 'killed' | 'failed';
  /** Of a node: which kind of machine it runs. */
  runtime?: 'linux' | 'hollow';
  /** Why it failed, or what it is doing while it starts ("restoring the machine"). */
  message?: string;
}

/** The cluster's clock, seen and set from outside. */
export interface ClusterClock {
  /** Cluster milliseconds since the Unix epoch. */
  now(): number;
  /** 1 is real time. */
  readonly rate: number;
  readonly paused: boolean;
  setRate(rate: number): void;
  /** Runs `milliseconds` of cluster time as fast as the control plane keeps up, then returns to the rate before. Resolves when done. */
  fastForward(milliseconds: number): Promise<void>;
  /** Calls back when rate or pause change. */
  subscribe(callback: () => void): () => void;
}

export interface KubectlResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Two ends of a link that is cut; '*' for every peer. */
export interface Cut {
  a: string;
  b: string;
}

export interface Faults {
  /** Ends a process at once, as a power cut would. */
  kill(process: string): void;
  /** Starts a killed process again, on the disk it had. */
  start(process: string): void;
  /** Cuts the network between two processes, both ways. */
  cut(a: string, b: string): void;
  heal(a: string, b: string): void;
  readonly cuts: readonly Cut[];
}

/** A terminal session: bytes in, bytes out. */
export interface TerminalSession {
  stdin: WritableStream<Uint8Array>;
  /** With a tty, both streams. */
  stdout: ReadableStream<Uint8Array>;
  resize(columns: number, rows: number): void;
  close(): void;
  exited: Promise<number>;
}

export interface Cluster {
  readonly config: ClusterConfig;
  /** The cluster runs in another tab and can only be looked at here. */
  readonly readOnly?: boolean;
  /** The API server, as kubernetes-admin: fetch('/api/v1/pods'). */
  fetch(path: string, init?: RequestInit): Promise<Response>;

  processes(): readonly ProcessStatus[];
  onProcesses(callback: (processes: readonly ProcessStatus[]) => void): () => void;
  /** A process's own account of itself (etcd: role, term, leader, indexes, peers), or undefined if it cannot say. */
  inspect(process: string): Promise<Json | undefined>;

  readonly trace: TraceLog;
  readonly conductor: Conductor;
  readonly clock: ClusterClock;
  readonly faults: Faults;

  /** A shell on a Linux node itself. Rejects on hollow nodes. */
  nodeShell(node: string, size: { columns: number; rows: number }): Promise<TerminalSession>;

  /** Stops everything. Disks stay. */
  stop(): Promise<void>;
  /** Stops everything and forgets all state. */
  destroy(): Promise<void>;
}
