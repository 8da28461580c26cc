// kube-proxy in nftables mode: keeps the node's packet rules in step with Services and EndpointSlices. Upstream: cmd/kube-proxy, pkg/proxy/nftables.
//
// Invariants: nothing is programmed before services, slices and the node have been listed; rules are replaced whole and atomically, only when they changed, and
// not more often than once a second.

import {
  causeOf,
  endpointSlices,
  InformerFactory,
  type KubernetesObject,
  newEventRecorder,
  nodes,
  RestClient,
  services,
} from '../client/index.ts';
import type { NodeOs } from '../cri/node-os.ts';
import type { Env, Running } from '../env/env.ts';
import { messageOf } from '../env/errors.ts';
import type { Cause } from '../env/trace.ts';
import { buildRules, type ProxyNode } from './rules.ts';
import { BoundedFrequencyRunner } from './runner.ts';

export interface KubeProxyOptions {
  /** "http://kube-apiserver:6443". */
  server: string;
  /** Bearer token of system:kube-proxy. */
  token: string;
  nodeName: string;
  nodeIp: string;
  /** "10.244.0.0/16". */
  clusterCidr: string;
  /** "10.96.0.0/16"; traffic to unallocated addresses in it is dropped. Left out: it is not. */
  serviceCidr?: string;
  os: NodeOs;
  /** Default 1000. */
  minSyncPeriodMs?: number;
}

const maxCauses = 32;

/** Resolves when its informers run; the first rules follow as soon as they have listed. Serves /healthz and /livez on `<nodeName>:10256`. */
export async function startKubeProxy(env: Env, options: KubeProxyOptions): Promise<Running> {
  const { nodeName, os } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const client = new RestClient({
    fetch: (input, init) => env.network.fetch(input, init),
    server: options.server,
    token: options.token,
    userAgent: 'kube-proxy/v1.36.0',
    clock: env.clock,
  });
  const recorder = newEventRecorder(env, client, { component: 'kube-proxy', host: nodeName });
  const informers = new InformerFactory(env, client);
  const proxied = '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name';
  const serviceInformer = informers.of(services, { labelSelector: proxied });
  const sliceInformer = informers.of(endpointSlices, { labelSelector: proxied });
  const nodeInformer = informers.of(nodes, { fieldSelector: `metadata.name=${nodeName}` });

  let causes: Cause[] = [];
  let applied: string | undefined;
  let lastUpdated = env.clock.now();
  let pendingSince: number | undefined;
  let lastError = '';

  function zone(): string {
    return nodeInformer.lister.get(undefined, nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'] ?? '';
  }

  async function sync(): Promise<void> {
    const node: ProxyNode = {
      nodeName,
      nodeIp: options.nodeIp,
      clusterCidr: options.clusterCidr,
      ...(options.serviceCidr ? { serviceCidr: options.serviceCidr } : {}),
      zone: zone(),
    };
    const allServices = serviceInformer.lister.list();
    const allSlices = sliceInformer.lister.list();
    const script = buildRules(allServices, allSlices, node);
    const because = causes;
    causes = [];
    if (script !== applied) {
      const context = env.trace.span();
      const held = env.trace.gate({
        gate: 'sync proxy',
        context,
        subject: { apiVersion: 'v1', kind: 'Node', name: nodeName },
        causes: because,
        saw: { services: allServices.length, endpointSlices: allSlices.length },
        will: 'replace the nftables rules of kube-proxy',
        detail: { bytes: script.length },
      });
      if (held) await held;
      try {
        await os.applyNftables(script);
      } catch (error) {
        causes = [...because, ...causes].slice(-maxCauses);
        lastError = messageOf(error);
        throw error;
      }
      applied = script;
    }
    lastError = '';
    lastUpdated = env.clock.now();
    pendingSince = undefined;
  }

  const runner = new BoundedFrequencyRunner({
    clock: env.clock,
    minIntervalMs: options.minSyncPeriodMs ?? 1000,
    retryMs: 5000,
    run: sync,
  });
  function changed(object: KubernetesObject): void {
    causes.push(causeOf(object));
    if (causes.length > maxCauses) causes.shift();
    pendingSince ??= env.clock.now();
    runner.request();
  }

  const serving = env.network.serve(`${nodeName}:10256`, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== '/healthz' && pathname !== '/livez') return new Response('404 page not found', { status: 404 });
    const now = env.clock.now();
    const stuck = pendingSince !== undefined && now - pendingSince > 60_000;
    const deleted = nodeInformer.lister.get(undefined, nodeName)?.metadata.deletionTimestamp !== undefined;
    const ok = !stuck && (pathname === '/livez' || !deleted);
    const body = {
      lastUpdated: new Date(lastUpdated).toISOString(),
      currentTime: new Date(now).toISOString(),
      ...(lastError ? { lastError } : {}),
    };
    return new Response(JSON.stringify(body), {
      status: ok ? 200 : 503,
      headers: { 'Content-Type': 'application/json' },
    });
  });

  informers.start(signal);
  void informers.waitForCacheSync(signal).then((synced) => {
    if (!synced) return;
    for (const informer of [serviceInformer, sliceInformer])
      informer.addHandler({
        onAdd: changed,
        onUpdate: (_: KubernetesObject, object: KubernetesObject) => changed(object),
        onDelete: changed,
      });
    let knownZone = zone();
    nodeInformer.addHandler({
      onUpdate: (_, node) => {
        if (zone() === knownZone) return;
        knownZone = zone();
        changed(node);
      },
    });
    runner.request();
    recorder.event(
      { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } },
      'Normal',
      'Starting',
      '',
    );
  });

  return {
    async stop() {
      if (signal.aborted) return;
      stopping.abort();
      runner.stop();
      serving.close();
    },
  };
}
