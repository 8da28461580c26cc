// Affinity and anti-affinity between pods, in both directions: what the incoming pod wants, and what the pods already there do not want. Upstream:
// plugins/interpodaffinity.

import type { Pod } from '../../../api/generated/types.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import {
  type Handle,
  maxNodeScore,
  type Plugin,
  type Status,
  skip,
  unresolvable,
  unschedulable,
} from '../../framework/types.ts';
import { preferredTerms, requiredAffinity, requiredAntiAffinity, type Term, termMatches } from './terms.ts';

const filterKey = 'InterPodAffinity/filter';
const scoreKey = 'InterPodAffinity/score';

/** "key=value" of a topology -> how many term-and-pod matches lie there. */
type PairCounts = Map<string, number>;

const pair = (key: string, value: string) => `${key}=${value}`;

class Counted {
  readonly affinity: Term[];
  readonly antiAffinity: Term[];
  readonly affinityCounts: PairCounts;
  readonly antiAffinityCounts: PairCounts;
  /** Where pods are that refuse the incoming one. */
  readonly existingCounts: PairCounts;

  constructor(affinity: Term[], antiAffinity: Term[], counts: [PairCounts, PairCounts, PairCounts]) {
    this.affinity = affinity;
    this.antiAffinity = antiAffinity;
    [this.affinityCounts, this.antiAffinityCounts, this.existingCounts] = counts;
  }

  clone(): Counted {
    const counts: [PairCounts, PairCounts, PairCounts] = [
      new Map(this.affinityCounts),
      new Map(this.antiAffinityCounts),
      new Map(this.existingCounts),
    ];
    return new Counted(this.affinity, this.antiAffinity, counts);
  }

  /** Takes a pod that is on a node into account, or out of it. */
  change(incoming: Pod, other: Pod, info: NodeInfo, handle: Handle, by: number): void {
    const add = (counts: PairCounts, term: Term) => {
      const value = info.node?.metadata.labels?.[term.topologyKey];
      if (value === undefined) return;
      const key = pair(term.topologyKey, value);
      const left = (counts.get(key) ?? 0) + by;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    };
    // all of the incoming pod's affinity terms must match the same pod
    if (this.affinity.length > 0 && this.affinity.every((term) => termMatches(term, other, handle))) {
      for (const term of this.affinity) add(this.affinityCounts, term);
    }
    for (const term of this.antiAffinity) if (termMatches(term, other, handle)) add(this.antiAffinityCounts, term);
    for (const term of requiredAntiAffinity(other))
      if (termMatches(term, incoming, handle)) add(this.existingCounts, term);
  }
}

export function interPodAffinity(handle: Handle, hardPodAffinityWeight = 1): Plugin {
  return {
    name: 'InterPodAffinity',
    events: ['node add', 'node label', 'pod add', 'pod delete', 'pod label', 'namespace'],
    preFilter(state, pod) {
      const counted = new Counted(requiredAffinity(pod), requiredAntiAffinity(pod), [new Map(), new Map(), new Map()]);
      const wants = counted.affinity.length > 0 || counted.antiAffinity.length > 0;
      for (const info of handle.nodes()) {
        const others = wants ? info.pods.values() : info.podsWithAntiAffinity.values();
        for (const other of others) counted.change(pod, other.pod, info, handle, 1);
      }
      if (!wants && counted.existingCounts.size === 0) return { status: skip };
      state.write(filterKey, counted);
      return undefined;
    },
    addPod: (state, pod, added, node) => state.read<Counted>(filterKey).change(pod, added, node, handle, 1),
    removePod: (state, pod, removed, node) => state.read<Counted>(filterKey).change(pod, removed, node, handle, -1),
    filter: (state, pod, node) => verdict(state.read<Counted>(filterKey), pod, node, handle),
    preScore(state, pod, nodes) {
      const topology = scorePairs(handle, pod, nodes, hardPodAffinityWeight);
      if (topology.size === 0) return skip;
      state.write(scoreKey, topology);
      return undefined;
    },
    score(state, _pod, node) {
      let score = 0;
      for (const [key, value] of Object.entries(node.node?.metadata.labels ?? {}))
        score += state.read<PairCounts>(scoreKey).get(pair(key, value)) ?? 0;
      return score;
    },
    normalizeScores(_state, _pod, scores) {
      const least = Math.min(...scores.values());
      const range = Math.max(...scores.values()) - least;
      for (const [name, score] of scores)
        scores.set(name, range === 0 ? 0 : Math.floor((maxNodeScore * (score - least)) / range));
    },
  };
}

function verdict(counted: Counted, pod: Pod, info: NodeInfo, handle: Handle): Status | undefined {
  const labels = info.node?.metadata.labels ?? {};
  if (!affinitySatisfied(counted, pod, labels, handle)) return unresolvable("node(s) didn't match pod affinity rules");
  const hit = (counts: PairCounts) =>
    Object.entries(labels).some(([key, value]) => (counts.get(pair(key, value)) ?? 0) > 0);
  if (hit(counted.antiAffinityCounts)) return unschedulable("node(s) didn't match pod anti-affinity rules");
  if (hit(counted.existingCounts)) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
  return undefined;
}

function affinitySatisfied(counted: Counted, pod: Pod, labels: Record<string, string>, handle: Handle): boolean {
  let found = true;
  for (const term of counted.affinity) {
    const value = labels[term.topologyKey];
    if (value === undefined) return false;
    if ((counted.affinityCounts.get(pair(term.topologyKey, value)) ?? 0) <= 0) found = false;
  }
  if (found) return true;
  // the first of a group of pods that want each other may go anywhere
  return counted.affinityCounts.size === 0 && counted.affinity.every((term) => termMatches(term, pod, handle));
}

/** What each topology is worth: the incoming pod's wishes about pods there, and their wishes about it. */
function scorePairs(handle: Handle, pod: Pod, nodes: readonly NodeInfo[], hardWeight: number): PairCounts {
  const topology: PairCounts = new Map();
  const wishes = preferredTerms(pod);
  const infos = wishes.length > 0 ? handle.nodes() : handle.nodes().filter((info) => info.podsWithAffinity.size > 0);
  const add = (info: NodeInfo, key: string, weight: number) => {
    const value = info.node?.metadata.labels?.[key];
    if (value !== undefined && weight !== 0)
      topology.set(pair(key, value), (topology.get(pair(key, value)) ?? 0) + weight);
  };
  for (const info of infos) {
    const others = wishes.length > 0 ? info.pods.values() : info.podsWithAffinity.values();
    for (const { pod: other } of others) {
      for (const term of wishes) if (termMatches(term, other, handle)) add(info, term.topologyKey, term.weight);
      for (const term of preferredTerms(other))
        if (termMatches(term, pod, handle)) add(info, term.topologyKey, term.weight);
      for (const term of requiredAffinity(other))
        if (termMatches(term, pod, handle)) add(info, term.topologyKey, hardWeight);
    }
  }
  return nodes.length === 0 ? new Map() : topology;
}
