// How the page is laid out: sizes of panes, which tab is open where, theme. Kept on this device.

import { keep, recall } from './keep.ts';

export type BenchTab = 'terminal' | 'timeline' | 'preview';
export type NarrowPane = 'picture' | 'timeline' | 'editor' | 'terminal' | 'lesson';
export type Theme = 'system' | 'light' | 'dark';

/** What the preview shows: a port of a Service or a Pod, by way of the API server's proxy. */
export interface PreviewTarget {
  kind: 'services' | 'pods';
  namespace: string;
  name: string;
  port: string;
}

interface Kept {
  left: number;
  bench: number;
  lesson: number;
  inspector: number;
  tab: BenchTab;
  theme: Theme;
  lessonOpen: boolean;
}

const initial: Kept = {
  left: 0.3,
  bench: 0.4,
  lesson: 0.56,
  inspector: 372,
  tab: 'terminal',
  theme: 'system',
  lessonOpen: false,
};

export class Layout {
  /** Share of the window's width the editor takes. */
  left = $state(initial.left);
  /** Share of the height the bench (terminal, timeline, preview) takes. */
  bench = $state(initial.bench);
  /** Share of the left column the lesson takes. */
  lesson = $state(initial.lesson);
  inspector = $state(initial.inspector);
  tab = $state<BenchTab>(initial.tab);
  theme = $state<Theme>(initial.theme);
  lessonOpen = $state(initial.lessonOpen);
  /** Narrow windows show one pane at a time. */
  narrow = $state(false);
  pane = $state<NarrowPane>('picture');
  previewTarget = $state.raw<PreviewTarget | undefined>();
  /** Raised to put the cursor into the terminal. */
  terminalFocus = $state(0);
  /** Raised to put the cursor into the editor. */
  editorFocus = $state(0);

  constructor() {
    Object.assign(this, { ...initial, ...recall<Partial<Kept>>('layout', {}) });
  }

  /** Follows the window's width. Returns a function that ends it. */
  connect(): () => void {
    const query = matchMedia('(max-width: 820px)');
    const read = () => {
      this.narrow = query.matches;
    };
    read();
    query.addEventListener('change', read);
    return () => query.removeEventListener('change', read);
  }

  save(): void {
    const { left, bench, lesson, inspector, tab, theme, lessonOpen } = this;
    keep('layout', { left, bench, lesson, inspector, tab, theme, lessonOpen } satisfies Kept);
  }

  showBench(tab: BenchTab): void {
    this.tab = tab;
    if (this.narrow) this.pane = tab === 'timeline' ? 'timeline' : 'terminal';
    this.save();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.applyTheme();
    this.save();
  }

  applyTheme(): void {
    if (this.theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.theme;
  }

  get dark(): boolean {
    return this.theme === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : this.theme === 'dark';
  }
}
