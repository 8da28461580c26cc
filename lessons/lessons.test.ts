// Proves every lesson on a whole control plane with hollow nodes: the start state fails each check, the solution passes all of them.

import { describe, expect, test } from 'vitest';
import { createMemoryDisks } from '../src/env/simulated/memory-disk.ts';
import { runKubectl } from '../src/kubectl/index.ts';
import { createKubeconfig } from '../src/kubectl/kubeconfig.ts';
import { lessonIds, loadLesson, verifyLesson } from '../src/lessons/index.ts';
import type { Kubectl } from '../src/lessons/play.ts';
import { type SimulatedCluster, startSimulatedCluster } from '../src/sandbox/local-cluster.ts';

const patience = 20 * 60_000;

/** Waits, in virtual time, until both nodes are Ready. */
async function nodesReady(cluster: SimulatedCluster): Promise<void> {
  for (;;) {
    const nodes = await cluster
      .fetch('/api/v1/nodes')
      .then(
        (response) =>
          response.json() as Promise<{ items?: { status?: { conditions?: { type: string; status: string }[] } }[] }>,
      )
      .catch(() => ({ items: [] }));
    const ready = (nodes.items ?? []).filter((node) =>
      node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    if (ready.length === 2) return;
    await sleep(cluster, 500);
  }
}

function sleep(cluster: SimulatedCluster, milliseconds: number): Promise<void> {
  return new Promise((resolve) => cluster.simulation.after(milliseconds, resolve));
}

function kubectlFor(at: SimulatedCluster): Kubectl {
  return async (args, files) => {
    let stdout = '';
    let stderr = '';
    const text = (data: string | Uint8Array) => (typeof data === 'string' ? data : new TextDecoder().decode(data));
    const exitCode = await runKubectl(args, {
      fetch: (path, init) => at.fetch(path, init),
      stdout: (data) => {
        stdout += text(data);
      },
      stderr: (data) => {
        stderr += text(data);
      },
      files: {
        read: async (name) => files.find((file) => file.name === name)?.text,
        list: async () => files.map((file) => file.name),
      },
      clock: {
        now: () => at.simulation.now(),
        after: (milliseconds, callback) => at.simulation.after(milliseconds, callback),
      },
      config: createKubeconfig(),
    });
    return { stdout, stderr, exitCode };
  };
}

describe('lessons', () => {
  test('there are some', () => {
    expect(lessonIds()).toContain('01-from-yaml-to-process');
  });

  test.each(lessonIds())(
    '%s: the start fails each check, the solution passes all',
    { timeout: 120_000 },
    async (id) => {
      const loaded = await loadLesson(id);
      const tasks = loaded.lesson.steps.flatMap((step) => step.tasks.map((task) => task.id));
      expect(Object.keys(loaded.checks).sort()).toEqual(tasks.sort());
      const disks = createMemoryDisks();
      const cluster = startSimulatedCluster({ openDisk: (process) => disks.open(process), simulation: { seed: 7 } });
      try {
        await cluster.simulation.finish(nodesReady(cluster), patience);
        const work = verifyLesson(loaded, cluster, { kubectl: kubectlFor(cluster), wait: () => sleep(cluster, 500) });
        await cluster.simulation.finish(work, patience);
      } finally {
        await cluster.stop();
      }
    },
  );
});
