// A lesson being taken: the start state is applied, checks are asked again whenever something happens in the cluster, progress is kept.
//
// Invariants: a task that has passed stays passed until reset; checks never overlap.

import { messageOf } from '../env/errors.ts';
import type { Cluster } from '../sandbox/cluster.ts';
import type { Check } from './check.ts';
import { lookAt } from './check.ts';
import type { Lesson, LessonFile } from './format.ts';
import { askChecks, clearLesson, type Kubectl, solveLesson, startLesson } from './play.ts';

export interface RunHost {
  cluster: Cluster;
  kubectl: Kubectl;
  recall(key: string): unknown;
  keep(key: string, value: unknown): void;
  /** The reader's watch: calls back once, returns what cancels it. */
  later(milliseconds: number, callback: () => void): () => void;
}

export interface TaskView {
  id: string;
  title: string;
  state: 'open' | 'passed';
  hint: string;
}

export interface RunView {
  id: string;
  title: string;
  state: 'loading' | 'running' | 'done' | 'broken';
  error: string;
  step: number;
  steps: { title: string; html: string; tasks: TaskView[] }[];
  startFiles: readonly LessonFile[];
  solutionFiles: readonly LessonFile[];
}

interface Progress {
  started: boolean;
  step: number;
  passed: string[];
}

const restBetweenChecks = 600;
const longestRest = 3000;

export class LessonRun {
  readonly #lesson: Lesson;
  readonly #checks: Record<string, Check>;
  readonly #host: RunHost;
  readonly #subscribers = new Set<(view: RunView) => void>();
  readonly #ends: (() => void)[] = [];
  #view: RunView;
  #progress: Progress;
  #stirred = true;
  #asking = false;
  #closed = false;

  /** `render`: Markdown to safe HTML. */
  constructor(
    loaded: { lesson: Lesson; checks: Record<string, Check> },
    host: RunHost,
    render: { block: (text: string) => string; inline: (text: string) => string },
  ) {
    this.#lesson = loaded.lesson;
    this.#checks = loaded.checks;
    this.#host = host;
    const kept = host.recall(this.#key) as Partial<Progress> | undefined;
    this.#progress = { started: kept?.started ?? false, step: kept?.step ?? 0, passed: kept?.passed ?? [] };
    const { id, title, steps } = loaded.lesson;
    this.#view = {
      id,
      title,
      state: 'loading',
      error: '',
      step: Math.min(this.#progress.step, steps.length - 1),
      steps: steps.map((step) => ({
        title: step.title,
        html: render.block(step.text),
        tasks: step.tasks.map((task) => ({
          id: task.id,
          title: render.inline(task.title),
          state: this.#progress.passed.includes(task.id) ? 'passed' : 'open',
          hint: '',
        })),
      })),
      startFiles: loaded.lesson.files,
      solutionFiles: loaded.lesson.solution.filter((file) => file.name !== 'steps.txt'),
    };
  }

  get #key(): string {
    return `lesson/${this.#lesson.id}`;
  }

  get view(): RunView {
    return this.#view;
  }

  subscribe(callback: (view: RunView) => void): () => void {
    this.#subscribers.add(callback);
    callback(this.#view);
    return () => this.#subscribers.delete(callback);
  }

  /** Applies the start state (the first time) and begins to check. */
  async begin(): Promise<void> {
    this.#ends.push(
      this.#host.cluster.trace.subscribe(() => {
        this.#stirred = true;
      }),
    );
    await this.#guard(async () => {
      if (!this.#progress.started) await startLesson(this.#lesson, this.#host.kubectl);
      this.#keep({ started: true });
    });
    this.#beat(0);
  }

  goTo(step: number): void {
    if (step < 0 || step >= this.#view.steps.length) return;
    this.#keep({ step });
    this.#set({ step });
  }

  /** Back to the start: the cluster's objects of this lesson and the learner's progress. */
  async reset(): Promise<void> {
    this.#set({ state: 'loading' });
    await this.#guard(async () => {
      await clearLesson(this.#lesson, this.#host.kubectl);
      await startLesson(this.#lesson, this.#host.kubectl);
      this.#keep({ started: true, step: 0, passed: [] });
      this.#set({ step: 0, steps: this.#tasks(() => ({ state: 'open', hint: '' })) });
    });
    this.#stirred = true;
  }

  /** Works through the solution. */
  async solve(): Promise<void> {
    await this.#guard(() =>
      solveLesson(this.#lesson, this.#host.kubectl, {
        passed: async (task) => this.#progress.passed.includes(task),
        rest: async () => {
          if (this.#closed) throw new Error('the lesson was left');
          this.#stirred = true;
          await new Promise<void>((resolve) => this.#host.later(300, resolve));
        },
      }),
    );
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
  }

  #tasks(change: (task: TaskView) => Partial<TaskView>): RunView['steps'] {
    return this.#view.steps.map((step) => ({
      ...step,
      tasks: step.tasks.map((task) => ({ ...task, ...change(task) })),
    }));
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#set({ state: this.#finished() ? 'done' : 'running', error: '' });
    } catch (error) {
      this.#set({ state: 'broken', error: messageOf(error) });
    }
  }

  #finished(): boolean {
    return this.#view.steps.every((step) => step.tasks.every((task) => task.state === 'passed'));
  }

  #beat(quiet: number): void {
    if (this.#closed) return;
    this.#host.later(restBetweenChecks, () => {
      if (!this.#stirred && quiet < longestRest) {
        this.#beat(quiet + restBetweenChecks);
        return;
      }
      this.#stirred = false;
      void this.#ask().finally(() => this.#beat(0));
    });
  }

  async #ask(): Promise<void> {
    if (this.#asking || this.#closed || this.#view.state === 'loading') return;
    this.#asking = true;
    try {
      const open = Object.entries(this.#checks).filter(([id]) => !this.#progress.passed.includes(id));
      if (open.length === 0) return;
      const verdicts = await askChecks(Object.fromEntries(open), lookAt(this.#host.cluster));
      if (this.#closed) return;
      const passed = Object.keys(verdicts).filter((id) => verdicts[id] === true);
      if (passed.length > 0) this.#keep({ passed: [...this.#progress.passed, ...passed] });
      const steps = this.#tasks((task) => {
        const verdict = verdicts[task.id];
        if (verdict === undefined) return {};
        return verdict === true ? { state: 'passed', hint: '' } : { hint: verdict };
      });
      this.#set({ steps });
      if (this.#view.state === 'running' && this.#finished()) this.#set({ state: 'done' });
    } finally {
      this.#asking = false;
    }
  }

  #keep(change: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#host.keep(this.#key, this.#progress);
  }

  #set(change: Partial<RunView>): void {
    this.#view = { ...this.#view, ...change };
    for (const subscriber of this.#subscribers) subscriber(this.#view);
  }
}
