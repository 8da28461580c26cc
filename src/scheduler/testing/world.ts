// A scheduler's world for plugin tests: nodes and pods as short as they can be written, the default profile over a real cache, one decision at a time.

import type { Namespace, Node, Pod, PodDisruptionBudget, PodSpec } from '../../api/generated/types.ts';
import { type Selector, selectorFromSet } from '../../api/labels.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import { SchedulerCache } from '../cache/cache.ts';
import { fitErrorMessage } from '../framework/fit-error.ts';
import type { Framework } from '../framework/framework.ts';
import { CycleState, type Handle, type PostFilterResult } from '../framework/types.ts';
import { defaultProfile } from '../registry.ts';
import { Algorithm, type Decision } from '../scheduling/algorithm.ts';

export interface NodeDraft {
  labels?: Record<string, string>;
  allocatable?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
  unschedulable?: boolean;
  images?: { names: string[]; sizeBytes: number }[];
}

export function node(name: string, draft: NodeDraft = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...draft.labels } },
    spec: { taints: draft.taints, unschedulable: draft.unschedulable },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...draft.allocatable }, images: draft.images },
  } as unknown as Node;
}

export interface PodDraft extends Partial<Omit<PodSpec, 'containers'>> {
  labels?: Record<string, string>;
  namespace?: string;
  requests?: Record<string, string>;
  image?: string;
  hostPort?: number;
  startTime?: string;
}

export function pod(name: string, draft: PodDraft = {}): Pod {
  const { labels, namespace = 'default', requests, image = 'x', hostPort, startTime, ...spec } = draft;
  const ports = hostPort ? [{ containerPort: hostPort, hostPort }] : undefined;
  return {
    metadata: { name, namespace, uid: `uid-${name}`, labels },
    spec: { ...spec, containers: [{ name: 'main', image, resources: { requests }, ports }] },
    status: { startTime },
  } as unknown as Pod;
}

export interface World {
  cache: SchedulerCache;
  framework: Framework;
  evicted: string[];
  decide(pod: Pod): Decision;
  /** The node chosen, or why there is none, as the pod's condition would say it. */
  place(pod: Pod): string;
  /** Scores by node, of one plugin or in total. */
  scores(pod: Pod, plugin?: string): Record<string, number>;
  /** What preemption comes to for a pod that fits nowhere. */
  preempt(pod: Pod): Promise<PostFilterResult | undefined>;
}

export interface WorldOptions {
  nodes: Node[];
  /** Bound pods, by node. */
  pods?: Record<string, Pod[]>;
  namespaces?: Namespace[];
  budgets?: PodDisruptionBudget[];
  /** Stands for the selectors of a pod's Services and owner. */
  defaultSelector?: (pod: Pod) => Selector;
  nominated?: Record<string, Pod[]>;
}

export function world(options: WorldOptions): World {
  const env = new Simulation({ seed: 1 }).env('scheduler');
  const cache = new SchedulerCache(env.clock);
  const evicted: string[] = [];
  for (const each of options.nodes) cache.setNode(each);
  for (const [nodeName, pods] of Object.entries(options.pods ?? {}))
    for (const each of pods) cache.setPod({ ...each, spec: { ...each.spec, nodeName } });
  const handle: Handle = {
    nodes: () => cache.nodes(),
    node: (name) => cache.node(name),
    namespaceLabels: (name) =>
      options.namespaces?.find(({ metadata }) => metadata.name === name)?.metadata.labels ?? {},
    defaultSelector: options.defaultSelector ?? (() => selectorFromSet({})),
    disruptionBudgets: (namespace) =>
      (options.budgets ?? []).filter(({ metadata }) => metadata.namespace === namespace),
  };
  const framework = defaultProfile(handle, {
    bind: async () => {},
    evict: async (victim) => {
      evicted.push(victim.metadata.name ?? '');
    },
  });
  const algorithm = new Algorithm(framework, handle, env.random, (name) => options.nominated?.[name] ?? []);
  const decide = (each: Pod) => algorithm.decide(new CycleState(), each);
  return {
    cache,
    framework,
    evicted,
    decide,
    place(each) {
      const decision = decide(each);
      if ('nodeName' in decision) return decision.nodeName;
      return fitErrorMessage(cache.nodes().length, decision.diagnosis);
    },
    scores(each, plugin) {
      const decision = decide(each);
      if (!('nodeName' in decision)) throw new Error('it fits nowhere');
      return Object.fromEntries(
        decision.totals.map(({ name, total, parts }) => [name, plugin ? (parts[plugin] ?? 0) : total]),
      );
    },
    async preempt(each) {
      const state = new CycleState();
      const decision = algorithm.decide(state, each);
      if ('nodeName' in decision) throw new Error('it fits without preemption');
      for (const plugin of framework.plugins) {
        const result = await plugin.postFilter?.(state, each, decision.diagnosis.rejected);
        if (result) return result;
      }
      return undefined;
    },
  };
}
