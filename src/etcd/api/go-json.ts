// Why a text is not JSON, in the words of Go's encoding/json scanner, which is what etcd's gateway answers with; and where a text's first JSON value ends, since the
// gateway reads one value and passes over the rest.

class Complaint extends Error {}

/** End of the first JSON value in the text, or the scanner's complaint. */
export function scanJson(text: string): { end: number } | { complaint: string } {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    return { end: scanner.at };
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

  value(): void {
    const char = this.visible();
    if (char === '{') this.object();
    else if (char === '[') this.array();
    else if (char === '"') this.string();
    else if (char === '-' || isDigit(char)) this.number();
    else if (char === 't') this.literal('true');
    else if (char === 'f') this.literal('false');
    else if (char === 'n') this.literal('null');
    else this.refuse('looking for beginning of value');
  }

  private object(): void {
    this.at++;
    if (this.visible() === '}') {
      this.at++;
      return;
    }
    for (;;) {
      if (this.visible() !== '"') this.refuse('looking for beginning of object key string');
      this.string();
      if (this.visible() !== ':') this.refuse('after object key');
      this.at++;
      this.value();
      const next = this.visible();
      if (next !== ',' && next !== '}') this.refuse('after object key:value pair');
      this.at++;
      if (next === '}') return;
    }
  }

  private array(): void {
    this.at++;
    if (this.visible() === ']') {
      this.at++;
      return;
    }
    for (;;) {
      this.value();
      const next = this.visible();
      if (next !== ',' && next !== ']') this.refuse('after array element');
      this.at++;
      if (next === ']') return;
    }
  }

  private string(): void {
    this.at++;
    for (;;) {
      const char = this.char();
      if (char < ' ') this.refuse('in string literal');
      this.at++;
      if (char === '"') return;
      if (char !== '\\') continue;
      const escaped = this.char();
      if (!'bfnrt\\/"u'.includes(escaped)) this.refuse('in string escape code');
      this.at++;
      for (let i = 0; escaped === 'u' && i < 4; i++, this.at++)
        if (!/[0-9a-fA-F]/.test(this.char())) this.refuse('in \\u hexadecimal character escape');
    }
  }

  private number(): void {
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
  }

  private digits(): void {
    while (isDigit(this.text[this.at] ?? '')) this.at++;
  }

  private literal(word: string): void {
    for (let i = 0; i < word.length; i++, this.at++)
      if (this.char() !== word[i]) this.refuse(`in literal ${word} (expecting ${quoted(word[i] as string)})`);
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
