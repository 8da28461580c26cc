// A whole simulated cluster with a user at work and a saboteur: what cluster.test.ts and scripts/simulate.ts run, seed by seed.
//
// One run: the user applies objects, scales, rolls out and deletes, retrying as a patient person would; meanwhile processes are killed and restarted, links are
// cut, clocks are skewed. Then everything is healed, and the cluster must come to the state that it reaches without any fault.

import { pick, type Random, randomInt, seededRandom } from '../../src/env/random.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { defaultClusterConfig } from '../../src/sandbox/config.ts';
import { type SimulatedCluster, startSimulatedCluster } from '../../src/sandbox/local-cluster.ts';

/** What must be the same whatever happened on the way. */
export interface FinalState {
  deployments: Record<string, { replicas: number; ready: number; updated: number; image: string }>;
  pods: Record<string, number>;
  endpoints: Record<string, number>;
  replicaSets: number;
}

export interface RunResult {
  final: FinalState;
  expected: FinalState;
  log: string[];
}

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

const container = (image: string) => ({
  name: 'main',
  image,
  ports: [{ containerPort: 80 }],
  // a shell without input would end at once
  ...(image.startsWith('busybox') ? { command: ['sleep', '86400'] } : {}),
});

const deployment = (name: string, replicas: number, image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [container(image)] },
    },
  },
});

const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { selector: { app: name }, ports: [{ port: 80 }] },
});

/** The state the user's work leads to, written down by hand. */
const expected: FinalState = {
  deployments: {
    web: { replicas: 3, ready: 3, updated: 3, image: 'nginx:1.16.1' },
    worker: { replicas: 1, ready: 1, updated: 1, image: 'busybox:1.36' },
  },
  pods: { web: 3, worker: 1 },
  endpoints: { web: 3 },
  // web keeps its old, empty one
  replicaSets: 3,
};

/** Runs one seed; `faults: false` is the unperturbed run. Throws with the seed in the message when something hangs. */
export async function runWorld(seed: number, options: { faults: boolean }): Promise<RunResult> {
  const log: string[] = [];
  const disks = createMemoryDisks();
  const cluster = startSimulatedCluster({
    config: defaultClusterConfig,
    openDisk: (process) => disks.open(process),
    simulation: { seed, faults: options.faults ? { loss: 0.01, duplicate: 0.01, reorder: 0.05 } : {} },
  });
  const { simulation } = cluster;
  const note = (text: string) =>
    log.push(`${((simulation.now() - Date.UTC(2026, 0, 1)) / 1000).toFixed(1)} s: ${text}`);
  const stopFaults = options.faults ? sabotage(cluster, seededRandom(seed ^ 0x5eed), note) : () => {};
  try {
    await simulation.finish(user(cluster, note), 1_200_000);
    stopFaults();
    const settled = await settle(cluster);
    note(settled ? 'settled' : 'did not settle');
    return { final: await simulation.finish(readState((path) => cluster.fetch(path))), expected, log };
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}\n${log.join('\n')}`);
  } finally {
    await cluster.stop();
  }
}

/** A user who tries again until the server says yes. */
async function user(cluster: SimulatedCluster, note: (text: string) => void): Promise<void> {
  const { simulation } = cluster;
  const wait = (ms: number) => new Promise<void>((resolve) => simulation.after(ms, resolve));
  const insist = async (what: string, request: () => Promise<Response>, done: number[]) => {
    for (let attempt = 0; ; attempt++) {
      if (attempt > 300) throw new Error(`the user gave up: ${what}`);
      const status = await Promise.race([
        request().then(
          async (response) => {
            await response.text();
            return response.status;
          },
          () => 0,
        ),
        wait(10_000).then(() => 0),
      ]);
      if (done.includes(status)) break;
      await wait(1000);
    }
    note(what);
  };
  const json = (method: string, body: unknown, type = 'application/json'): RequestInit => ({
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': type },
  });
  const create = (path: string, object: unknown, what: string) =>
    insist(what, () => cluster.fetch(path, json('POST', object)), [201, 409]);
  const merge = (path: string, patch: unknown, what: string) =>
    insist(what, () => cluster.fetch(path, json('PATCH', patch, 'application/merge-patch+json')), [200]);

  const apps = '/apis/apps/v1/namespaces/default/deployments';
  await create(apps, deployment('web', 2, 'nginx:1.14.2'), 'create Deployment web');
  await create('/api/v1/namespaces/default/services', service('web'), 'create Service web');
  await wait(2000);
  await create(apps, deployment('worker', 2, 'busybox:1.36'), 'create Deployment worker');
  await wait(8000);
  await merge(`${apps}/web`, { spec: { replicas: 3 } }, 'scale web to 3');
  await wait(5000);
  const image = {
    spec: {
      template: { spec: { containers: [container('nginx:1.16.1')] } },
    },
  };
  await merge(`${apps}/web`, image, 'roll web out to 1.16.1');
  await wait(6000);
  await merge(`${apps}/worker`, { spec: { replicas: 1 } }, 'scale worker to 1');
  await create(apps, deployment('gone', 1, 'busybox:1.36'), 'create Deployment gone');
  await wait(4000);
  await insist('delete Deployment gone', () => cluster.fetch(`${apps}/gone`, { method: 'DELETE' }), [200, 404]);
  await wait(8000);
}

/** Kills, restarts, cuts and heals at random; the returned function stops it and mends everything. */
function sabotage(cluster: SimulatedCluster, random: Random, note: (text: string) => void): () => void {
  const { simulation } = cluster;
  const names = cluster.processes().map(({ name }) => name);
  const dead = new Set<string>();
  let stopped = false;
  const isEtcd = (name: string) => name.startsWith('etcd');
  const strike = () => {
    if (stopped) return;
    const deadEtcd = [...dead].filter(isEtcd).length;
    const roll = random.next();
    if (roll < 0.45) {
      const victim = pick(random, names);
      // never more than a minority of the store for good: acknowledged writes must survive, progress need not
      if (!dead.has(victim) && !(isEtcd(victim) && deadEtcd >= 1)) {
        note(`kill ${victim}`);
        cluster.faults.kill(victim);
        dead.add(victim);
        simulation.after(2000 + randomInt(random, 20_000), () => {
          if (!dead.delete(victim)) return;
          note(`start ${victim}`);
          cluster.faults.start(victim);
        });
      }
    } else if (roll < 0.8) {
      const a = pick(random, names);
      const b = pick(random, names);
      if (a !== b) {
        note(`cut ${a} - ${b}`);
        cluster.faults.cut(a, b);
        simulation.after(1000 + randomInt(random, 25_000), () => cluster.faults.heal(a, b));
      }
    } else {
      const name = pick(random, names);
      simulation.skew(name, randomInt(random, 4000) - 2000);
    }
    simulation.after(500 + randomInt(random, 5500), strike);
  };
  simulation.after(1000 + randomInt(random, 3000), strike);
  return () => {
    stopped = true;
    for (const { a, b } of [...cluster.faults.cuts]) cluster.faults.heal(a, b);
    for (const name of names) {
      simulation.skew(name, 0);
      if (dead.delete(name)) cluster.faults.start(name);
    }
    for (const { name, state } of cluster.processes()) if (state === 'failed') cluster.faults.start(name);
    note('all healed');
  };
}

/**
 * Runs until the state has been what it should be for ten seconds (a pod of a node that just came back is ready in the API for a while, although it is started
 * anew), for at most 15 minutes of virtual time.
 */
async function settle(cluster: SimulatedCluster): Promise<boolean> {
  const { simulation } = cluster;
  let stood = false;
  for (let i = 0; i < 90; i++) {
    await simulation.run(10_000);
    const state = await simulation.finish(readState((path) => cluster.fetch(path)).catch(() => undefined));
    const stands = state !== undefined && JSON.stringify(state) === JSON.stringify(expected);
    if (stood && stands) return true;
    stood = stands;
  }
  return false;
}

interface Item {
  metadata: { name: string; labels?: Record<string, string>; deletionTimestamp?: string };
  spec?: { replicas?: number; template?: { spec: { containers: { image: string }[] } } };
  status?: { readyReplicas?: number; updatedReplicas?: number; phase?: string };
  endpoints?: { conditions?: { ready?: boolean } }[];
}

async function readState(fetch: Fetch): Promise<FinalState> {
  const list = async (path: string) => {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { items: Item[] }).items;
  };
  const byName = (a: Item, b: Item) => (a.metadata.name < b.metadata.name ? -1 : 1);
  const deployments = (await list('/apis/apps/v1/namespaces/default/deployments')).sort(byName);
  const pods = (await list('/api/v1/namespaces/default/pods')).filter(
    (pod) => pod.status?.phase === 'Running' && !pod.metadata.deletionTimestamp,
  );
  const slices = await list('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
  const replicaSets = await list('/apis/apps/v1/namespaces/default/replicasets');
  const count = (items: Item[], label: string) => {
    const counts: Record<string, number> = {};
    for (const item of items) {
      const key = item.metadata.labels?.[label];
      if (key) counts[key] = (counts[key] ?? 0) + 1;
    }
    return Object.fromEntries(Object.entries(counts).sort());
  };
  const endpoints: Record<string, number> = {};
  for (const slice of slices) {
    const key = slice.metadata.labels?.['kubernetes.io/service-name'];
    if (!key || key === 'kubernetes') continue;
    const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false).length;
    endpoints[key] = (endpoints[key] ?? 0) + ready;
  }
  return {
    deployments: Object.fromEntries(
      deployments.map((item) => [
        item.metadata.name,
        {
          replicas: item.spec?.replicas ?? 0,
          ready: item.status?.readyReplicas ?? 0,
          updated: item.status?.updatedReplicas ?? 0,
          image: item.spec?.template?.spec.containers[0]?.image ?? '',
        },
      ]),
    ),
    pods: count(pods, 'app'),
    endpoints,
    replicaSets: replicaSets.length,
  };
}
