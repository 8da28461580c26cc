// The causal trace: every component says what it is about to do, what it saw, and which spans or revisions made it do so. The UI, "why?", step mode,
// lesson checks and hints all read this and nothing else.
//
// Contexts are W3C trace contexts, passed by hand (browsers have no async-local storage): a span that writes sends it as the `traceparent` header, the API
// server notes it beside the revision it made, and whoever later acts on that revision names the revision as a cause.

import type { Json } from './env.ts';

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

export interface ObjectReference {
  apiVersion?: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
  resourceVersion?: string;
}

/** Why something happened: an object's revision that was observed, an earlier span, or a reason that lies outside the store ("timer", "user", "resync"). */
export type Cause = { resourceVersion: string; object?: ObjectReference } | { spanId: string } | { reason: string };

/**
 * Points at which the conductor can hold a component, in the order in which an apply meets them:
 *  request       the API server received a request                 (kube-apiserver)
 *  write         the API server is about to commit a revision      (kube-apiserver; detail.revision once committed, as gate "committed")
 *  committed     a revision exists                                 (kube-apiserver; subject.resourceVersion)
 *  raft send     a raft message leaves a member                    (etcd)
 *  raft          a raft member changed role, term, leader, commit  (etcd)
 *  watch event   an informer received an event                     (clients)
 *  dequeue       a work queue handed out a key                     (controllers, scheduler)
 *  reconcile     a control loop looked at a key: saw, will         (controllers)
 *  schedule      the scheduler filtered and scored nodes for a pod (kube-scheduler)
 *  bind          the scheduler is about to bind a pod              (kube-scheduler)
 *  sync pod      the kubelet compares a pod with its containers    (kubelet)
 *  runtime       the kubelet calls the container runtime           (kubelet)
 *  container     a container's process started or ended            (kubelet; detail.pid, detail.exitCode)
 *  probe         a probe changed its verdict                       (kubelet)
 *  sync proxy    kube-proxy is about to program rules              (kube-proxy)
 *  leader        a Lease holder changed                            (leader election)
 *  process       a process started, died or was killed             (sandbox)
 */
export type Gate =
  | 'request'
  | 'write'
  | 'committed'
  | 'raft send'
  | 'raft'
  | 'watch event'
  | 'dequeue'
  | 'reconcile'
  | 'schedule'
  | 'bind'
  | 'sync pod'
  | 'runtime'
  | 'container'
  | 'probe'
  | 'sync proxy'
  | 'leader'
  | 'process';

export interface TraceRecord {
  gate: Gate;
  /** The span this belongs to. Left out: a span of its own. */
  context?: TraceContext;
  /** The span that began this one. */
  parentSpanId?: string;
  /** The object it is about. */
  subject?: ObjectReference;
  causes?: Cause[];
  /** What the component saw: small, JSON-able, meant to be read ({ replicas: 2, wanted: 3 }). */
  saw?: Json;
  /** What it is about to do or did, in a few plain words ("create Pod default/web-x7k2p"). */
  will?: string;
  /** Anything else a panel may show. */
  detail?: Json;
}

export interface Trace {
  /** A new span: in the parent's trace, or the root of a trace of its own. */
  span(parent?: TraceContext): TraceContext;
  /** Notes an event without stopping. */
  record(record: TraceRecord): void;
  /**
   * Notes an event and, while the conductor holds this gate, returns a promise that resolves when it is let through. Otherwise returns undefined, so that
   * an open gate costs no turn: `const held = trace.gate({...}); if (held) await held;`
   */
  gate(record: TraceRecord): Promise<void> | undefined;
  /** Whether anyone reads this gate now: ask before building costly records (raft messages). */
  wants(gate: Gate): boolean;
}

/** `traceparent` header of a context (W3C Trace Context, version 00, sampled). */
export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-01`;
}

/** The context in a `traceparent` header, or undefined if it is absent or malformed. */
export function parseTraceparent(header: string | null | undefined): TraceContext | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(header ?? '');
  return match ? { traceId: match[1] as string, spanId: match[2] as string } : undefined;
}

/** A trace that nobody reads: for unit tests and tools. Spans are numbered, so runs are reproducible. */
export function silentTrace(): Trace {
  let next = 1;
  const hex = (length: number) => (next++).toString(16).padStart(length, '0');
  return {
    span: (parent) => ({ traceId: parent?.traceId ?? hex(32), spanId: hex(16) }),
    record: () => {},
    gate: () => undefined,
    wants: () => false,
  };
}
