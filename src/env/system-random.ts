// Randomness from the platform, for processes that are not simulated. It is fetched by the kilobyte: a call of its own for each number costs more than the number.

import type { Random } from './random.ts';

const pool = new Uint32Array(1024);
let used = pool.length;

export const systemRandom: Random = {
  next: () => {
    if (used >= pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    const high = pool[used] as number;
    const low = pool[used + 1] as number;
    // what was given out is not kept
    pool[used++] = 0;
    pool[used++] = 0;
    return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
  },
};
