// Acting on a cluster for a lesson: bringing it to the start state, working through the solution, asking the checks.

import { messageOf } from '../env/errors.ts';
import type { Check, Look } from './check.ts';
import { type Lesson, type LessonFile, parseSolution } from './format.ts';

export type Kubectl = (
  args: string[],
  files: readonly LessonFile[],
) => Promise<{ stdout: string; stderr: string; exitCode: number }>;

const manifest = (file: LessonFile) => /\.(ya?ml|json)$/.test(file.name);

async function must(kubectl: Kubectl, args: string[], files: readonly LessonFile[]): Promise<void> {
  const { exitCode, stderr } = await kubectl(args, files);
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
}

/** Takes away what the lesson's files describe, and waits until it is gone. */
export async function clearLesson(lesson: Lesson, kubectl: Kubectl): Promise<void> {
  for (const files of [lesson.solution, lesson.files, lesson.start])
    for (const file of files.filter(manifest))
      await must(kubectl, ['delete', '-f', file.name, '--ignore-not-found'], files);
}

/** Applies the start state. */
export async function startLesson(lesson: Lesson, kubectl: Kubectl): Promise<void> {
  for (const file of lesson.start.filter(manifest)) await must(kubectl, ['apply', '-f', file.name], lesson.start);
}

/** How the solution finds out whether a task has passed, and what it does in between. Both may throw to give up. */
export interface Patience {
  passed(task: string): Promise<boolean>;
  rest(): Promise<void>;
}

/** Works through solution/steps.txt. */
export async function solveLesson(lesson: Lesson, kubectl: Kubectl, patience: Patience): Promise<void> {
  const steps = lesson.solution.find((file) => file.name === 'steps.txt');
  if (!steps) throw new Error(`lesson ${lesson.id} has no solution/steps.txt`);
  for (const step of parseSolution(steps.text)) {
    const task = 'wait' in step ? step.wait : step.until;
    if ('run' in step) await must(kubectl, step.run, lesson.solution);
    for (let i = 1; task && !(await patience.passed(task)); i++) {
      await patience.rest();
      if ('run' in step && i % 4 === 0) await must(kubectl, step.run, lesson.solution);
    }
  }
}

/** Asks every check; one that throws has not passed. */
export async function askChecks(checks: Record<string, Check>, look: Look): Promise<Record<string, true | string>> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([id, check]) => {
      try {
        return [id, await check(look)] as const;
      } catch (error) {
        return [id, messageOf(error)] as const;
      }
    }),
  );
  return Object.fromEntries(answers);
}
