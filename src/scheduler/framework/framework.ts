// Runs the plugins of a profile, point by point. Upstream: pkg/scheduler/framework/runtime.
//
// Invariants: plugins of one point run in registration order; the first rejection ends a node's filtering; a plugin that answered Skip at preFilter or preScore is left
// out of that cycle's filter or score; scores are normalised to 0..100 and multiplied by their plugin's weight.

import type { Pod } from '../../api/generated/types.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { CycleState, NodeScores, Plugin, PreFilterResult, Status } from './types.ts';

export interface WeightedPlugin {
  plugin: Plugin;
  /** Of its score. Default 1. */
  weight?: number;
}

/** One node's total, and what each plugin contributed (weighted). */
export interface NodeTotal {
  name: string;
  total: number;
  parts: Record<string, number>;
}

const skippedFilters = 'framework/skippedFilters';

export class Framework {
  readonly plugins: readonly Plugin[];
  readonly #weights: ReadonlyMap<string, number>;

  constructor(plugins: readonly WeightedPlugin[]) {
    this.plugins = plugins.map(({ plugin }) => plugin);
    this.#weights = new Map(plugins.map(({ plugin, weight = 1 }) => [plugin.name, weight]));
  }

  /** The first reason not to enqueue a pod. */
  preEnqueue(pod: Pod): Status | undefined {
    for (const plugin of this.plugins) {
      const status = plugin.preEnqueue?.(pod);
      if (status) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  preFilter(state: CycleState, pod: Pod): { status?: Status; result: PreFilterResult } {
    const skipped = new Set<string>();
    let nodeNames: ReadonlySet<string> | undefined;
    for (const plugin of this.plugins) {
      const answer = plugin.preFilter?.(state, pod);
      if (answer?.status?.code === 'Skip') skipped.add(plugin.name);
      else if (answer?.status) return { status: { ...answer.status, plugin: plugin.name }, result: {} };
      const named = answer?.result?.nodeNames;
      if (named) nodeNames = nodeNames ? new Set([...nodeNames].filter((name) => named.has(name))) : named;
    }
    state.write(skippedFilters, skipped);
    return { result: nodeNames ? { nodeNames } : {} };
  }

  filter(state: CycleState, pod: Pod, node: NodeInfo): Status | undefined {
    const skipped = state.find<Set<string>>(skippedFilters);
    for (const plugin of this.plugins) {
      if (!plugin.filter || skipped?.has(plugin.name)) continue;
      const status = plugin.filter(state, pod, node);
      if (status) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  /** Tells the plugins of a what-if: a pod more or less on a node. */
  addPod(state: CycleState, pod: Pod, added: Pod, node: NodeInfo): void {
    node.addPod(added);
    for (const plugin of this.#withFilterState(state)) plugin.addPod?.(state, pod, added, node);
  }

  removePod(state: CycleState, pod: Pod, removed: Pod, node: NodeInfo): void {
    node.removePod(removed.metadata.uid ?? '');
    for (const plugin of this.#withFilterState(state)) plugin.removePod?.(state, pod, removed, node);
  }

  #withFilterState(state: CycleState): Plugin[] {
    const skipped = state.find<Set<string>>(skippedFilters);
    return this.plugins.filter((plugin) => !skipped?.has(plugin.name));
  }

  /** Totals per node. */
  score(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): NodeTotal[] {
    const totals = nodes.map((node) => ({ name: node.name, total: 0, parts: {} as Record<string, number> }));
    for (const plugin of this.plugins) {
      if (!plugin.score || plugin.preScore?.(state, pod, nodes)?.code === 'Skip') continue;
      const scores: NodeScores = new Map();
      for (const node of nodes) scores.set(node.name, plugin.score(state, pod, node));
      plugin.normalizeScores?.(state, pod, scores);
      const weight = this.#weights.get(plugin.name) ?? 1;
      for (const total of totals) {
        const weighted = (scores.get(total.name) ?? 0) * weight;
        total.total += weighted;
        total.parts[plugin.name] = weighted;
      }
    }
    return totals;
  }

  reserve(state: CycleState, pod: Pod, nodeName: string): Status | undefined {
    for (const plugin of this.plugins) {
      const status = plugin.reserve?.(state, pod, nodeName);
      if (!status) continue;
      this.unreserve(state, pod, nodeName);
      return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  unreserve(state: CycleState, pod: Pod, nodeName: string): void {
    for (const plugin of [...this.plugins].reverse()) plugin.unreserve?.(state, pod, nodeName);
  }

  permit(
    state: CycleState,
    pod: Pod,
    nodeName: string,
  ): { status?: Status; wait?: { plugin: string; timeout: number }[] } {
    const wait: { plugin: string; timeout: number }[] = [];
    for (const plugin of this.plugins) {
      const answer = plugin.permit?.(state, pod, nodeName);
      if (answer?.status?.code === 'Wait') wait.push({ plugin: plugin.name, timeout: answer.timeout ?? 60_000 });
      else if (answer?.status) return { status: { ...answer.status, plugin: plugin.name } };
    }
    return wait.length > 0 ? { wait } : {};
  }

  async preBind(state: CycleState, pod: Pod, nodeName: string): Promise<Status | undefined> {
    for (const plugin of this.plugins) {
      const status = await plugin.preBind?.(state, pod, nodeName);
      if (status) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  async bind(state: CycleState, pod: Pod, nodeName: string): Promise<Status | undefined> {
    for (const plugin of this.plugins) {
      if (!plugin.bind) continue;
      const status = await plugin.bind(state, pod, nodeName);
      if (status?.code === 'Skip') continue;
      return status && { ...status, plugin: plugin.name };
    }
    return { code: 'Error', reasons: ['no plugin binds pods'] };
  }

  postBind(state: CycleState, pod: Pod, nodeName: string): void {
    for (const plugin of this.plugins) plugin.postBind?.(state, pod, nodeName);
  }
}
