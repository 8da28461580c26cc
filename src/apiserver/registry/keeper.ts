// Runs a piece of the server's own housekeeping whenever what it is about has changed in the cache, one run at a time.

import type { Core } from '../server/core.ts';

const retry = 10_000;

export interface Housekeeping {
  /** Differs when there may be something to do. */
  stamp(): string;
  /** Puts things right. Rejects when the store is out of reach or another server was faster: it is called again later. */
  settle(): Promise<void>;
  /** How many milliseconds changes are gathered for. Default 0. */
  delay?: number;
}

/** Follows the cache until stopped. */
export function keep({ env, store }: Core, { stamp, settle, delay = 0 }: Housekeeping): { stop(): void } {
  let seen = '';
  let stopped = false;
  let cancel: (() => void) | undefined;

  const plan = (wait: number) => {
    if (stopped || cancel) return;
    cancel = env.clock.after(wait, async () => {
      try {
        await settle();
        cancel = undefined;
        onAdvance();
      } catch {
        cancel = undefined;
        plan(retry);
      }
    });
  };

  function onAdvance(): void {
    const now = `${store.cache.fills} ${stamp()}`;
    if (now === seen || cancel) return;
    seen = now;
    plan(delay);
  }

  const off = store.cache.onAdvance(onAdvance);
  onAdvance();
  return {
    stop() {
      stopped = true;
      cancel?.();
      off();
    },
  };
}
