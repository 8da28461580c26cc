// Spreads a pod's siblings over topologies: hard constraints filter, soft and default ones score. Upstream: plugins/podtopologyspread.

import type { Pod } from '../../../api/generated/types.ts';
import { selectorMatches } from '../../../api/labels.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import {
  type CycleState,
  type Handle,
  maxNodeScore,
  type Plugin,
  skip,
  unresolvable,
  unschedulable,
} from '../../framework/types.ts';
import { type Constraint, counts, defaultConstraints, matchingPods, statedConstraints } from './constraints.ts';

const filterKey = 'PodTopologySpread/filter';
const scoreKey = 'PodTopologySpread/score';

/** For each constraint: topology value -> matching pods there. */
class Counted {
  readonly constraints: Constraint[];
  readonly perValue: Map<string, number>[];

  constructor(constraints: Constraint[], perValue: Map<string, number>[]) {
    this.constraints = constraints;
    this.perValue = perValue;
  }

  clone(): Counted {
    return new Counted(
      this.constraints,
      this.perValue.map((map) => new Map(map)),
    );
  }

  change(pod: Pod, other: Pod, info: NodeInfo, by: number): void {
    if (other.metadata.namespace !== pod.metadata.namespace) return;
    this.constraints.forEach((constraint, i) => {
      const value = info.node?.metadata.labels?.[constraint.topologyKey];
      const map = this.perValue[i];
      if (
        !map ||
        value === undefined ||
        !map.has(value) ||
        !selectorMatches(constraint.selector, other.metadata.labels)
      )
        return;
      map.set(value, (map.get(value) ?? 0) + by);
    });
  }

  /** The smallest count among domains; 0 while there are fewer domains than asked for. */
  least(i: number): number {
    const map = this.perValue[i] as Map<string, number>;
    if (map.size < (this.constraints[i] as Constraint).minDomains) return 0;
    return map.size === 0 ? 0 : Math.min(...map.values());
  }
}

interface Scoring {
  constraints: Constraint[];
  perValue: Map<string, number>[];
  weights: number[];
  ignored: Set<string>;
}

export function podTopologySpread(handle: Handle): Plugin {
  return {
    name: 'PodTopologySpread',
    events: ['node add', 'node label', 'node taint', 'pod add', 'pod delete', 'pod label'],
    preFilter(state, pod) {
      const constraints = statedConstraints(pod, 'DoNotSchedule');
      if (constraints.length === 0) return { status: skip };
      state.write(filterKey, count(handle, pod, constraints));
      return undefined;
    },
    addPod: (state, pod, added, node) => state.read<Counted>(filterKey).change(pod, added, node, 1),
    removePod: (state, pod, removed, node) => state.read<Counted>(filterKey).change(pod, removed, node, -1),
    filter(state, pod, node) {
      const counted = state.read<Counted>(filterKey);
      for (const [i, constraint] of counted.constraints.entries()) {
        const value = node.node?.metadata.labels?.[constraint.topologyKey];
        if (value === undefined)
          return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
        const self = selectorMatches(constraint.selector, pod.metadata.labels) ? 1 : 0;
        const there = counted.perValue[i]?.get(value) ?? 0;
        if (there + self - counted.least(i) > constraint.maxSkew)
          return unschedulable("node(s) didn't match pod topology spread constraints");
      }
      return undefined;
    },
    preScore(state, pod, nodes) {
      const stated = statedConstraints(pod, 'ScheduleAnyway');
      const constraints = stated.length > 0 ? stated : defaultConstraints(pod, handle);
      if (constraints.length === 0) return skip;
      state.write(scoreKey, prepareScores(handle, pod, nodes, constraints, stated.length > 0));
      return undefined;
    },
    score: (state, _pod, node) => scoreOf(state, node),
    normalizeScores(state, _pod, scores) {
      const { ignored } = state.read<Scoring>(scoreKey);
      const considered = [...scores].filter(([name]) => !ignored.has(name)).map(([, score]) => score);
      const most = Math.max(...considered);
      const least = Math.min(...considered);
      for (const [name, score] of scores) {
        if (ignored.has(name)) scores.set(name, 0);
        else scores.set(name, most === 0 ? maxNodeScore : Math.floor((maxNodeScore * (most + least - score)) / most));
      }
    },
  };
}

function count(handle: Handle, pod: Pod, constraints: Constraint[]): Counted {
  const perValue = constraints.map(() => new Map<string, number>());
  for (const info of handle.nodes()) {
    const labels = info.node?.metadata.labels ?? {};
    // a node that lacks one of the labels belongs to no domain of any
    if (constraints.some((constraint) => labels[constraint.topologyKey] === undefined)) continue;
    constraints.forEach((constraint, i) => {
      if (!counts(constraint, pod, info)) return;
      const value = labels[constraint.topologyKey] as string;
      const map = perValue[i] as Map<string, number>;
      map.set(value, (map.get(value) ?? 0) + matchingPods(info, pod.metadata.namespace, constraint.selector));
    });
  }
  return new Counted(constraints, perValue);
}

function prepareScores(
  handle: Handle,
  pod: Pod,
  nodes: readonly NodeInfo[],
  constraints: Constraint[],
  requireAll: boolean,
): Scoring {
  const perValue = constraints.map(() => new Map<string, number>());
  const ignored = new Set<string>();
  for (const info of nodes) {
    const labels = info.node?.metadata.labels ?? {};
    if (requireAll && constraints.some((constraint) => labels[constraint.topologyKey] === undefined)) {
      ignored.add(info.name);
      continue;
    }
    constraints.forEach((constraint, i) => {
      const value = labels[constraint.topologyKey];
      if (value !== undefined && !perValue[i]?.has(value)) perValue[i]?.set(value, 0);
    });
  }
  // small topologies differ by more per pod than large ones, so they weigh less
  const weights = perValue.map((map) => Math.log(map.size + 2));
  for (const info of handle.nodes()) {
    const labels = info.node?.metadata.labels ?? {};
    constraints.forEach((constraint, i) => {
      const value = labels[constraint.topologyKey];
      const map = perValue[i] as Map<string, number>;
      const known = value === undefined ? undefined : map.get(value);
      if (value === undefined || known === undefined || !counts(constraint, pod, info)) return;
      map.set(value, known + matchingPods(info, pod.metadata.namespace, constraint.selector));
    });
  }
  return { constraints, perValue, weights, ignored };
}

function scoreOf(state: CycleState, node: NodeInfo): number {
  const { constraints, perValue, weights, ignored } = state.read<Scoring>(scoreKey);
  if (ignored.has(node.name)) return 0;
  let score = 0;
  constraints.forEach((constraint, i) => {
    const value = node.node?.metadata.labels?.[constraint.topologyKey];
    if (value !== undefined)
      score += (perValue[i]?.get(value) ?? 0) * (weights[i] as number) + (constraint.maxSkew - 1);
  });
  return Math.round(score);
}
