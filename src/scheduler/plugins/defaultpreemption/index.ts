// Makes room for a pod by evicting pods of lower priority from the node where that does the least harm. Upstream: plugins/defaultpreemption and
// framework/preemption.
//
// Invariants: victims have lower priority than the preemptor; nothing is evicted unless the preemptor then fits; budgets are respected where there is a choice.

import type { Pod } from '../../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../../api/labels.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import { fitErrorMessage } from '../../framework/fit-error.ts';
import type { Framework } from '../../framework/framework.ts';
import { podPriority } from '../../framework/helpers.ts';
import {
  type CycleState,
  type Handle,
  type Plugin,
  type PostFilterResult,
  type Status,
  unresolvable,
  unschedulable,
} from '../../framework/types.ts';

export interface PreemptionOptions {
  handle: Handle;
  /** Evicts a victim in favour of the preemptor; resolves when the server has accepted. */
  evict: (victim: Pod, preemptor: Pod, nodeName: string) => Promise<void>;
  /** The profile's framework, known once all plugins are. */
  framework: () => Framework;
}

interface Candidate {
  nodeName: string;
  victims: Pod[];
  budgetViolations: number;
}

export function defaultPreemption(options: PreemptionOptions): Plugin {
  const { handle, evict } = options;
  return {
    name: 'DefaultPreemption',
    async postFilter(state, pod, rejected): Promise<PostFilterResult> {
      const ineligible = whyIneligible(pod, handle);
      if (ineligible) return { message: `preemption: ${ineligible}` };
      const refusals = new Map<string, Status>();
      const candidates: Candidate[] = [];
      for (const info of handle.nodes()) {
        const outcome =
          rejected.get(info.name)?.code === 'Unschedulable'
            ? selectVictims(options.framework(), handle, state, pod, info)
            : unresolvable('Preemption is not helpful for scheduling');
        if ('reasons' in outcome) refusals.set(info.name, outcome);
        else candidates.push(outcome);
      }
      const best = pickOne(candidates);
      if (!best) {
        const diagnosis = { rejected: refusals, preFilterMessage: '', rejectedBy: new Set<string>() };
        return { message: `preemption: ${fitErrorMessage(handle.nodes().length, diagnosis)}` };
      }
      await Promise.all(best.victims.map((victim) => evict(victim, pod, best.nodeName)));
      return { nominatedNodeName: best.nodeName, message: '' };
    },
  };
}

function whyIneligible(pod: Pod, handle: Handle): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = pod.status?.nominatedNodeName;
  const info = nominated ? handle.node(nominated) : undefined;
  const leaving = [...(info?.pods.values() ?? [])].some(
    ({ pod: other }) => other.metadata.deletionTimestamp && podPriority(other) < podPriority(pod),
  );
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

/** The fewest, least important pods whose going lets the pod fit on a node. */
function selectVictims(
  framework: Framework,
  handle: Handle,
  state: CycleState,
  pod: Pod,
  info: NodeInfo,
): Candidate | Status {
  const trial = info.clone();
  const trialState = state.clone();
  const lower = [...info.pods.values()]
    .map((there) => there.pod)
    .filter((other) => podPriority(other) < podPriority(pod));
  if (lower.length === 0) return unresolvable('No preemption victims found for incoming pod');
  for (const victim of lower) framework.removePod(trialState, pod, victim, trial);
  const without = framework.filter(trialState, pod, trial);
  if (without) return unschedulable(...without.reasons);

  // give back as many as possible, the most important and those protected by a budget first
  const { violating, others } = splitByBudget(lower.sort(moreImportant), handle);
  const victims: Pod[] = [];
  const reprieve = (candidate: Pod) => {
    framework.addPod(trialState, pod, candidate, trial);
    if (!framework.filter(trialState, pod, trial)) return true;
    framework.removePod(trialState, pod, candidate, trial);
    victims.push(candidate);
    return false;
  };
  let budgetViolations = 0;
  for (const candidate of violating) if (!reprieve(candidate)) budgetViolations++;
  for (const candidate of others) reprieve(candidate);
  return { nodeName: info.name, victims: victims.sort(moreImportant), budgetViolations };
}

/** Pods whose eviction a budget forbids, taking them in order, and the rest. */
function splitByBudget(pods: readonly Pod[], handle: Handle): { violating: Pod[]; others: Pod[] } {
  const allowed = new Map<string, number>();
  const violating: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of pods) {
    let violates = false;
    for (const budget of handle.disruptionBudgets(pod.metadata.namespace ?? '')) {
      const selector = budget.spec.selector;
      if (!selector || !selectorMatches(labelSelectorAsSelector(selector), pod.metadata.labels)) continue;
      const key = `${budget.metadata.namespace}/${budget.metadata.name}`;
      const left = (allowed.get(key) ?? budget.status?.disruptionsAllowed ?? 0) - 1;
      allowed.set(key, left);
      if (left < 0) violates = true;
    }
    (violates ? violating : others).push(pod);
  }
  return { violating, others };
}

function moreImportant(a: Pod, b: Pod): number {
  return podPriority(b) - podPriority(a) || startOf(a) - startOf(b);
}

const startOf = (pod: Pod) => Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '') || 0;

/** Upstream's order: fewest budget violations, lowest top priority, lowest sum of priorities, fewest victims, latest start of the top victims. */
function pickOne(candidates: readonly Candidate[]): Candidate | undefined {
  const rank = ({ victims, budgetViolations }: Candidate) => {
    const top = victims[0] ? podPriority(victims[0]) : Number.NEGATIVE_INFINITY;
    const sum = victims.reduce((total, victim) => total + podPriority(victim) + 0x80000000, 0);
    const earliest = Math.min(...victims.filter((victim) => podPriority(victim) === top).map(startOf));
    return [budgetViolations, top, sum, victims.length, -earliest];
  };
  let best: { candidate: Candidate; rank: number[] } | undefined;
  for (const candidate of candidates) {
    const ranked = rank(candidate);
    if (!best || isLess(ranked, best.rank)) best = { candidate, rank: ranked };
  }
  return best?.candidate;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0 && !Number.isNaN(difference)) return difference < 0;
  }
  return false;
}
