// Work done by several clients at once, timed: for benchmarks in Node and in pages.

/** Of sorted milliseconds, as text. `share`: 0.99 for p99. */
export const percentile = (sorted: ArrayLike<number>, share: number): string =>
  `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`;

/** Does `one` for 0 to count - 1, `clients` at a time. */
export async function inParallel(clients: number, count: number, one: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next++; i < count; i = next++) await one(i);
    }),
  );
}

/** The same, timed. `one` resolves with an HTTP status. */
export async function timed(clients: number, count: number, one: (i: number) => Promise<number>) {
  const times: number[] = [];
  let failed = 0;
  const began = performance.now();
  await inParallel(clients, count, async (i) => {
    const from = performance.now();
    if ((await one(i)) >= 300) failed++;
    times.push(performance.now() - from);
  });
  const perSecond = (count * 1000) / (performance.now() - began);
  times.sort((a, b) => a - b);
  return { perSecond, failed, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
