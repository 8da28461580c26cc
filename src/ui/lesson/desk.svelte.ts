// The lesson being taken, as the page shows it: opens it over the page's cluster and kubectl, hands the learner its files.

import { messageOf } from '../../env/errors.ts';
import { keep, recall } from '../state/keep.ts';
import { collect } from '../state/kubectl.ts';
import { later, repeat } from '../state/page-time.ts';
import type { Workspace } from '../state/workspace.svelte.ts';
import type { LessonBook, LessonFile, LessonRun, LessonView } from './book.ts';

export class LessonDesk {
  readonly book: LessonBook;
  view = $state.raw<LessonView | undefined>();
  /** Why no lesson could be opened. */
  problem = $state('');
  busy = $state<'' | 'reset' | 'solve'>('');
  waiting = $state(false);
  readonly #page: Workspace;
  #run: LessonRun | undefined;
  #end: (() => void) | undefined;

  constructor(book: LessonBook, page: Workspace) {
    this.book = book;
    this.#page = page;
  }

  /** Opens a lesson, once the API server answers. */
  open(id: string): void {
    keep('lesson-open', id);
    this.close(false);
    this.problem = '';
    this.waiting = true;
    this.#page.layout.lessonOpen = true;
    if (this.#page.layout.narrow) this.#page.layout.pane = 'lesson';
    this.#page.layout.save();
    const stop = repeat(100, () => {
      if (!this.#page.serving) return;
      stop();
      void this.#begin(id);
    });
    this.#end = stop;
  }

  /** Opens the lesson that was open when the page was left. */
  resume(): void {
    const id = recall('lesson-open', '');
    if (this.book.list().some((lesson) => lesson.id === id)) this.open(id);
  }

  async #begin(id: string): Promise<void> {
    const cluster = this.#page.cluster;
    if (!cluster) return;
    try {
      const run = await this.book.open(id, {
        cluster,
        kubectl: async (args, files) =>
          collect(await this.#page.program(), args, { ...this.#page.kubectlIo(), files: readOnly(files) }),
        recall: (key) => recall<unknown>(key, undefined),
        keep,
        later,
      });
      this.#run = run;
      this.waiting = false;
      this.#end = run.subscribe((view) => {
        this.view = view;
      });
      this.giveFiles(false);
    } catch (error) {
      this.waiting = false;
      this.problem = messageOf(error);
    }
  }

  /** Puts the lesson's files into the editor; `again` also replaces what the learner made of them. */
  giveFiles(again: boolean): void {
    for (const file of this.view?.startFiles ?? []) {
      const known = this.#page.files.list.some((each) => each.name === file.name);
      if (!known || again) this.#page.files.put(file.name, file.text);
      else this.#page.files.show(file.name);
    }
  }

  showSolution(): void {
    for (const file of this.view?.solutionFiles ?? []) this.#page.files.put(`solution-${file.name}`, file.text, true);
  }

  goTo(step: number): void {
    this.#run?.goTo(step);
  }

  async reset(): Promise<void> {
    this.busy = 'reset';
    await this.#run?.reset();
    this.giveFiles(true);
    this.busy = '';
  }

  async solve(): Promise<void> {
    this.busy = 'solve';
    await this.#run?.solve();
    this.busy = '';
  }

  close(forGood = true): void {
    this.#end?.();
    this.#run?.close();
    this.#end = undefined;
    this.#run = undefined;
    this.view = undefined;
    this.waiting = false;
    if (!forGood) return;
    this.#page.layout.lessonOpen = false;
    this.#page.layout.save();
  }
}

function readOnly(files: readonly LessonFile[]) {
  return {
    read: async (name: string) => files.find((file) => file.name === name)?.text,
    list: async () => files.map((file) => file.name),
  };
}
