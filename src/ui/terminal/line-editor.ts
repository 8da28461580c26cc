// The line one types at a prompt: editing keys as readline has them, history, completion. Pure: keys in, screen text out.
//
// Invariants: the cursor is within the line; what was typed after Enter is kept until the next prompt.

import { messageOf } from '../../env/errors.ts';
export interface LineEditorHost {
  write(text: string): void;
  columns(): number;
  /** Runs a line; the prompt returns when it resolves. */
  run(line: string): Promise<void>;
  /** What may stand at the end of `line`: whole words for the one that begins at `start`; `space`: one word is followed by a space. */
  complete?(line: string): Promise<{ start: number; candidates: readonly string[]; space: boolean }>;
  /** Ctrl-L. */
  clear(): void;
}

const most = 500;

export class LineEditor {
  readonly #host: LineEditorHost;
  readonly #prompt: { text: string; width: number };
  readonly history: string[];
  #line = '';
  #cursor = 0;
  #row = 0;
  #back = 0;
  #draft = '';
  #busy = true;
  #ahead = '';
  #tabs = 0;
  /** Ctrl-R: what is looked for, and how far back in the history it was found; undefined while not searching. */
  #search: { text: string; at: number; before: string } | undefined;

  /** `prompt` may hold colour codes; `width` is what it takes on screen. */
  constructor(host: LineEditorHost, prompt: { text: string; width: number }, history: string[] = []) {
    this.#host = host;
    this.#prompt = prompt;
    this.history = history;
  }

  get line(): string {
    return this.#line;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Shows the prompt and takes keys from now on. */
  start(): void {
    this.#busy = false;
    this.#reset();
    this.#draw();
    const ahead = this.#ahead;
    this.#ahead = '';
    if (ahead) this.input(ahead);
  }

  /** What the terminal sends: keys, escape sequences, pasted text. */
  input(data: string): void {
    let rest = data;
    while (rest) {
      if (this.#busy) {
        this.#ahead += rest;
        return;
      }
      const match = /^(?:\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|\x1b[bfd.\x7f]|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+)/.exec(
        rest,
      );
      const token = match?.[0] ?? rest.slice(0, 1);
      rest = rest.slice(token.length);
      // a pasted "\r\n" is one Enter
      if (token === '\r' && rest.startsWith('\n')) rest = rest.slice(1);
      this.#key(token);
    }
  }

  /** Draws the prompt and the line again, as after the screen was cleared or resized. */
  redraw(): void {
    this.#row = 0;
    if (!this.#busy) this.#draw();
  }

  #key(token: string): void {
    if (token !== '\t') this.#tabs = 0;
    if (this.#search && this.#searchKey(token)) return;
    const action = this.#actions[token];
    if (action) {
      action();
      return;
    }
    if (/^[\x00-\x1f\x7f]/.test(token)) return;
    this.#line = this.#line.slice(0, this.#cursor) + token + this.#line.slice(this.#cursor);
    this.#cursor += token.length;
    this.#draw();
  }

  /** What each key does, by what terminals send for it. */
  readonly #actions: Readonly<Record<string, () => void>> = (() => {
    const enter = () => this.#enter();
    const eraseBefore = () => this.#erase(this.#cursor - 1, this.#cursor);
    const eraseAt = () => this.#erase(this.#cursor, this.#cursor + 1);
    const left = () => this.#move(this.#cursor - 1);
    const right = () => this.#move(this.#cursor + 1);
    const begin = () => this.#move(0);
    const end = () => this.#move(this.#line.length);
    const wordLeft = () => this.#move(this.#wordBefore());
    const wordRight = () => this.#move(this.#wordAfter());
    const eraseWord = () => this.#erase(this.#wordBefore(), this.#cursor);
    const older = () => this.#recall(this.#back + 1);
    const newer = () => this.#recall(this.#back - 1);
    return {
      '\r': enter,
      '\n': enter,
      '\x7f': eraseBefore,
      '\b': eraseBefore,
      '\x1b[3~': eraseAt,
      '\x04': () => {
        if (this.#line !== '') eraseAt();
      },
      '\x1b[D': left,
      '\x02': left,
      '\x1b[C': right,
      '\x06': right,
      '\x1b[H': begin,
      '\x1bOH': begin,
      '\x1b[1~': begin,
      '\x01': begin,
      '\x1b[F': end,
      '\x1bOF': end,
      '\x1b[4~': end,
      '\x05': end,
      '\x1b[1;5D': wordLeft,
      '\x1b[1;3D': wordLeft,
      '\x1bb': wordLeft,
      '\x1b[1;5C': wordRight,
      '\x1b[1;3C': wordRight,
      '\x1bf': wordRight,
      '\x17': eraseWord,
      '\x1b\x7f': eraseWord,
      '\x1bd': () => this.#erase(this.#cursor, this.#wordAfter()),
      '\x15': () => this.#erase(0, this.#cursor),
      '\x0b': () => this.#erase(this.#cursor, this.#line.length),
      '\x1b[A': older,
      '\x10': older,
      '\x1b[B': newer,
      '\x0e': newer,
      '\x0c': () => {
        this.#host.clear();
        this.redraw();
      },
      '\x03': () => {
        end();
        this.#host.write('^C\r\n');
        this.#reset();
        this.#draw();
      },
      '\t': () => void this.#complete(),
      '\x12': () => {
        this.#search = { text: '', at: this.history.length, before: this.#line };
        this.#draw();
      },
    };
  })();

  /** A key while searching backwards. False: the search ended with this key, which then does what it always does. */
  #searchKey(token: string): boolean {
    const search = this.#search;
    if (!search) return false;
    if (token === '\x12') this.#find(search.text, search.at - 1);
    else if (token === '\x7f' || token === '\b') this.#find(search.text.slice(0, -1), this.history.length - 1);
    else if (!/^[\x00-\x1f\x7f]/.test(token))
      this.#find(search.text + token, Math.min(search.at, this.history.length - 1));
    else {
      this.#search = undefined;
      if (token === '\x07' || token === '\x03') this.#line = search.before;
      this.#cursor = this.#line.length;
      this.#draw();
      return token === '\x07' || token === '\x1b';
    }
    return true;
  }

  /** Looks for `text` in the history from `from` backwards and shows what was found; keeps what is shown if nothing was. */
  #find(text: string, from: number): void {
    let at = from;
    while (at >= 0 && !this.history[at]?.includes(text)) at--;
    const found = text ? this.history[at] : undefined;
    if (found !== undefined) this.#line = found;
    this.#search = {
      text,
      at: found === undefined ? (this.#search?.at ?? this.history.length) : at,
      before: this.#search?.before ?? '',
    };
    this.#cursor = Math.max(0, this.#line.indexOf(text));
    this.#draw();
  }

  #enter(): void {
    this.#move(this.#line.length);
    this.#host.write('\r\n');
    const line = this.#line.trim();
    if (line && this.history[this.history.length - 1] !== line) {
      this.history.push(line);
      if (this.history.length > most) this.history.splice(0, this.history.length - most);
    }
    this.#reset();
    this.#busy = true;
    void this.#host
      .run(line)
      .catch((error: unknown) => this.#host.write(`${messageOf(error)}\r\n`))
      .finally(() => this.start());
  }

  async #complete(): Promise<void> {
    const before = this.#line.slice(0, this.#cursor);
    const answer = await this.#host.complete?.(before).catch(() => undefined);
    // the reader typed on while candidates were looked up
    if (!answer || this.#busy || this.#line.slice(0, this.#cursor) !== before) return;
    const word = before.slice(answer.start);
    const found = answer.candidates;
    if (found.length === 0) return;
    const common = found.reduce((shared, each) => {
      let i = 0;
      while (i < shared.length && shared[i] === each[i]) i++;
      return shared.slice(0, i);
    });
    const only = found.length === 1 && answer.space;
    if (common.length > word.length || only) {
      const added = common.slice(word.length) + (only && this.#line[this.#cursor] !== ' ' ? ' ' : '');
      this.#line = before + added + this.#line.slice(this.#cursor);
      this.#cursor += added.length;
      this.#draw();
      return;
    }
    if (++this.#tabs < 2 && found.length > 30) return;
    const cursor = this.#cursor;
    this.#move(this.#line.length);
    this.#host.write(`\r\n${inColumns(found, this.#host.columns())}`);
    this.#cursor = cursor;
    this.redraw();
  }

  #recall(back: number): void {
    if (back < 0 || back > this.history.length) return;
    if (this.#back === 0) this.#draft = this.#line;
    this.#back = back;
    this.#line = back === 0 ? this.#draft : (this.history[this.history.length - back] ?? '');
    this.#cursor = this.#line.length;
    this.#draw();
  }

  #move(to: number): void {
    this.#cursor = Math.min(this.#line.length, Math.max(0, to));
    this.#draw();
  }

  #erase(from: number, to: number): void {
    const start = Math.max(0, from);
    const end = Math.min(this.#line.length, to);
    if (start >= end) return;
    this.#line = this.#line.slice(0, start) + this.#line.slice(end);
    this.#cursor = start;
    this.#draw();
  }

  #wordBefore(): number {
    return /\S*\s*$/.exec(this.#line.slice(0, this.#cursor))?.index ?? 0;
  }

  #wordAfter(): number {
    return this.#cursor + (/^\s*\S*/.exec(this.#line.slice(this.#cursor))?.[0].length ?? 0);
  }

  #reset(): void {
    this.#line = '';
    this.#cursor = 0;
    this.#row = 0;
    this.#back = 0;
    this.#draft = '';
  }

  #draw(): void {
    const columns = Math.max(8, this.#host.columns());
    const asked = this.#search && `(reverse-i-search)\`${this.#search.text}': `;
    const prompt = asked ? { text: asked, width: asked.length } : this.#prompt;
    const total = prompt.width + this.#line.length;
    const at = prompt.width + this.#cursor;
    let out = this.#row > 0 ? `\x1b[${this.#row}A` : '';
    out += `\r\x1b[J${prompt.text}${this.#line}`;
    // a line that fills the last column leaves the cursor there: push it on
    if (total % columns === 0) out += ' \r';
    const up = Math.floor(total / columns) - Math.floor(at / columns);
    if (up > 0) out += `\x1b[${up}A`;
    out += `\r${at % columns > 0 ? `\x1b[${at % columns}C` : ''}`;
    this.#row = Math.floor(at / columns);
    this.#host.write(out);
  }
}

/** Names in columns, as ls prints them. */
export function inColumns(names: readonly string[], width: number): string {
  const cell = Math.max(...names.map((name) => name.length)) + 2;
  const perRow = Math.max(1, Math.floor(width / cell));
  const rows = Math.ceil(names.length / perRow);
  let out = '';
  for (let row = 0; row < rows; row++) {
    for (let i = row; i < names.length; i += rows) out += (names[i] ?? '').padEnd(cell);
    out = `${out.trimEnd()}\r\n`;
  }
  return out;
}
