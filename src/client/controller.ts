// The loop around a reconcile function: wait for the caches, then hand keys to workers, retry what failed. Upstream: the Run/worker/processNextWorkItem/handleErr
// quartet that every kube-controller-manager controller has; controller-runtime's Controller.
//
// Invariants: reconcile is called with a key and nothing else (level-based); one key is never reconciled twice at once; an error requeues with backoff; each
// reconcile has a span of its own, linked by causes to the revisions that asked for it, and passes through the gates `dequeue` and `reconcile`.

import type { Env, Json } from '../env/env.ts';
import type { Cause, ObjectReference, TraceContext } from '../env/trace.ts';
import { isConflict } from './errors.ts';
import type { WorkQueue } from './work-queue.ts';

/** What a reconcile tells the trace before it acts. */
export interface Plan {
  subject: ObjectReference;
  /** Small and readable: { replicas: 2, wanted: 3 }. */
  saw?: Json;
  /** "create 1 Pod"; "nothing". */
  will: string;
  detail?: Json;
}

export interface ReconcileContext {
  /** The reconcile's span: pass it with every write ({ trace: context.trace }). */
  readonly trace: TraceContext;
  readonly causes: readonly Cause[];
  /** Aborts when the controller is stopped. */
  readonly signal: AbortSignal;
  /** Says what was seen and what comes next, and waits while the conductor holds the gate `reconcile`. Call it once the difference is known, before the first write. */
  plan(plan: Plan): Promise<void>;
}

/** What reconcile may answer: look at the key again after a while, though nothing failed. */
export interface ReconcileResult {
  requeueAfterMs?: number;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a reconcile that has nothing to say just returns
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | void>;

export interface ControllerOptions {
  env: Env;
  /** Upstream's name of the loop: "deployment-controller". */
  name: string;
  queue: WorkQueue;
  reconcile: Reconcile;
  /** Keys reconciled at the same time. Default 1. */
  workers?: number;
  /** A key that failed more often in a row is dropped until the next event about it. Default: never. */
  maxRetries?: number;
  /** Told of failed reconciles. Conflicts are everyday: they are retried and not told. */
  onError?: (key: string, error: unknown) => void;
}

export interface Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Works until the signal aborts and the keys in hand are finished. Start it when the informers have synced. */
  run(signal: AbortSignal): Promise<void>;
}

export function newController(options: ControllerOptions): Controller {
  const { env, name, queue, reconcile, workers = 1, maxRetries = Number.POSITIVE_INFINITY, onError } = options;

  async function work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const item = await queue.get();
      if (!item || signal.aborted) return;
      try {
        await attempt(item.key, item.causes, signal);
      } finally {
        queue.done(item.key);
      }
    }
  }

  async function attempt(key: string, causes: Cause[], signal: AbortSignal): Promise<void> {
    const trace = env.trace.span();
    const held = env.trace.gate({ gate: 'dequeue', context: trace, causes, detail: { controller: name, key } });
    if (held) await held;
    const context: ReconcileContext = {
      trace,
      causes,
      signal,
      async plan({ subject, saw, will, detail }) {
        const pending = env.trace.gate({
          gate: 'reconcile',
          context: trace,
          causes,
          subject,
          saw,
          will,
          detail: { controller: name, key, ...(detail === undefined ? {} : { more: detail }) },
        });
        if (pending) await pending;
      },
    };
    try {
      const result = await reconcile(key, context);
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      if (signal.aborted) return;
      if (!isConflict(error)) onError?.(key, error);
      if (queue.numRequeues(key) < maxRetries) queue.addRateLimited(key, { spanId: trace.spanId });
      else queue.forget(key);
    }
  }

  return {
    name,
    queue,
    async run(signal) {
      const stop = () => queue.shutDown();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      await Promise.all(Array.from({ length: workers }, () => work(signal)));
    },
  };
}
