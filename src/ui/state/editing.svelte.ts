// `kubectl edit` in the page: the text opens as a file in the editor and is waited for, until the reader saves or gives up.

import type { EditorFiles } from './files.svelte.ts';

export class Editing {
  /** The file being edited for a command, if any. */
  name = $state('');
  readonly #files: EditorFiles;
  #answer: ((text: string | undefined) => void) | undefined;

  constructor(files: EditorFiles) {
    this.#files = files;
  }

  /** Opens `text` and resolves with what is saved, or undefined. One at a time: a second call ends the first without saving. */
  edit(text: string, name: string): Promise<string | undefined> {
    this.cancel();
    this.name = this.#files.put(
      `edit-${name
        .replace(/^kubectl-edit-/, '')
        .replace(/[^A-Za-z0-9._-]/g, '-')
        .replace(/\.ya?ml$/, '')}.yaml`,
      text,
      true,
    );
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  save(): void {
    this.#end(this.#files.list.find((file) => file.name === this.name)?.text);
  }

  cancel(): void {
    this.#end(undefined);
  }

  #end(text: string | undefined): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (this.name) this.#files.remove(this.name);
    this.name = '';
    answer?.(text);
  }
}
