// The page's beginning: sends the cluster on its way, shows the shell at once, and opens the automation surface. What it shows and starts is handed in by
// src/page.ts, so that tests and the workbench can hand in something else.
//
// Invariant: the shell (editor, files, layout) works before and without a cluster.

import { mount } from 'svelte';
import { messageOf } from '../env/errors.ts';
import type { Cluster } from '../sandbox/cluster.ts';
import App from './App.svelte';
import { openAutomation } from './automation.ts';
import './design/base.css';
import type { LessonBook } from './lesson/book.ts';
import type { KubectlProgram } from './state/kubectl.ts';
import { Workspace } from './state/workspace.svelte.ts';

export interface PageParts {
  kubectl: () => Promise<KubectlProgram>;
  /** Starts the cluster. `small`: the window is a phone's, so no machines are emulated. */
  start: (options: { small: boolean }) => Promise<Cluster>;
  lessons: LessonBook;
}

/** Builds the page into #app. Resolves once the cluster has been started (or has failed to; the page then says why). */
export async function startPage({ kubectl, start, lessons }: PageParts): Promise<Workspace> {
  const workspace = new Workspace({ kubectl });
  workspace.layout.applyTheme();
  const target = document.getElementById('app') ?? document.body;
  target.replaceChildren();
  const attempt = async () => {
    workspace.failure = '';
    try {
      workspace.adopt(await start({ small: matchMedia('(max-width: 820px)').matches }));
    } catch (error) {
      workspace.failure = messageOf(error);
    }
  };
  // the cluster's workers are on their way before the page is drawn: both take about a second
  const started = attempt();
  mount(App, { target, props: { workspace, lessons, restart: attempt } });
  openAutomation(workspace);
  await started;
  return workspace;
}
