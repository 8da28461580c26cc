// A parser for the few lines of shell that hollow containers play: lists joined by `;`, `&&`, `||` and newlines, quoting, $VARIABLES, $(simple commands),
// `> file`, `>> file`, `>&2`, and `while true; do ...; done`. Everything else makes parseScript answer undefined: not understood.

export type WordPart = { text: string } | { variable: string } | { substitution: Statement[] };
export type Word = WordPart[];

export interface Command {
  words: Word[];
  redirect: { target: Word; append: boolean } | undefined;
}

export interface Statement {
  /** Runs always, or only after success (&&) or failure (||) of what came before. */
  when: 'always' | 'success' | 'failure';
  command: Command;
  /** Set for `while true; do <loop>; done`; command is empty then. */
  loop?: Statement[];
}

type Token = { operator: string } | { word: Word; quoted: boolean };

const noCommand: Command = { words: [], redirect: undefined };

/** The script's statements, or undefined if it uses anything that is not known here. */
export function parseScript(script: string): Statement[] | undefined {
  const tokens = tokenize(script);
  if (!tokens) return undefined;
  const parser = { tokens, position: 0 };
  const statements = parseList(parser, undefined);
  return statements && parser.position === tokens.length ? statements : undefined;
}

interface Parser {
  tokens: Token[];
  position: number;
}

function keyword(token: Token | undefined): string | undefined {
  if (!token || 'operator' in token || token.quoted) return undefined;
  const [part] = token.word;
  return token.word.length === 1 && part && 'text' in part ? part.text : undefined;
}

function parseList(parser: Parser, end: 'done' | undefined): Statement[] | undefined {
  const statements: Statement[] = [];
  let when: Statement['when'] = 'always';
  for (;;) {
    const token = parser.tokens[parser.position];
    if (!token) return end === undefined ? statements : undefined;
    if ('operator' in token) {
      parser.position++;
      if (token.operator === ';') when = 'always';
      else if (token.operator === '&&') when = 'success';
      else if (token.operator === '||') when = 'failure';
      else return undefined;
      continue;
    }
    const word = keyword(token);
    if (word === end && end !== undefined) {
      parser.position++;
      return statements;
    }
    if (word === 'while' || word === 'until') {
      const loop = parseLoop(parser, word);
      if (!loop) return undefined;
      statements.push({ when, command: noCommand, loop });
    } else {
      if (word !== undefined && /^(if|for|case|function|do|done|then|fi|\{|\(|!)$/.test(word)) return undefined;
      const command = parseCommand(parser);
      if (!command) return undefined;
      statements.push({ when, command });
    }
    when = 'always';
  }
}

function parseLoop(parser: Parser, kind: 'while' | 'until'): Statement[] | undefined {
  parser.position++;
  const condition = keyword(parser.tokens[parser.position++]);
  if (condition === undefined || !(kind === 'while' ? ['true', ':'] : ['false']).includes(condition)) return undefined;
  const separator = parser.tokens[parser.position];
  if (separator && 'operator' in separator && separator.operator === ';') parser.position++;
  if (keyword(parser.tokens[parser.position++]) !== 'do') return undefined;
  return parseList(parser, 'done');
}

function parseCommand(parser: Parser): Command | undefined {
  const words: Word[] = [];
  let redirect: Command['redirect'];
  for (;;) {
    const token = parser.tokens[parser.position];
    if (!token) break;
    if ('operator' in token) {
      if (token.operator !== '>' && token.operator !== '>>') break;
      const target = parser.tokens[++parser.position];
      if (!target || 'operator' in target || redirect) return undefined;
      redirect = { target: target.word, append: token.operator === '>>' };
    } else words.push(token.word);
    parser.position++;
  }
  const first = words[0];
  const assigns = first?.[0] && 'text' in first[0] && /^[A-Za-z_]\w*=/.test(first[0].text);
  return words.length === 0 || assigns ? undefined : { words, redirect };
}

/** Words and operators; undefined at pipes, background jobs, globs of braces and whatever else this is not for. */
function tokenize(script: string): Token[] | undefined {
  const tokens: Token[] = [];
  let word: Word | undefined;
  let quoted = false;
  const flush = () => {
    if (word) tokens.push({ word, quoted });
    word = undefined;
    quoted = false;
  };
  const append = (part: WordPart) => {
    word ??= [];
    const last = word.at(-1);
    if ('text' in part && last && 'text' in last) last.text += part.text;
    else word.push(part);
  };
  let i = 0;
  while (i < script.length) {
    const c = script[i] as string;
    if (c === ' ' || c === '\t' || c === '\r') {
      flush();
      i++;
    } else if (c === '\n' || c === ';') {
      flush();
      tokens.push({ operator: ';' });
      i++;
    } else if (c === '&' || c === '|') {
      if (script[i + 1] !== c) return undefined;
      flush();
      tokens.push({ operator: c + c });
      i += 2;
    } else if (c === '>') {
      if (word?.length === 1 && /^\d$/.test((word[0] as { text?: string }).text ?? '')) return undefined;
      flush();
      const double = script[i + 1] === '>';
      i += double ? 2 : 1;
      tokens.push({ operator: double ? '>>' : '>' });
      const descriptor = /^&[12]/.exec(script.slice(i));
      if (descriptor) {
        append({ text: descriptor[0] });
        flush();
        i += 2;
      }
    } else if (c === '#' && !word) {
      while (i < script.length && script[i] !== '\n') i++;
    } else if (c === "'") {
      const end = script.indexOf("'", i + 1);
      if (end < 0) return undefined;
      append({ text: script.slice(i + 1, end) });
      quoted = true;
      i = end + 1;
    } else if (c === '"') {
      append({ text: '' });
      quoted = true;
      i++;
      while (script[i] !== '"') {
        if (i >= script.length) return undefined;
        const next = part(script, i, true);
        if (!next) return undefined;
        append(next.part);
        i = next.end;
      }
      i++;
    } else if (/[<`()*?[\]{}]/.test(c)) {
      return undefined;
    } else {
      const next = part(script, i, false);
      if (!next) return undefined;
      append(next.part);
      i = next.end;
    }
  }
  flush();
  return tokens;
}

/** One character, escape, variable or substitution at `i`. */
function part(script: string, i: number, inQuotes: boolean): { part: WordPart; end: number } | undefined {
  const c = script[i] as string;
  if (c === '`') return undefined;
  if (c === '\\') {
    const next = script[i + 1] ?? '';
    if (next === '\n') return { part: { text: '' }, end: i + 2 };
    if (inQuotes && !/["\\$`]/.test(next)) return { part: { text: `\\${next}` }, end: i + 2 };
    return { part: { text: next }, end: i + 2 };
  }
  if (c !== '$') return { part: { text: c }, end: i + 1 };
  const rest = script.slice(i + 1);
  const variable = /^([A-Za-z_]\w*)|^\{([A-Za-z_]\w*)\}/.exec(rest);
  if (variable) return { part: { variable: (variable[1] ?? variable[2]) as string }, end: i + 1 + variable[0].length };
  if (!rest.startsWith('(')) return /^[\s"]|^$/.test(rest) ? { part: { text: '$' }, end: i + 1 } : undefined;
  const close = rest.indexOf(')');
  const inner = close < 0 ? undefined : parseScript(rest.slice(1, close));
  return inner ? { part: { substitution: inner }, end: i + 2 + close } : undefined;
}
