import { expect, test } from 'vitest';
import { runCluster } from './store-cluster.ts';

const seeds = Math.max(1, Math.round(12 * Number(process.env['DRYDOCK_SEEDS'] ?? 1)));

test(`${seeds} seeds of whole members behind HTTP`, { timeout: 20_000 * seeds }, async () => {
  for (let seed = 1; seed <= seeds; seed++) expect((await runCluster(seed)).acknowledged).toBeGreaterThan(10);
});
