// JSON as Go's encoding/json reads it, for what JSON.parse cannot tell: why a text is none, in the scanner's words, which is what etcd's gateway answers with; where
// the first value ends, since the gateway reads one and passes over the rest; and how numbers were written, since 1.0 is no integer to Go and 2^63 - 1 is one.

class Complaint extends Error {}

/** A number that JavaScript has no safe integer for, as it was written. */
export class GoNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The first JSON value in the text and where it ends, or the scanner's complaint. Numbers other than safe integers are GoNumbers. */
export function scanJson(text: string): { value: unknown; end: number } | { complaint: string } {
  const scanner = new Scanner(text);
  try {
    const value = scanner.value();
    return { value, end: scanner.at };
  } catch (error) {
    if (error instanceof Complaint) return { complaint: error.message };
    throw error;
  }
}

const escapes: Record<string, string> = {
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\\': '\\\\',
};

/** A character as Go quotes it: by its first UTF-8 byte. */
function quoted(char: string): string {
  const code = new TextEncoder().encode(char)[0] ?? 0;
  const known = escapes[char];
  if (known !== undefined) return `'${known}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  return `'${String.fromCharCode(code)}'`;
}

class Scanner {
  at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): unknown {
    const char = this.visible();
    if (char === '{') return this.object();
    if (char === '[') return this.array();
    if (char === '"') return this.string();
    if (char === '-' || isDigit(char)) return this.number();
    if (char === 't') return this.literal('true', true);
    if (char === 'f') return this.literal('false', false);
    if (char === 'n') return this.literal('null', null);
    return this.refuse('looking for beginning of value');
  }

  private object(): unknown {
    const out = new Map<string, unknown>();
    this.at++;
    if (this.visible() === '}') {
      this.at++;
      return {};
    }
    for (;;) {
      if (this.visible() !== '"') this.refuse('looking for beginning of object key string');
      const name = this.string();
      if (this.visible() !== ':') this.refuse('after object key');
      this.at++;
      out.set(name, this.value());
      const next = this.visible();
      if (next !== ',' && next !== '}') this.refuse('after object key:value pair');
      this.at++;
      if (next === '}') return Object.fromEntries(out);
    }
  }

  private array(): unknown {
    const out: unknown[] = [];
    this.at++;
    if (this.visible() === ']') {
      this.at++;
      return out;
    }
    for (;;) {
      out.push(this.value());
      const next = this.visible();
      if (next !== ',' && next !== ']') this.refuse('after array element');
      this.at++;
      if (next === ']') return out;
    }
  }

  private string(): string {
    const from = this.at++;
    for (;;) {
      const char = this.char();
      if (char < ' ') this.refuse('in string literal');
      this.at++;
      if (char === '"') return JSON.parse(this.text.slice(from, this.at)) as string;
      if (char !== '\\') continue;
      const escaped = this.char();
      if (!'bfnrt\\/"u'.includes(escaped)) this.refuse('in string escape code');
      this.at++;
      for (let i = 0; escaped === 'u' && i < 4; i++, this.at++)
        if (!/[0-9a-fA-F]/.test(this.char())) this.refuse('in \\u hexadecimal character escape');
    }
  }

  private number(): number | GoNumber {
    const from = this.at;
    if (this.char() === '-') this.at++;
    if (!isDigit(this.char())) this.refuse('in numeric literal');
    if (this.char() === '0') this.at++;
    else this.digits();
    if (this.text[this.at] === '.') {
      this.at++;
      if (!isDigit(this.char())) this.refuse('after decimal point in numeric literal');
      this.digits();
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++;
      if (this.char() === '+' || this.char() === '-') this.at++;
      if (!isDigit(this.char())) this.refuse('in exponent of numeric literal');
      this.digits();
    }
    const text = this.text.slice(from, this.at);
    return /^-?\d{1,15}$/.test(text) ? Number(text) : new GoNumber(text);
  }

  private digits(): void {
    while (isDigit(this.text[this.at] ?? '')) this.at++;
  }

  private literal<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++, this.at++)
      if (this.char() !== word[i]) this.refuse(`in literal ${word} (expecting ${quoted(word[i] as string)})`);
    return value;
  }

  /** The next character that is not white space. */
  private visible(): string {
    while (' \t\r\n'.includes(this.text[this.at] ?? '.')) this.at++;
    return this.char();
  }

  private char(): string {
    const char = this.text[this.at];
    if (char === undefined) throw new Complaint('unexpected EOF');
    return char;
  }

  private refuse(context: string): never {
    const char = String.fromCodePoint(this.text.codePointAt(this.at) as number);
    throw new Complaint(`invalid character ${quoted(char)} ${context}`);
  }
}

const isDigit = (char: string) => char >= '0' && char <= '9' && char !== '';
