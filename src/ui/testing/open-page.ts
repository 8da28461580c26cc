// The page over the stand-in cluster, for browser tests.

import { render } from 'vitest-browser-svelte';
import App from '../App.svelte';
import '../design/base.css';
import type { LessonBook } from '../lesson/book.ts';
import type { KubectlProgram } from '../state/kubectl.ts';
import { Workspace } from '../state/workspace.svelte.ts';
import { FakeCluster } from './fake-cluster.ts';

const lessons: LessonBook = {
  list: () => [{ id: '01-first', title: 'First lesson', summary: 'What it is about.', minutes: 5 }],
  open: () => Promise.reject(new Error('no lesson in this test')),
};

/** Renders the whole page. `delay`: ms between the steps of the stand-in's controllers. */
export async function openPage(options: { delay?: number; kubectl?: KubectlProgram['runKubectl'] } = {}) {
  localStorage.clear();
  const cluster = new FakeCluster(options.delay ?? 5);
  const runKubectl = options.kubectl ?? (async () => 0);
  const program: KubectlProgram = {
    runKubectl,
    runShell: (line, io) => runKubectl(line.replace(/^kubectl\s+/, ''), io),
    complete: async (line) => ({ start: line.length, candidates: [], space: true }),
  };
  const workspace = new Workspace({ kubectl: async () => program, plainEditor: true });
  const screen = await render(App, { workspace, lessons, restart: async () => {} });
  workspace.adopt(cluster);
  return { screen, workspace, cluster };
}

/** A Deployment the stand-in's controllers act on. */
export const webDeployment = (replicas: number) => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx' }] } },
  },
});
