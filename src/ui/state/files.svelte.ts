// The editor's files. Each is kept on this device under its own key as it is typed, so that tabs of the browser do not overwrite each other's
// other files, and a change made in one tab shows in the others.
//
// Invariants: names are unique and end in .yaml, .yml or .json; there is always an open file unless there is none at all.

import type { KubectlFiles } from '../../kubectl/io.ts';
import { forget, keep, kept, onOtherTab, recall } from './keep.ts';
import { debounced } from './page-time.ts';
import { samples } from './samples.ts';

export interface EditorFile {
  name: string;
  text: string;
  /** Part of a lesson or a temporary edit: not kept. */
  passing?: boolean;
}

export class EditorFiles {
  list = $state.raw<readonly EditorFile[]>([]);
  openName = $state('');
  /** What each file said when it was last applied. */
  applied = $state.raw<Readonly<Record<string, string>>>(recall('applied', {}));
  readonly #unsaved = new Set<string>();
  readonly #save = debounced(300, () => this.#saveNow());
  #listeners = new Set<(name: string, text: string) => void>();

  constructor() {
    const names = recall<string[] | undefined>('files', undefined);
    const known = kept('file/').map((key) => key.slice('file/'.length));
    if (names === undefined && known.length === 0) {
      this.list = samples.map((sample) => ({ ...sample }));
      for (const file of this.list) this.#unsaved.add(file.name);
      this.#saveNow();
    } else {
      const order = [...(names ?? []).filter((name) => known.includes(name))];
      for (const name of known) if (!order.includes(name)) order.push(name);
      this.list = order.map((name) => ({ name, text: recall(`file/${name}`, '') }));
    }
    const open = recall('file-open', '');
    this.openName = this.list.some((file) => file.name === open) ? open : (this.list[0]?.name ?? '');
  }

  /** Follows other tabs and saves before the page goes. Returns a function that ends it. */
  connect(): () => void {
    const flush = () => this.#save.flush();
    addEventListener('pagehide', flush);
    document.addEventListener('visibilitychange', flush);
    const ends = onOtherTab((key) => this.#takeIn(key));
    return () => {
      removeEventListener('pagehide', flush);
      document.removeEventListener('visibilitychange', flush);
      ends();
      flush();
    };
  }

  get open(): EditorFile | undefined {
    return this.list.find((file) => file.name === this.openName);
  }

  /** The cluster took the file as it is. */
  markApplied({ name, text }: EditorFile): void {
    this.applied = { ...this.applied, [name]: text };
    keep('applied', this.applied);
  }

  /** Whether a file was applied once and says something else now. */
  changedSinceApplied({ name, text }: EditorFile): boolean {
    return this.applied[name] !== undefined && this.applied[name] !== text;
  }

  /** Calls back when a file's text was changed by something else than typing. */
  onReplaced(listener: (name: string, text: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  show(name: string): void {
    if (!this.list.some((file) => file.name === name)) return;
    this.openName = name;
    keep('file-open', name);
  }

  /** The reader typed. */
  typed(name: string, text: string): void {
    const before = this.list.find((file) => file.name === name);
    if (!before || before.text === text) return;
    this.list = this.list.map((file) => (file.name === name ? { ...file, text } : file));
    this.#unsaved.add(name);
    this.#save();
  }

  /** Creates or replaces a file and shows it. Returns its name. */
  put(name: string, text: string, passing = false): string {
    const exists = this.list.some((file) => file.name === name);
    const keepsPassing = passing || this.list.some((each) => each.name === name && each.passing);
    const file: EditorFile = keepsPassing ? { name, text, passing: true } : { name, text };
    this.list = exists ? this.list.map((each) => (each.name === name ? file : each)) : [...this.list, file];
    if (exists) for (const listener of this.#listeners) listener(name, text);
    if (!keepsPassing) this.#unsaved.add(name);
    this.#save();
    this.show(name);
    return name;
  }

  /** An empty file with a free name. */
  create(): string {
    for (let i = 1; ; i++) {
      const name = i === 1 ? 'untitled.yaml' : `untitled-${i}.yaml`;
      if (!this.list.some((file) => file.name === name)) return this.put(name, '');
    }
  }

  /** Why a name cannot be taken, or undefined if it can. */
  nameProblem(name: string, current: string): string | undefined {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\.(ya?ml|json)$/.test(name)) return 'Letters, digits, - _ . and an ending .yaml';
    if (name !== current && this.list.some((file) => file.name === name)) return 'There is a file of this name';
    return undefined;
  }

  rename(from: string, to: string): boolean {
    const file = this.list.find((each) => each.name === from);
    if (!file || this.nameProblem(to, from)) return false;
    if (from === to) return true;
    this.list = this.list.map((each) => (each.name === from ? { ...each, name: to } : each));
    if (this.openName === from) this.show(to);
    const { [from]: applied, ...others } = this.applied;
    this.applied = applied === undefined ? others : { ...others, [to]: applied };
    keep('applied', this.applied);
    forget(`file/${from}`);
    this.#unsaved.delete(from);
    this.#unsaved.add(to);
    this.#saveNow();
    return true;
  }

  remove(name: string): void {
    const at = this.list.findIndex((file) => file.name === name);
    if (at < 0) return;
    this.list = this.list.filter((file) => file.name !== name);
    const { [name]: _, ...others } = this.applied;
    this.applied = others;
    keep('applied', others);
    this.#unsaved.delete(name);
    forget(`file/${name}`);
    this.#saveNow();
    if (this.openName === name) {
      const next = this.list[Math.min(at, this.list.length - 1)];
      this.openName = next?.name ?? '';
      keep('file-open', this.openName);
    }
  }

  /** As kubectl sees them: `-f web.yaml`. */
  forKubectl(): KubectlFiles {
    return {
      read: async (name) => this.list.find((file) => file.name === name.replace(/^\.\//, ''))?.text,
      list: async () => this.list.map((file) => file.name),
      write: async (name, content) => {
        this.put(name.replace(/^\.\//, ''), typeof content === 'string' ? content : new TextDecoder().decode(content));
      },
    };
  }

  #saveNow(): void {
    for (const name of this.#unsaved) {
      const file = this.list.find((each) => each.name === name);
      if (file && !file.passing) keep(`file/${name}`, file.text);
    }
    this.#unsaved.clear();
    keep(
      'files',
      this.list.filter((file) => !file.passing).map((file) => file.name),
    );
  }

  #takeIn(key: string): void {
    if (key.startsWith('file/')) {
      const name = key.slice('file/'.length);
      if (this.#unsaved.has(name)) return;
      const text = recall<string | undefined>(key, undefined);
      if (text === undefined) {
        if (this.openName !== name) this.list = this.list.filter((file) => file.name !== name);
      } else if (!this.list.some((file) => file.name === name)) this.list = [...this.list, { name, text }];
      else {
        this.list = this.list.map((file) => (file.name === name ? { ...file, text } : file));
        for (const listener of this.#listeners) listener(name, text);
      }
    }
  }
}
