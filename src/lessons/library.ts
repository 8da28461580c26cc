// The lessons that come with Drydock: everything under /lessons, found when the page is built.

import type { ChecksModule } from './check.ts';
import { type Lesson, type LessonFile, parseLesson } from './format.ts';

const texts = import.meta.glob<string>('../../lessons/*/lesson.md', { query: '?raw', import: 'default', eager: true });
const files = import.meta.glob<string>('../../lessons/*/{start,files,solution}/*', {
  query: '?raw',
  import: 'default',
});
const checkModules = import.meta.glob<ChecksModule>('../../lessons/*/checks.ts');

const folderOf = (path: string) => path.split('/').slice(-2)[0] ?? '';

/** Ids of all lessons, in their order. */
export function lessonIds(): string[] {
  return Object.keys(texts).map(folderOf).sort();
}

/** Title, summary and minutes of a lesson, at once. */
export function lessonText(id: string) {
  const source = texts[`../../lessons/${id}/lesson.md`];
  if (source === undefined) throw new Error(`there is no lesson ${id}`);
  return parseLesson(source);
}

async function folder(id: string, name: string): Promise<LessonFile[]> {
  const prefix = `../../lessons/${id}/${name}/`;
  const found = Object.entries(files).filter(([path]) => path.startsWith(prefix));
  const read = await Promise.all(
    found.map(async ([path, load]) => ({ name: path.slice(prefix.length), text: await load() })),
  );
  return read.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A lesson with all its files and checks. */
export async function loadLesson(id: string): Promise<{ lesson: Lesson; checks: ChecksModule['checks'] }> {
  const [start, given, solution, module] = await Promise.all([
    folder(id, 'start'),
    folder(id, 'files'),
    folder(id, 'solution'),
    checkModules[`../../lessons/${id}/checks.ts`]?.(),
  ]);
  const lesson: Lesson = { id, ...lessonText(id), start, files: given, solution };
  const checks = module?.checks ?? {};
  for (const task of lesson.steps.flatMap((step) => step.tasks))
    if (!checks[task.id]) throw new Error(`lesson ${id}: task ${task.id} has no check`);
  return { lesson, checks };
}
