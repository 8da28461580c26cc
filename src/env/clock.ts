// The cluster's clock. It can be paused, slowed, sped up and, in simulation, advanced by hand; so nobody elects, expires or times out on
// anything else. A paused clock fires no timers.

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the Unix epoch, on the cluster's clock. Never goes back within one process. */
  now(): number;
  /** Calls `callback` once, `milliseconds` of cluster time from now (0: in a later turn). Returns a function that cancels it. */
  after(milliseconds: number, callback: () => void): Cancel;
}

/** Resolves after `milliseconds` of cluster time, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(milliseconds, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Calls `callback` every `milliseconds` of cluster time, first after one period, until cancelled. */
export function every(clock: Clock, milliseconds: number, callback: () => void): Cancel {
  let cancelled = false;
  let cancel = clock.after(milliseconds, tick);
  function tick() {
    if (cancelled) return;
    cancel = clock.after(milliseconds, tick);
    callback();
  }
  return () => {
    cancelled = true;
    cancel();
  };
}

/** A signal that aborts with a TimeoutError after `milliseconds` of cluster time; `cancel` when the work is done, so that the timer goes. */
export function timeoutSignal(clock: Clock, milliseconds: number): { signal: AbortSignal; cancel: Cancel } {
  const controller = new AbortController();
  const cancel = clock.after(milliseconds, () => {
    controller.abort(new DOMException(`timed out after ${milliseconds} ms`, 'TimeoutError'));
  });
  return { signal: controller.signal, cancel };
}

/** Cluster time as metav1.Time prints it: RFC 3339, whole seconds, UTC ("2026-11-21T09:30:00Z"). */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Cluster time as metav1.MicroTime prints it: six decimals ("2026-11-21T09:30:00.123000Z"). */
export function rfc3339Micro(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}
