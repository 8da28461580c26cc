// Where the processes of a local cluster live: a simulation or this very thread. The page's workers have their own (worker-cluster.ts).

import type { Disk } from '../../env/disk.ts';
import type { Env } from '../../env/env.ts';
import type { Network } from '../../env/network.ts';
import type { ProcessTrace, StampedRecord } from '../../env/traces.ts';
import type { ClusterClock } from '../cluster.ts';
import type { ProcessRole } from '../config.ts';

export interface HostEvents {
  trace(record: StampedRecord): void;
  arrived(process: string, id: number, record: StampedRecord): void;
}

export interface Host {
  readonly clock: ClusterClock & { setPaused(paused: boolean): void };
  /** The network as somebody outside the cluster uses it. */
  readonly outside: Network;
  up(name: string, role: ProcessRole): { env: Env; trace: ProcessTrace };
  /** Ends a process at once. */
  down(name: string): void;
  setCut(a: string, b: string, cut: boolean): void;
  close(): void;
}

/** Opens the disk of a process; what was on it before is still there. */
export type OpenDisk = (process: string) => Disk;
