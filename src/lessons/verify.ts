// The proof that a lesson works, for CI: its start state fails every check, its solution passes all of them.

import type { Cluster } from '../sandbox/cluster.ts';
import type { Check } from './check.ts';
import { lookAt } from './check.ts';
import type { Lesson } from './format.ts';
import { askChecks, type Kubectl, solveLesson, startLesson } from './play.ts';

export interface VerifyOptions {
  kubectl: Kubectl;
  /** Lets some cluster time pass; in a simulation, advances it. */
  wait: () => Promise<void>;
  /** How often to wait for one task before giving up. */
  patience?: number;
}

/** Resolves if the lesson holds; throws an Error that says which check does not. */
export async function verifyLesson(
  { lesson, checks }: { lesson: Lesson; checks: Record<string, Check> },
  cluster: Cluster,
  { kubectl, wait, patience = 240 }: VerifyOptions,
): Promise<void> {
  const look = lookAt(cluster);
  await startLesson(lesson, kubectl);
  const atStart = await askChecks(checks, look);
  const early = Object.entries(atStart).filter(([, verdict]) => verdict === true);
  if (early.length > 0) throw new Error(`the start state already passes ${early.map(([id]) => id).join(', ')}`);

  // as for a learner: what has passed once has passed, also if a later step takes it away again
  const done = new Set<string>();
  let asked = '';
  let times = 0;
  const passed = async (task: string) => {
    if (done.has(task)) return true;
    const check = checks[task];
    if (!check) throw new Error(`the solution waits for ${task}, which has no check`);
    const verdict = (await askChecks({ [task]: check }, look))[task];
    times = asked === task ? times + 1 : 1;
    asked = task;
    if (verdict !== true && times > patience) throw new Error(`the solution does not pass ${task}: ${verdict}`);
    if (verdict === true) done.add(task);
    return verdict === true;
  };
  await solveLesson(lesson, kubectl, { passed, rest: wait });
  for (const task of Object.keys(checks)) while (!(await passed(task))) await wait();
}
