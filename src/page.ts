// The page's entry: brings together what it shows (ui), what it teaches (lessons) and what it runs (sandbox, kubectl). Rooms of one floor do not know
// each other, so they meet here.

import { lessonBook } from './lessons/index.ts';
import { startPage } from './ui/main.ts';

void startPage({
  lessons: lessonBook,
  kubectl: () => import('./kubectl/index.ts'),
  start: async ({ small }) => {
    const { startPageCluster } = await import('./sandbox/page-cluster.ts');
    return startPageCluster({ small, base: new URL('./', document.baseURI).href });
  },
});
