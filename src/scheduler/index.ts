// kube-scheduler: finds a node for each pod that has none. One replica leads by Lease; the others stand by. Upstream: cmd/kube-scheduler, pkg/scheduler.

import type { Pod } from '../api/generated/types.ts';
import { labelSelectorAsSelector, type Selector, selectorFromSet, selectorMatches } from '../api/labels.ts';
import {
  getControllerOf,
  InformerFactory,
  isNotFound,
  namespaces,
  newEventRecorder,
  podDisruptionBudgets,
  pods,
  RestClient,
  replicaSets,
  replicationControllers,
  runLeaderElection,
  services,
  statefulSets,
} from '../client/index.ts';
import { every, rfc3339 } from '../env/clock.ts';
import type { Env, Running } from '../env/env.ts';
import { serveHealthz } from '../env/healthz.ts';
import { randomUuid } from '../env/random.ts';
import type { TraceContext } from '../env/trace.ts';
import { SchedulerCache } from './cache/cache.ts';
import { addEventHandlers } from './event-handlers.ts';
import type { Handle } from './framework/types.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import { defaultProfile } from './registry.ts';
import { Algorithm } from './scheduling/algorithm.ts';
import { runScheduler } from './scheduling/scheduler.ts';

export interface SchedulerOptions {
  /** "http://kube-apiserver:6443" */
  server: string;
  token?: string;
  /** Default true. */
  leaderElect?: boolean;
  /** Who stands for election; default the host's name and a fresh UUID, as upstream. A process that takes an earlier one's identity takes its Lease at once. */
  identity?: string;
  /** Pods with this spec.schedulerName are ours. */
  schedulerName?: string;
  onError?: (where: string, error: unknown) => void;
  /** Freezes cached objects. For tests. */
  detectMutation?: boolean;
}

/** Starts; resolves at once, also when the API server is not up yet. */
export async function startScheduler(env: Env, options: SchedulerOptions): Promise<Running> {
  const { leaderElect = true, identity = `${env.name}_${randomUuid(env.random)}` } = options;
  const client = new RestClient({
    fetch: (input, init) => env.network.fetch(input, init),
    server: options.server,
    token: options.token,
    userAgent: 'kube-scheduler/v1.36.0',
    clock: env.clock,
  });
  const stopping = new AbortController();
  const lead = (signal: AbortSignal) => schedule(env, client, options, signal);
  const running = leaderElect
    ? runLeaderElection(
        {
          env,
          client,
          namespace: 'kube-system',
          name: 'kube-scheduler',
          identity,
          onStartedLeading: lead,
          recorder: newEventRecorder(env, client, { component: identity }),
        },
        stopping.signal,
      )
    : lead(stopping.signal);
  const healthz = serveHealthz(env.network, env.name, 10259);
  return {
    async stop() {
      healthz.close();
      stopping.abort(new Error(`${env.name} is stopping`));
      await running;
    },
  };
}

/** Schedules until the signal aborts, on fresh caches. */
async function schedule(env: Env, client: RestClient, options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { schedulerName = 'default-scheduler', onError = () => {} } = options;
  const informers = new InformerFactory(env, client, {
    detectMutation: options.detectMutation,
    onError: (resource, error) => onError(`watch ${resource.resource}`, error),
  });
  const recorder = newEventRecorder(env, client, { component: schedulerName });
  const cache = new SchedulerCache(env.clock);
  const spans = new Map<string, TraceContext>();
  const nominations = new Map<string, { pod: Pod; nodeName: string }>();
  const handle = makeHandle(cache, informers);

  const framework = defaultProfile(handle, {
    async bind(pod, nodeName) {
      const { namespace, name, uid } = pod.metadata;
      const body = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { kind: 'Node', name: nodeName },
      };
      const trace = spans.get(uid ?? '');
      await client.request('POST', client.path(pods, namespace, name, 'binding'), { body, trace });
    },
    async evict(victim, preemptor, nodeName) {
      const trace = spans.get(preemptor.metadata.uid ?? '');
      const message = `${schedulerName}: preempting to accommodate a higher priority pod`;
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message,
        lastTransitionTime: rfc3339(env.clock.now()),
      };
      try {
        const patch = { status: { conditions: [condition] } };
        await client.patch(pods, victim.metadata, 'application/strategic-merge-patch+json', patch, {
          subresource: 'status',
          trace,
        });
        await client.delete(pods, victim.metadata, {}, { trace });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      recorder.event(victim, 'Normal', 'Preempted', `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`, {
        trace,
      });
    },
  });
  const eventsOf = new Map(framework.plugins.map((plugin) => [plugin.name, new Set(plugin.events ?? [])]));
  const queue = new SchedulingQueue({
    clock: env.clock,
    less: (a, b) => framework.plugins.find((plugin) => plugin.less)?.less?.(a, b) ?? false,
    gatedBy: (pod) => framework.preEnqueue(pod)?.reasons.join(', '),
    helps: (event, rejectedBy) =>
      event === 'all' || [...rejectedBy].some((plugin) => eventsOf.get(plugin)?.has(event) ?? true),
  });
  addEventHandlers(informers, schedulerName, cache, queue);
  informers.start(signal);
  if (!(await informers.waitForCacheSync(signal))) return;

  const cancelCleanUp = every(env.clock, 1000, () => {
    for (const pod of cache.expire()) queue.set(pod);
    queue.flushStale();
  });
  const nominatedTo = (nodeName: string) =>
    [...nominations.values()].filter((nomination) => nomination.nodeName === nodeName).map(({ pod }) => pod);
  const lister = informers.of(pods).lister;
  try {
    await runScheduler(
      {
        env,
        cache,
        queue,
        framework,
        algorithm: new Algorithm(framework, handle, env.random, nominatedTo),
        spans,
        nominate(pod, nodeName) {
          const uid = pod.metadata.uid ?? '';
          if (nodeName === undefined) nominations.delete(uid);
          else nominations.set(uid, { pod, nodeName });
        },
        actions: {
          current(pod) {
            const known = lister.get(pod.metadata.namespace, pod.metadata.name);
            if (known?.metadata.uid === pod.metadata.uid) return known;
            nominations.delete(pod.metadata.uid ?? '');
            return undefined;
          },
          event: (pod, type, reason, message, trace) => recorder.event(pod, type, reason, message, { trace }),
          async patchStatus(pod, status, trace) {
            await client.patch(
              pods,
              pod.metadata,
              'application/strategic-merge-patch+json',
              { status },
              { subresource: 'status', trace },
            );
          },
          onError: (pod, error) => onError(`${pod.metadata.namespace}/${pod.metadata.name}`, error),
        },
      },
      signal,
    );
  } finally {
    cancelCleanUp();
  }
}

function makeHandle(cache: SchedulerCache, informers: InformerFactory): Handle {
  const namespaceLister = informers.of(namespaces).lister;
  const serviceLister = informers.of(services).lister;
  const replicaSetLister = informers.of(replicaSets).lister;
  const statefulSetLister = informers.of(statefulSets).lister;
  const replicationControllerLister = informers.of(replicationControllers).lister;
  const budgetLister = informers.of(podDisruptionBudgets).lister;
  return {
    nodes: () => cache.nodes(),
    node: (name) => cache.node(name),
    namespaceLabels: (name) => namespaceLister.get(undefined, name)?.metadata.labels,
    disruptionBudgets: (namespace) => budgetLister.list(namespace),
    defaultSelector(pod): Selector {
      const { namespace, labels } = pod.metadata;
      const selectors: Selector[] = [];
      for (const service of serviceLister.list(namespace)) {
        const selector = selectorFromSet(service.spec.selector ?? {});
        if (selector.length > 0 && selectorMatches(selector, labels)) selectors.push(selector);
      }
      const owner = getControllerOf(pod.metadata);
      if (owner?.kind === 'ReplicaSet')
        selectors.push(labelSelectorAsSelector(replicaSetLister.get(namespace, owner.name)?.spec.selector));
      if (owner?.kind === 'StatefulSet')
        selectors.push(labelSelectorAsSelector(statefulSetLister.get(namespace, owner.name)?.spec.selector));
      if (owner?.kind === 'ReplicationController') {
        selectors.push(selectorFromSet(replicationControllerLister.get(namespace, owner.name)?.spec.selector ?? {}));
      }
      // `nothing` (an owner not yet in the cache) must not hide the Services' selectors
      return selectors.filter((selector) => selectorMatches(selector, labels)).flat();
    },
  };
}
