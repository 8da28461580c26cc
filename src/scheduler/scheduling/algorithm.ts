// One scheduling decision: which nodes can take a pod, and which of them is best. Runs in one turn, reads the cache, changes nothing. Upstream: schedulePod.

import type { Pod } from '../../api/generated/types.ts';
import { type Random, randomInt } from '../../env/random.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { Framework, NodeTotal } from '../framework/framework.ts';
import { podPriority } from '../framework/helpers.ts';
import type { CycleState, Diagnosis, Handle } from '../framework/types.ts';

export type Decision =
  | { nodeName: string; feasible: number; evaluated: number; totals: NodeTotal[]; rejected: Diagnosis['rejected'] }
  | { diagnosis: Diagnosis };

/** Enough feasible nodes to choose among: all of up to 100, then a shrinking share, at least 5 % and 100. */
export function numFeasibleNodesToFind(nodes: number, percentage?: number): number {
  if (nodes < 100) return nodes;
  const share = percentage ?? Math.max(5, 50 - Math.floor(nodes / 125));
  if (share >= 100) return nodes;
  return Math.max(100, Math.floor((nodes * share) / 100));
}

export class Algorithm {
  readonly #framework: Framework;
  readonly #handle: Handle;
  readonly #random: Random;
  /** Pods that are to take the place of victims still on their way out, by node. */
  readonly #nominated: (nodeName: string) => readonly Pod[];
  #start = 0;

  constructor(framework: Framework, handle: Handle, random: Random, nominated: (nodeName: string) => readonly Pod[]) {
    this.#framework = framework;
    this.#handle = handle;
    this.#random = random;
    this.#nominated = nominated;
  }

  decide(state: CycleState, pod: Pod): Decision {
    const diagnosis: Diagnosis = { rejected: new Map(), preFilterMessage: '', rejectedBy: new Set() };
    const { status, result } = this.#framework.preFilter(state, pod);
    if (status) {
      diagnosis.preFilterMessage = status.reasons.join(', ');
      if (status.plugin) diagnosis.rejectedBy.add(status.plugin);
      for (const node of this.#handle.nodes()) diagnosis.rejected.set(node.name, status);
      return { diagnosis };
    }
    const { feasible, evaluated } = this.#findFeasible(state, pod, result.nodeNames, diagnosis);
    const [only] = feasible;
    if (!only) return { diagnosis };
    const totals =
      feasible.length === 1 ? [{ name: only.name, total: 0, parts: {} }] : this.#framework.score(state, pod, feasible);
    return { nodeName: this.#best(totals), feasible: feasible.length, evaluated, totals, rejected: diagnosis.rejected };
  }

  #findFeasible(state: CycleState, pod: Pod, only: ReadonlySet<string> | undefined, diagnosis: Diagnosis) {
    const all = this.#handle.nodes();
    const nominated = pod.status?.nominatedNodeName ? this.#handle.node(pod.status.nominatedNodeName) : undefined;
    if (nominated && (!only || only.has(nominated.name)) && !this.#filter(state, pod, nominated))
      return { feasible: [nominated], evaluated: 1 };
    const wanted = numFeasibleNodesToFind(all.length);
    const feasible: NodeInfo[] = [];
    let evaluated = 0;
    // each pod goes on where the last one stopped, so that every node gets its turn
    for (; evaluated < all.length && feasible.length < wanted; evaluated++) {
      const node = all[(this.#start + evaluated) % all.length] as NodeInfo;
      const status =
        only && !only.has(node.name)
          ? {
              code: 'UnschedulableAndUnresolvable' as const,
              reasons: ["node(s) didn't match Pod's node affinity/selector"],
              plugin: 'NodeAffinity',
            }
          : this.#filter(state, pod, node);
      if (!status) {
        feasible.push(node);
        continue;
      }
      diagnosis.rejected.set(node.name, status);
      if (status.plugin) diagnosis.rejectedBy.add(status.plugin);
    }
    if (all.length > 0) this.#start = (this.#start + evaluated) % all.length;
    return { feasible, evaluated };
  }

  /** A node must take the pod both with and without the pods that are nominated to it. */
  #filter(state: CycleState, pod: Pod, node: NodeInfo) {
    const rivals = this.#nominated(node.name).filter(
      (other) => other.metadata.uid !== pod.metadata.uid && podPriority(other) >= podPriority(pod),
    );
    if (rivals.length > 0) {
      const trial = node.clone();
      const trialState = state.clone();
      for (const rival of rivals) this.#framework.addPod(trialState, pod, rival, trial);
      const status = this.#framework.filter(trialState, pod, trial);
      if (status) return status;
    }
    return this.#framework.filter(state, pod, node);
  }

  /** The highest total; among equals, any. */
  #best(totals: readonly NodeTotal[]): string {
    let best = totals[0] as NodeTotal;
    let equals = 1;
    for (const candidate of totals.slice(1)) {
      if (candidate.total > best.total) {
        best = candidate;
        equals = 1;
      } else if (candidate.total === best.total) {
        equals++;
        if (randomInt(this.#random, equals) === 0) best = candidate;
      }
    }
    return best.name;
  }
}
