// Start-up work that needs the store: done again while the store cannot answer, as upstream's post-start hooks are. A cluster whose members are still electing
// must not lose its API server over it.

import { ApiError } from '../../api/status.ts';
import { type Clock, sleep } from '../../env/clock.ts';
import { EtcdError } from '../../etcd/client/types.ts';

const firstPause = 100;
const longestPause = 2000;
/** gRPC codes that mean "ask again": unknown, deadline exceeded, resource exhausted, aborted, unavailable. */
const passing = new Set([2, 4, 8, 10, 14]);

/** Resolves with what `work` resolves with; rejects with the first error that waiting does not mend. Each try starts from nothing: `work` must be repeatable. */
export async function patiently<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(clock, pause);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof EtcdError) return passing.has(error.code);
  if (error instanceof ApiError) return error.code >= 500 || error.code === 429;
  // what a fetch rejects with when nobody answers
  return error instanceof TypeError && /^fetch failed| is down$/.test(error.message);
}
