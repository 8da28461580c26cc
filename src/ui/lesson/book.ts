// What the page needs of lessons. src/lessons offers it; page.ts brings the two together (rooms of one floor do not import each other).

import type { Cluster } from '../../sandbox/cluster.ts';

export interface LessonSummary {
  id: string;
  title: string;
  summary: string;
  minutes: number;
}

export type TaskState = 'open' | 'passed';

export interface TaskView {
  id: string;
  title: string;
  state: TaskState;
  /** What the check says is missing, in words for the learner. */
  hint: string;
}

export interface StepView {
  title: string;
  /** Sanitised HTML. */
  html: string;
  tasks: readonly TaskView[];
}

export interface LessonView {
  id: string;
  title: string;
  state: 'loading' | 'running' | 'done' | 'broken';
  error: string;
  step: number;
  steps: readonly StepView[];
  /** Files of the start state, as they were given to the learner, and of the solution. */
  startFiles: readonly LessonFile[];
  solutionFiles: readonly LessonFile[];
}

export interface LessonFile {
  name: string;
  text: string;
}

/** A lesson being taken. */
export interface LessonRun {
  readonly view: LessonView;
  subscribe(callback: (view: LessonView) => void): () => void;
  goTo(step: number): void;
  /** Brings the cluster back to the lesson's start and forgets progress. */
  reset(): Promise<void>;
  /** Applies the solution's files. */
  solve(): Promise<void>;
  close(): void;
}

/** What a lesson asks of the page: the same kubectl the learner has. */
export interface LessonHost {
  cluster: Cluster;
  kubectl(args: string[], files: readonly LessonFile[]): Promise<{ stdout: string; stderr: string; exitCode: number }>;
  /** Something small kept on this device. */
  recall(key: string): unknown;
  keep(key: string, value: unknown): void;
  later(milliseconds: number, callback: () => void): () => void;
}

export interface LessonBook {
  list(): readonly LessonSummary[];
  open(id: string, host: LessonHost): Promise<LessonRun>;
}
