// The lessons as the page opens them: what there is, and one at a time to be taken.

import { lessonIds, lessonText, loadLesson } from './library.ts';
import type { LessonRun, RunHost } from './run.ts';

export type { Check, ChecksModule, Look, Verdict } from './check.ts';
export { lessonIds, loadLesson } from './library.ts';
export { verifyLesson } from './verify.ts';

export const lessonBook = {
  list: () =>
    lessonIds().map((id) => {
      const { title, summary, minutes } = lessonText(id);
      return { id, title, summary, minutes };
    }),

  /** Loads a lesson, applies its start state and begins to check. */
  async open(id: string, host: RunHost): Promise<LessonRun> {
    const [loaded, { LessonRun }, { renderMarkdown, renderInline }] = await Promise.all([
      loadLesson(id),
      import('./run.ts'),
      import('./markdown.ts'),
    ]);
    const run = new LessonRun(loaded, host, { block: renderMarkdown, inline: renderInline });
    void run.begin();
    return run;
  },
};
