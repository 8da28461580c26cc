// The scheduling framework's vocabulary: extension points, their verdicts, and what plugins are given. Upstream: k8s.io/kube-scheduler/framework.
//
// A plugin is one folder under plugins/ that implements some of the points. Invariants: every rejection carries a reason; Filter and Score change nothing;
// a scheduling cycle runs in one turn of the event loop, so what plugins read does not change under them and no copy of the cluster is needed.

import type { Pod, PodDisruptionBudget } from '../../api/generated/types.ts';
import type { Selector } from '../../api/labels.ts';
import type { NodeInfo } from '../cache/node-info.ts';

export type StatusCode = 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Error' | 'Skip' | 'Wait' | 'Pending';

/** A verdict that is not plain success (which is `undefined`). */
export interface Status {
  code: StatusCode;
  reasons: string[];
  /** Filled in by the framework. */
  plugin?: string;
}

/** The node cannot take the pod now; evicting other pods might help. */
export function unschedulable(...reasons: string[]): Status {
  return { code: 'Unschedulable', reasons };
}

/** The node cannot take the pod, and evicting others would not help. */
export function unresolvable(...reasons: string[]): Status {
  return { code: 'UnschedulableAndUnresolvable', reasons };
}

/** Nothing to do for this pod: the plugin's later points of the same kind are not called. */
export const skip: Status = { code: 'Skip', reasons: [] };

/** What plugins keep for one pod's cycle. Values are cloned for preemption's what-ifs by their `clone`, if they have one. */
export class CycleState {
  readonly #data = new Map<string, unknown>();

  /** What a plugin wrote earlier in this cycle. Throws if it did not: a bug in the plugin. */
  read<T>(key: string): T {
    if (!this.#data.has(key)) throw new Error(`not found in the cycle's state: ${key}`);
    return this.#data.get(key) as T;
  }

  find<T>(key: string): T | undefined {
    return this.#data.get(key) as T | undefined;
  }

  write(key: string, value: unknown): void {
    this.#data.set(key, value);
  }

  clone(): CycleState {
    const copy = new CycleState();
    for (const [key, value] of this.#data) {
      const cloneable = value as { clone?: () => unknown } | undefined;
      copy.write(key, typeof cloneable?.clone === 'function' ? cloneable.clone() : value);
    }
    return copy;
  }
}

/** What a plugin may look at besides its arguments. */
export interface Handle {
  /** All nodes with the pods on them, assumed ones included. */
  nodes(): readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  namespaceLabels(name: string): Record<string, string> | undefined;
  /** What selects a pod's siblings: the selectors of its Services and of its owner together. Empty: nothing does. */
  defaultSelector(pod: Pod): Selector;
  /** PodDisruptionBudgets of a namespace, for preemption. */
  disruptionBudgets(namespace: string): readonly PodDisruptionBudget[];
}

/** Something that happened in the cluster, by which a rejected pod may have become schedulable. */
export type ClusterEvent =
  | 'node add'
  | 'node allocatable'
  | 'node label'
  | 'node taint'
  | 'node unschedulable'
  | 'pod add'
  | 'pod delete'
  | 'pod label'
  | 'pod scale down'
  | 'namespace'
  | 'storage'
  | 'gates'
  | 'all';

export interface PreFilterResult {
  /** Only these nodes are worth looking at. Left out: all. */
  nodeNames?: ReadonlySet<string>;
}

/** Scores by node name. */
export type NodeScores = Map<string, number>;

export const maxNodeScore = 100;

export interface PostFilterResult {
  nominatedNodeName?: string;
  /** What the attempt came to, for the pod's condition ("preemption: 0/2 nodes are available: ..."). */
  message: string;
}

export interface Plugin {
  readonly name: string;
  /** Events after which a pod this plugin rejected is worth another try. */
  readonly events?: readonly ClusterEvent[];

  preEnqueue?(pod: Pod): Status | undefined;
  /** Order of the queue; exactly one plugin has it. */
  less?(a: QueuedPod, b: QueuedPod): boolean;
  preFilter?(state: CycleState, pod: Pod): { status?: Status; result?: PreFilterResult } | undefined;
  /** Keeps what preFilter computed true in a what-if. */
  addPod?(state: CycleState, pod: Pod, added: Pod, node: NodeInfo): void;
  removePod?(state: CycleState, pod: Pod, removed: Pod, node: NodeInfo): void;
  filter?(state: CycleState, pod: Pod, node: NodeInfo): Status | undefined;
  /** Called when no node passed: may make room. Undefined: it has nothing to say. */
  postFilter?(
    state: CycleState,
    pod: Pod,
    rejected: ReadonlyMap<string, Status>,
  ): Promise<PostFilterResult | undefined>;
  preScore?(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): Status | undefined;
  /** 0 to 100 after normalizeScores, more is better. */
  score?(state: CycleState, pod: Pod, node: NodeInfo): number;
  normalizeScores?(state: CycleState, pod: Pod, scores: NodeScores): void;
  reserve?(state: CycleState, pod: Pod, nodeName: string): Status | undefined;
  unreserve?(state: CycleState, pod: Pod, nodeName: string): void;
  /** May answer Wait with a time-out in ms; the pod then waits for `allow` or `reject`. */
  permit?(state: CycleState, pod: Pod, nodeName: string): { status?: Status; timeout?: number } | undefined;
  preBind?(state: CycleState, pod: Pod, nodeName: string): Promise<Status | undefined>;
  /** Binds the pod, or answers Skip to leave it to the next plugin. */
  bind?(state: CycleState, pod: Pod, nodeName: string): Promise<Status | undefined>;
  postBind?(state: CycleState, pod: Pod, nodeName: string): void;
}

/** A pod in the queue with the history of its attempts. */
export interface QueuedPod {
  pod: Pod;
  /** When it entered the active queue this time, cluster ms. */
  timestamp: number;
  attempts: number;
  /** Plugins that rejected it last time. */
  rejectedBy: ReadonlySet<string>;
  /** Preempted victims are on their way out of this node. */
  nominatedNodeName?: string;
}

/** Why no node passed. */
export interface Diagnosis {
  /** Per node. */
  rejected: Map<string, Status>;
  /** Set when a preFilter rejected the pod for all nodes at once. */
  preFilterMessage: string;
  rejectedBy: Set<string>;
}
