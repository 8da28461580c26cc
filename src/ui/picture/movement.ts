// How pods move from one place of the picture to another: the same block, carried over, unless the reader asked for less motion.

import { cubicOut } from 'svelte/easing';
import { type CrossfadeParams, crossfade, fade } from 'svelte/transition';

export function createMovement() {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const duration = still ? 0 : 380;
  const [send, receive] = crossfade({
    duration,
    easing: cubicOut,
    fallback: (node: Element, _params: CrossfadeParams, intro: boolean) =>
      fade(node, { duration: still ? 0 : intro ? 220 : 320 }),
  });
  return { send, receive, duration };
}

export type Movement = ReturnType<typeof createMovement>;
