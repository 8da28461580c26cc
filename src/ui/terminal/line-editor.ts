// The line one types at a prompt: editing keys as readline has them, history, completion. Pure: keys in, screen text out.
//
// Invariants: the cursor is within the line; what was typed after Enter is kept until the next prompt.

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
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
      const match = /^(?:\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|\x1b[bfd\x7f]|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+)/.exec(rest);
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
    switch (token) {
      case '\r':
      case '\n':
        return this.#enter();
      case '\x7f':
      case '\b':
        return this.#erase(this.#cursor - 1, this.#cursor);
      case '\x1b[3~':
        return this.#erase(this.#cursor, this.#cursor + 1);
      case '\x04':
        return this.#line === '' ? undefined : this.#erase(this.#cursor, this.#cursor + 1);
      case '\x1b[D':
      case '\x02':
        return this.#move(this.#cursor - 1);
      case '\x1b[C':
      case '\x06':
        return this.#move(this.#cursor + 1);
      case '\x1b[H':
      case '\x1bOH':
      case '\x1b[1~':
      case '\x01':
        return this.#move(0);
      case '\x1b[F':
      case '\x1bOF':
      case '\x1b[4~':
      case '\x05':
        return this.#move(this.#line.length);
      case '\x1b[1;5D':
      case '\x1b[1;3D':
      case '\x1bb':
        return this.#move(this.#wordBefore());
      case '\x1b[1;5C':
      case '\x1b[1;3C':
      case '\x1bf':
        return this.#move(this.#wordAfter());
      case '\x17':
      case '\x1b\x7f':
        return this.#erase(this.#wordBefore(), this.#cursor);
      case '\x1bd':
        return this.#erase(this.#cursor, this.#wordAfter());
      case '\x15':
        return this.#erase(0, this.#cursor);
      case '\x0b':
        return this.#erase(this.#cursor, this.#line.length);
      case '\x1b[A':
      case '\x10':
        return this.#recall(this.#back + 1);
      case '\x1b[B':
      case '\x0e':
        return this.#recall(this.#back - 1);
      case '\x0c':
        this.#host.clear();
        return this.redraw();
      case '\x03':
        this.#move(this.#line.length);
        this.#host.write('^C\r\n');
        this.#reset();
        return this.#draw();
      case '\t':
        void this.#complete();
        return;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is left of control characters means nothing here
    if (/^[\x00-\x1f\x7f]/.test(token)) return;
    this.#line = this.#line.slice(0, this.#cursor) + token + this.#line.slice(this.#cursor);
    this.#cursor += token.length;
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
      .catch((error: unknown) => this.#host.write(`${error instanceof Error ? error.message : String(error)}\r\n`))
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
    const total = this.#prompt.width + this.#line.length;
    const at = this.#prompt.width + this.#cursor;
    let out = this.#row > 0 ? `\x1b[${this.#row}A` : '';
    out += `\r\x1b[J${this.#prompt.text}${this.#line}`;
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
