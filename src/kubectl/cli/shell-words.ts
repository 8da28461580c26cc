// The words of a command line, as a POSIX shell splits it: quotes, escapes, and the operators | || && ; > >> < between commands.

import { CliError } from './errors.ts';

export type Token =
  | { word: string; quoted: boolean }
  | { operator: '|' | '||' | '&&' | ';' | '>' | '>>' | '<' | '2>' | '2>&1' };

/** Where reading stopped inside quotes, for a terminal that may ask for the rest. */
export class UnterminatedError extends CliError {}

/** Tokens of a line. `$?` and `$NAME` outside single quotes become what `variable` says. Throws UnterminatedError on an open quote. */
export function tokenize(line: string, variable: (name: string) => string | undefined = () => undefined): Token[] {
  const tokens: Token[] = [];
  let word = '';
  let inWord = false;
  let quoted = false;
  const end = () => {
    if (inWord) tokens.push({ word, quoted });
    word = '';
    inWord = false;
    quoted = false;
  };
  const expand = (at: number): number => {
    const name = /^(\?|[A-Za-z_]\w*|\{[A-Za-z_]\w*\})/.exec(line.slice(at + 1))?.[0];
    const value = name === undefined ? undefined : variable(name.replace(/[{}]/g, ''));
    inWord = true;
    if (value === undefined) {
      word += '$';
      return at;
    }
    word += value;
    return at + name!.length;
  };
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === "'") {
      const close = line.indexOf("'", i + 1);
      if (close < 0) throw new UnterminatedError("unexpected EOF while looking for matching `''");
      word += line.slice(i + 1, close);
      inWord = true;
      quoted = true;
      i = close;
    } else if (char === '"') {
      inWord = true;
      quoted = true;
      for (i++; ; i++) {
        if (i >= line.length) throw new UnterminatedError('unexpected EOF while looking for matching `"\'');
        if (line[i] === '"') break;
        if (line[i] === '\\' && /["\\$`\n]/.test(line[i + 1] ?? '')) word += line[++i] === '\n' ? '' : line[i];
        else if (line[i] === '$') i = expand(i);
        else word += line[i];
      }
    } else if (char === '\\') {
      if (line[i + 1] === '\n') i++;
      else if (i + 1 < line.length) {
        word += line[++i];
        inWord = true;
        quoted = true;
      }
    } else if (char === '$') i = expand(i);
    else if (char === '#' && !inWord) {
      const newline = line.indexOf('\n', i);
      if (newline < 0) break;
      i = newline - 1;
    } else if (/\s/.test(char)) {
      end();
      if (char === '\n' && tokens.length > 0) tokens.push({ operator: ';' });
    } else {
      const operator = (inWord ? /^(\|\||&&|\||;|>>|>|<)/ : /^(2>&1|2>|\|\||&&|\||;|>>|>|<)/).exec(line.slice(i))?.[1];
      if (operator) {
        end();
        tokens.push({ operator } as Token);
        i += operator.length - 1;
      } else {
        word += char;
        inWord = true;
      }
    }
  }
  end();
  return tokens;
}

/** The words of one command; operators are words like any other. Throws on an open quote. */
export function shellSplit(line: string): string[] {
  return tokenize(line).map((token) => ('word' in token ? token.word : token.operator));
}
