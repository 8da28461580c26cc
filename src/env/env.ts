// What a component may ask of its surroundings. A component (etcd member, API server, controller, scheduler, kubelet, proxy) is plain
// TypeScript that knows no Worker, window, Node or wall clock: it is handed one Env, and the host behind it is a Web Worker (the product),
// a simulation with virtual time (tests, step mode) or a Node process (headless cluster, bridge, benchmarks).
//
// Invariant: nothing outside src/env/ touches ambient time, timers, randomness, sockets or storage (lint/ambient.grit keeps it so).

import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';

export interface Env {
  /** The process's name, unique in the cluster: "etcd-1", "kube-scheduler-2", "node-1". Also its host name on the network. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly disk: Disk;
  readonly trace: Trace;
}

/** A started component. */
export interface Running {
  /** Stops gracefully: finishes or abandons work in hand, closes servers and watches. Idempotent. */
  stop(): Promise<void>;
}

/** Anything that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
