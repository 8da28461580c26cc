// One entry of the causal log: what a component recorded (env/trace.ts) plus who and when.

import type { TraceRecord } from '../env/trace.ts';

export interface TraceEvent extends TraceRecord {
  /** Position in the log: 1, 2, 3, ... in the order of arrival. */
  seq: number;
  /** Cluster milliseconds at the component. */
  time: number;
  /** The process: "kube-scheduler-1". */
  component: string;
  traceId: string;
  spanId: string;
}

/** What a process sends: an event that has not yet its place in the log. */
export type UnplacedEvent = Omit<TraceEvent, 'seq'>;
