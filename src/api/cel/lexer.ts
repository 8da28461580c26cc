// CEL's tokens (the lexical part of the language definition), and errors that point into the text.

export type TokenKind = 'ident' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'op' | 'end';

export interface Token {
  kind: TokenKind;
  /** As written. */
  text: string;
  /** Offset in code units. */
  at: number;
  /** What a literal means. */
  value?: string | bigint | number | Uint8Array;
}

export interface Issue {
  at: number;
  message: string;
}

/** The expression cannot be compiled. The message is laid out as cel-go does: "ERROR: <input>:1:5: ..." with the line and a pointer under it. */
export class CompileError extends Error {
  readonly issues: readonly Issue[];
  constructor(source: string, issues: readonly Issue[]) {
    super(issues.map((issue) => showIssue(source, issue)).join('\n'));
    this.issues = issues;
  }
}

function showIssue(source: string, { at, message }: Issue): string {
  const before = source.slice(0, at).split('\n');
  const line = before.length;
  const column = [...(before[line - 1] ?? '')].length;
  const text = (source.split('\n')[line - 1] ?? '').replaceAll('\t', ' ');
  const characters = [...text];
  const wide = (character: string | undefined) => character !== undefined && character.codePointAt(0)! > 127;
  const dots = characters.slice(0, column).map((character) => (wide(character) ? '\uff0e' : '.'));
  const pad = '.'.repeat(Math.max(0, column - characters.length));
  const mark = wide(characters[column]) ? '\uff3e' : '^';
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${dots.join('')}${characters.length === 0 ? '' : pad}${mark}`;
}

const operators = [
  '&&',
  '||',
  '==',
  '!=',
  '<=',
  '>=',
  '?',
  ':',
  '.',
  ',',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '+',
  '-',
  '*',
  '/',
  '%',
  '!',
  '<',
  '>',
];

const space = /(?:\s|\/\/[^\n]*)*/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const escapedIdentifier = /`[a-zA-Z0-9_.\-/ ]+`/y;
const double = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|\d+)(u|U)?/y;
const quoteStart = /(?:[rR]?[bB]|[bB]?[rR])?(?:"""|'''|"|')/y;

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Throws a CompileError. */
export function tokenize(source: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(space, source, at)?.length ?? 0;
    if (at >= source.length) {
      out.push({ kind: 'end', text: '<EOF>', at: source.length });
      return out;
    }
    const token = next(source, at);
    out.push(token);
    at += token.text.length;
  }
}

function next(source: string, at: number): Token {
  const start = match(quoteStart, source, at);
  if (start !== undefined) return quoted(source, at, start);
  const name = match(identifier, source, at);
  if (name !== undefined) return { kind: 'ident', text: name, at };
  const escaped = match(escapedIdentifier, source, at);
  if (escaped !== undefined) return { kind: 'ident', text: escaped, at };
  const real = match(double, source, at);
  if (real !== undefined) return { kind: 'double', text: real, at, value: Number(real) };
  const whole = match(integer, source, at);
  if (whole !== undefined) {
    const unsigned = /u$/i.test(whole);
    const value = BigInt(unsigned ? whole.slice(0, -1) : whole);
    return { kind: unsigned ? 'uint' : 'int', text: whole, at, value };
  }
  const operator = operators.find((each) => source.startsWith(each, at));
  if (operator !== undefined) return { kind: 'op', text: operator, at };
  const rest =
    source[at] === '"' || source[at] === "'" ? source.slice(at) : String.fromCodePoint(source.codePointAt(at)!);
  throw new CompileError(source, [{ at, message: `Syntax error: token recognition error at: '${rest}'` }]);
}

function quoted(source: string, at: number, start: string): Token {
  const prefix = start.replace(/["']+$/, '').toLowerCase();
  const quote = start.slice(prefix.length);
  const raw = prefix.includes('r');
  const bytes = prefix.includes('b');
  let i = at + start.length;
  for (; i < source.length; i++) {
    if (source.startsWith(quote, i)) break;
    if (source[i] === '\\' && !raw) i++;
    else if (quote.length === 1 && (source[i] === '\n' || source[i] === '\r')) i = source.length;
  }
  if (i >= source.length)
    throw new CompileError(source, [
      { at, message: `Syntax error: token recognition error at: '${source.slice(at).split('\n')[0]}'` },
    ]);
  const body = source.slice(at + start.length, i).replace(/\r\n?/g, '\n');
  const text = source.slice(at, i + quote.length);
  const value = raw ? (bytes ? new TextEncoder().encode(body) : body) : unescapeBody(source, at, body, bytes);
  return { kind: bytes ? 'bytes' : 'string', text, at, value };
}

const simpleEscapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

function unescapeBody(source: string, at: number, body: string, bytes: boolean): string | Uint8Array {
  const out: number[] = [];
  let text = '';
  const encoder = new TextEncoder();
  const put = (piece: string) => {
    if (bytes) out.push(...encoder.encode(piece));
    else text += piece;
  };
  const pattern =
    /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([abfnrtv\\'"`?]))|\\|[^\\]+/g;
  for (const [all, x, upperX, u, upperU, octal, plain] of body.matchAll(pattern)) {
    const code = x ?? upperX ?? u ?? upperU;
    if (plain !== undefined) put(simpleEscapes[plain] as string);
    else if (code !== undefined || octal !== undefined) {
      const number = code !== undefined ? Number.parseInt(code, 16) : Number.parseInt(octal as string, 8);
      if (bytes && u === undefined && upperU === undefined) out.push(number);
      else if (number > 0x10ffff || (number >= 0xd800 && number < 0xe000) || (bytes && number > 255))
        throw new CompileError(source, [{ at, message: 'invalid unicode code point' }]);
      else put(String.fromCodePoint(number));
    } else if (all === '\\') {
      throw new CompileError(source, [
        { at, message: `Syntax error: token recognition error at: '${source.slice(at).split('\n')[0]}'` },
      ]);
    } else put(all);
  }
  return bytes ? Uint8Array.from(out) : text;
}
