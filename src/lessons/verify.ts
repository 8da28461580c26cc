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

  const waitFor = async (task: string) => {
    const check = checks[task];
    if (!check) throw new Error(`the solution waits for ${task}, which has no check`);
    let verdict: true | string = '';
    for (let i = 0; i < patience; i++) {
      verdict = (await askChecks({ [task]: check }, look))[task] ?? '';
      if (verdict === true) return;
      await wait();
    }
    throw new Error(`the solution does not pass ${task}: ${verdict}`);
  };
  await solveLesson(lesson, kubectl, waitFor);
  for (const task of Object.keys(checks)) await waitFor(task);
}
