// Starts a kubelet: registers its node, follows the pods bound to it, and answers on `<nodeName>:10250`.

import type { Node, Pod } from '../api/generated/types.ts';
import { InformerFactory, newEventRecorder, nodes, pods, RestClient, services } from '../client/index.ts';
import { sleep } from '../env/clock.ts';
import type { Env, Running } from '../env/env.ts';
import { type KubeletOptions, kubeletVersion } from './config.ts';
import { EvictionManager } from './eviction.ts';
import { Kubelet } from './kubelet.ts';
import { NodeNetwork } from './node/node-network.ts';
import type { NodeFacts } from './node/node-object.ts';
import { NodeStatusManager } from './node/node-status.ts';
import { kubeletHandler } from './server/server.ts';

export type { KubeletOptions } from './config.ts';

/** ms of the machine's time for which what it said of itself is good: asking costs a round trip. */
const infoTimeToLive = 60_000;

/** Resolves when the runtime has answered and the loops run; registration and everything after it go on in the background. */
export async function startKubelet(env: Env, options: KubeletOptions): Promise<Running> {
  const { runtime, os, nodeName } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const client = new RestClient({
    fetch: (input, init) => env.network.fetch(input, init),
    server: options.server,
    token: options.token,
    userAgent: `kubelet/${kubeletVersion}`,
    clock: env.clock,
  });
  const recorder = newEventRecorder(env, client, { component: 'kubelet', host: nodeName });
  const { runtimeName, runtimeVersion } = await runtime.version();
  let info = await os.info();
  let infoReadAt = (os.clock ?? env.clock).now();
  let node: Node | undefined;
  let booted = false;

  const informers = new InformerFactory(env, client);
  const podInformer = informers.of(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const serviceInformer = informers.of(services);
  const routes = options.nodeRoutes ?? runtimeName !== 'hollow';
  const nodeInformer = informers.of(nodes, routes ? {} : { fieldSelector: `metadata.name=${nodeName}` });

  const network = new NodeNetwork(os, options, () => {
    void nodeStatus.update();
    for (const pod of kubelet.workers.active())
      kubelet.workers.poke(pod.metadata.uid ?? '', { reason: 'network ready' });
  });
  const kubelet = new Kubelet({
    env,
    options,
    client,
    recorder,
    services: serviceInformer.lister,
    node: () => node,
    nodeInfo: () => info,
    runtimeName,
    networkProblem: () => network.problem(),
    onNodeChange: () => {
      if (booted) void nodeStatus.update();
    },
    signal,
  });
  const eviction = new EvictionManager({
    runtime,
    clock: os.clock ?? env.clock,
    workers: kubelet.workers,
    recorder,
    capacityBytes: () => info.memoryBytes,
    threshold: options.evictionHardMemoryBytes,
    idle: runtimeName === 'hollow',
    onPressure: () => void nodeStatus.update(),
    signal,
  });

  async function facts(): Promise<NodeFacts> {
    const machineNow = (os.clock ?? env.clock).now();
    if (machineNow - infoReadAt >= infoTimeToLive) {
      infoReadAt = machineNow;
      info = await os.info().catch(() => info);
    }
    const images = await runtime.listImages().catch(() => []);
    const problems = [kubelet.runtimeProblem, network.problem()].filter((problem) => problem !== undefined);
    return {
      info,
      runtimeVersion: `${runtimeName}://${runtimeVersion}`,
      images: images
        .slice(0, 50)
        .map((image) => ({ names: [...image.repoDigests, ...image.repoTags], sizeBytes: image.size })),
      problems,
      memoryPressure: eviction.underPressure,
      now: env.clock.now(),
    };
  }
  const nodeStatus = new NodeStatusManager({
    env,
    client,
    kubelet: options,
    facts,
    prepare: (registered) => {
      observeNode(registered);
      return network.settled();
    },
    signal,
  });

  nodeInformer.addHandler({
    onAdd: observeNode,
    onUpdate: (_, current) => observeNode(current),
    onDelete: (gone) => {
      network.forget(gone);
      // somebody deleted this node while its kubelet lives: it registers again
      if (gone.metadata.name === nodeName && !signal.aborted) void nodeStatus.register();
    },
  });
  function observeNode(current: Node): void {
    network.observe(current);
    if (current.metadata.name !== nodeName) return;
    node = current;
    nodeStatus.observe(current);
  }

  const serving = env.network.serve(
    `${nodeName}:10250`,
    kubeletHandler({
      runtime,
      os,
      clock: env.clock,
      nodeName,
      pods: () => podInformer.lister.list(),
      pod: (namespace, name) => podInformer.lister.get(namespace, name),
      runtimePod: (uid) => kubelet.cache.get(uid),
      healthy: () => kubelet.runtimeProblem,
    }),
  );

  async function boot(): Promise<void> {
    while (!signal.aborted) {
      try {
        await kubelet.cache.relist();
        break;
      } catch {
        await sleep(env.clock, 1000, signal).catch(() => {});
      }
    }
    void kubelet.cache.run(signal);
    informers.start(signal);
    await nodeStatus.register();
    if (signal.aborted) return;
    booted = true;
    void nodeStatus.run();
    // as upstream, no pod is looked at before node and services are known: admission and environment need them
    await Promise.race([
      Promise.all([nodeInformer.synced(), serviceInformer.synced(), podInformer.synced()]),
      aborted(signal),
    ]);
    if (signal.aborted) return;
    podInformer.addHandler({
      onAdd: (pod: Pod) => kubelet.onPodAdded(pod),
      onUpdate: (_: Pod, pod: Pod) => kubelet.onPodUpdated(pod),
      onDelete: (pod: Pod) => kubelet.onPodRemoved(pod),
    });
    kubelet.killOrphans();
    eviction.start();
    recorder.event(nodeReference(nodeName), 'Normal', 'Starting', 'Starting kubelet.');
  }
  const booting = boot();

  return {
    async stop() {
      if (signal.aborted) return;
      stopping.abort();
      serving.close();
      await booting.catch(() => {});
    },
  };
}

/** Upstream's node events carry the node's name as uid. */
function nodeReference(name: string): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name }, spec: {} };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
