// Randomness from the platform, for processes that are not simulated.

import type { Random } from './random.ts';

export const systemRandom: Random = {
  next: () => {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
  },
};
