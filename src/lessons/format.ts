// The lesson format. lessons/<nn>-<slug>/
//
//   lesson.md   front matter (title, summary, minutes), then one step per "## " heading; in a step, "- [ ] `task-id` What to do" is a task
//   start/      manifests applied when the lesson begins
//   files/      what the learner finds in the editor
//   solution/   manifests, and steps.txt: kubectl command lines in order; "wait task-id" waits for a task to pass; "until task-id kubectl ..." runs a
//               command again and again until one does (for commands on what controllers are about to make)
//   checks.ts   exports `checks`, one per task (check.ts)
//
// Invariants after parsing: at least one step; task ids are unique within the lesson.

import { parse } from 'yaml';

export interface LessonFile {
  name: string;
  text: string;
}

export interface Task {
  id: string;
  /** Markdown, inline. */
  title: string;
}

export interface Step {
  title: string;
  /** Markdown without the tasks. */
  text: string;
  tasks: Task[];
}

export interface LessonText {
  title: string;
  summary: string;
  minutes: number;
  steps: Step[];
}

export interface Lesson extends LessonText {
  /** The folder's name. */
  id: string;
  start: LessonFile[];
  files: LessonFile[];
  solution: LessonFile[];
}

const taskLine = /^- \[ \] `([a-z0-9-]+)` (.+)$/;

/** Reads lesson.md. Throws an Error that names the lesson's mistake. */
export function parseLesson(source: string): LessonText {
  const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(source.replaceAll('\r\n', '\n'));
  if (!match) throw new Error('lesson.md must begin with front matter between --- lines');
  const front = parse(match[1] ?? '') as { title?: unknown; summary?: unknown; minutes?: unknown } | null;
  if (typeof front?.title !== 'string' || typeof front.summary !== 'string' || typeof front.minutes !== 'number')
    throw new Error('the front matter needs title, summary and minutes');
  const parts = (match[2] ?? '').split(/^## /m).slice(1);
  if (parts.length === 0) throw new Error('a lesson needs at least one step: a heading that begins with "## "');
  const seen = new Set<string>();
  const steps = parts.map((part): Step => {
    const [title = '', ...lines] = part.split('\n');
    const tasks: Task[] = [];
    const text: string[] = [];
    for (const line of lines) {
      const found = taskLine.exec(line);
      if (!found) {
        text.push(line);
        continue;
      }
      const [, id = '', words = ''] = found;
      if (seen.has(id)) throw new Error(`two tasks are called ${id}`);
      seen.add(id);
      tasks.push({ id, title: words });
    }
    return { title: title.trim(), text: text.join('\n').trim(), tasks };
  });
  return { title: front.title, summary: front.summary, minutes: front.minutes, steps };
}

export type SolutionStep = { run: string[]; until?: string } | { wait: string };

/** Reads solution/steps.txt. Words are separated by blanks; there is no quoting. */
export function parseSolution(source: string): SolutionStep[] {
  return source
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line): SolutionStep => {
      const [word, ...rest] = line.split(/\s+/);
      if (word === 'kubectl') return { run: rest };
      if (word === 'until' && rest[0] && rest[1] === 'kubectl') return { run: rest.slice(2), until: rest[0] };
      if (word === 'wait' && rest.length === 1 && rest[0]) return { wait: rest[0] };
      throw new Error(
        `a solution's line is "kubectl ...", "wait task-id" or "until task-id kubectl ...", not "${line}"`,
      );
    });
}
