// Reads JSON text as Go's decoder does: the same complaints about bad syntax, a depth limit, and the repeated keys that JSON.parse hides.

export class JsonSyntaxError extends Error {}

/** Upstream stops at 10,000; browsers' stacks ask for less, and no manifest comes near it. */
const maxDepth = 1000;

/** A character as Go's %q of a byte shows it. */
function quoteChar(c: string): string {
  if (c === "'") return "'\\''";
  if (c === '"') return "'\"'";
  const code = c.codePointAt(0) as number;
  if (code < 0x20) return `'\\${{ 9: 't', 10: 'n', 13: 'r' }[code] ?? `x${code.toString(16).padStart(2, '0')}`}'`;
  return `'${c}'`;
}

class Scanner {
  private readonly text: string;
  private at = 0;
  readonly duplicates: string[] = [];
  private readonly path: (string | number)[] = [];

  constructor(text: string) {
    this.text = text;
  }

  private fail(context: string): never {
    if (this.at >= this.text.length) throw new JsonSyntaxError('unexpected end of JSON input');
    const c = String.fromCodePoint(this.text.codePointAt(this.at) as number);
    throw new JsonSyntaxError(`invalid character ${quoteChar(c)} ${context}`);
  }
  private space(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c === 32 || c === 10 || c === 13 || c === 9) this.at++;
      else return;
    }
  }

  scan(): void {
    this.space();
    this.value(0);
    this.space();
    if (this.at < this.text.length) this.fail('after top-level value');
  }

  private value(depth: number): void {
    if (depth > maxDepth) throw new JsonSyntaxError('exceeded max depth');
    const c = this.text[this.at];
    if (c === '{') this.object(depth);
    else if (c === '[') this.array(depth);
    else if (c === '"') this.string();
    else if (c === 't') this.literal('true');
    else if (c === 'f') this.literal('false');
    else if (c === 'n') this.literal('null');
    else if (c === '-' || (c !== undefined && c >= '0' && c <= '9')) this.number();
    else this.fail('looking for beginning of value');
  }

  private object(depth: number): void {
    this.at++;
    this.space();
    if (this.text[this.at] === '}') {
      this.at++;
      return;
    }
    const seen = new Set<string>();
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string');
      const start = this.at;
      this.string();
      const body = this.text.slice(start + 1, this.at - 1);
      const key = body.includes('\\') ? (JSON.parse(`"${body}"`) as string) : body;
      this.path.push(key);
      if (seen.has(key)) this.duplicates.push(formatJsonPath(this.path));
      seen.add(key);
      this.space();
      if (this.text[this.at] !== ':') this.fail('after object key');
      this.at++;
      this.space();
      this.value(depth + 1);
      this.path.pop();
      this.space();
      const c = this.text[this.at];
      if (c === ',') this.at++;
      else if (c === '}') {
        this.at++;
        return;
      } else this.fail('after object key:value pair');
    }
  }

  private array(depth: number): void {
    this.at++;
    this.space();
    if (this.text[this.at] === ']') {
      this.at++;
      return;
    }
    for (let i = 0; ; i++) {
      this.space();
      this.path.push(i);
      this.value(depth + 1);
      this.path.pop();
      this.space();
      const c = this.text[this.at];
      if (c === ',') this.at++;
      else if (c === ']') {
        this.at++;
        return;
      } else this.fail('after array element');
    }
  }

  private string(): void {
    this.at++;
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) this.fail('');
      if (c === '"') {
        this.at++;
        return;
      }
      if (c < ' ') this.fail('in string literal');
      if (c === '\\') {
        this.at++;
        const e = this.text[this.at];
        if (e === 'u') {
          for (let i = 0; i < 4; i++) {
            this.at++;
            if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape');
          }
        } else if (e === undefined || !'"\\/bfnrt'.includes(e)) this.fail('in string escape code');
      }
      this.at++;
    }
  }

  private literal(word: string): void {
    for (let i = 0; i < word.length; i++, this.at++)
      if (this.text[this.at] !== word[i]) this.fail(`in literal ${word} (expecting ${quoteChar(word[i] as string)})`);
  }

  private number(): void {
    const digits = () => {
      const start = this.at;
      while (this.text[this.at] !== undefined && /[0-9]/.test(this.text[this.at] as string)) this.at++;
      return this.at > start;
    };
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else if (!digits()) this.fail('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      if (!digits()) this.fail('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      if (!digits()) this.fail('in exponent of numeric literal');
    }
  }
}

/** spec.containers[0].name, as strict decoding errors name a field. */
export function formatJsonPath(path: readonly (string | number)[]): string {
  let out = '';
  for (const part of path) out += typeof part === 'number' ? `[${part}]` : out === '' ? part : `.${part}`;
  return out;
}

/** The value, and the paths of keys that appear twice in one object. Throws a JsonSyntaxError with Go's text. */
export function parseJson(text: string): { value: unknown; duplicates: string[] } {
  const scanner = new Scanner(text);
  scanner.scan();
  return { value: JSON.parse(text), duplicates: scanner.duplicates };
}
