// RE2 patterns, as Go reads them, run by the host's engine: flags in front, POSIX classes, \A \z \Q..\E and (?P<name>) are translated.
//
// RE2 has no look-around and no back-references: a pattern that uses them is refused. Patterns are kept once compiled.

const known = new Map<string, RegExp>();

export class RegexpError extends Error {}

const posix: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Throws a RegexpError with Go's text ("error parsing regexp: ..."). The result has the flags u and g: set lastIndex before exec, or use String methods. */
export function compileRegexp(pattern: string): RegExp {
  const found = known.get(pattern);
  if (found) return found;
  const { source, flags } = translate(pattern);
  let compiled: RegExp;
  try {
    compiled = new RegExp(source, `gu${flags}`);
  } catch (error) {
    throw new RegexpError(goMessage(pattern, (error as Error).message));
  }
  if (known.size > 1000) known.clear();
  known.set(pattern, compiled);
  return compiled;
}

function goMessage(pattern: string, message: string): string {
  const why = /Unterminated group/.test(message)
    ? 'missing closing )'
    : /Unmatched '\)'/.test(message)
      ? 'unexpected )'
      : /Unterminated character class|missing \]/i.test(message)
        ? 'missing closing ]'
        : /Nothing to repeat/.test(message)
          ? 'missing argument to repetition operator'
          : /Range out of order/.test(message)
            ? 'invalid character class range'
            : /\\ at end/.test(message)
              ? 'trailing backslash at end of expression'
              : 'invalid escape sequence';
  const repeat = /[*+?]/.exec(pattern)?.[0] ?? pattern;
  return `error parsing regexp: ${why}: \`${why.startsWith('missing argument') ? repeat : why === 'missing closing ]' ? pattern.slice(pattern.lastIndexOf('[')) : pattern}\``;
}

function translate(pattern: string): { source: string; flags: string } {
  let flags = '';
  let rest = pattern;
  const leading = /^\(\?([imsU]+)\)/.exec(rest);
  if (leading) {
    flags = [...new Set(leading[1] as string)].filter((flag) => flag !== 'U').join('');
    rest = rest.slice(leading[0].length);
  }
  let out = '';
  let inClass = false;
  for (let i = 0; i < rest.length; i++) {
    const c = rest[i] as string;
    if (c === '\\') {
      const next = rest[i + 1];
      if (next === undefined)
        throw new RegexpError('error parsing regexp: trailing backslash at end of expression: ``');
      i++;
      if (next === 'A') out += '^';
      else if (next === 'z') out += '$(?![\\s\\S])';
      else if (next === 'Q') {
        const end = rest.indexOf('\\E', i);
        const literal = rest.slice(i + 1, end < 0 ? undefined : end);
        out += literal.replace(/[\\^$.*+?()[\]{}|/-]/g, (each) => (each === '-' ? '\\x2d' : `\\${each}`));
        i = end < 0 ? rest.length : end + 1;
      } else if (next === 'p' || next === 'P') {
        const name = /^(?:\{(\^?)(\w+)\}|(\w))/.exec(rest.slice(i + 1));
        if (!name) throw new RegexpError(`error parsing regexp: invalid character class range: \`\\${next}\``);
        const script = name[2] ?? (name[3] as string);
        out += `\\${name[1] ? (next === 'p' ? 'P' : 'p') : next}{${script.length > 2 ? `Script=${script}` : script}}`;
        i += name[0].length;
      } else if (/[1-9]/.test(next))
        throw new RegexpError(`error parsing regexp: invalid escape sequence: \`\\${next}\``);
      else if (next === 'x' && rest[i + 1] === '{') out += '\\u';
      else if (next === 'a') out += '\\x07';
      else if (/[dDwWsSbBfnrtvx]/.test(next) || /[\\^$.*+?()[\]{}|/]/.test(next)) out += `\\${next}`;
      else if (/[A-Za-z0-9]/.test(next))
        throw new RegexpError(`error parsing regexp: invalid escape sequence: \`\\${next}\``);
      else out += next === '-' && inClass ? '\\-' : next;
      continue;
    }
    if (inClass) {
      const named = /^\[:(\^?)(\w+):\]/.exec(rest.slice(i));
      if (named && posix[named[2] as string] !== undefined && !named[1]) {
        out += posix[named[2] as string];
        i += named[0].length - 1;
      } else if (c === ']') {
        inClass = false;
        out += c;
      } else out += c === '[' ? '\\[' : c;
      continue;
    }
    if (c === '[') {
      inClass = true;
      out += c;
      if (rest[i + 1] === '^') out += rest[++i];
      if (rest[i + 1] === ']') {
        out += '\\]';
        i++;
      }
    } else if (c === '(' && rest[i + 1] === '?') {
      if (/^\(\?(?:[=!]|<[=!])/.test(rest.slice(i)))
        throw new RegexpError(
          `error parsing regexp: invalid or unsupported Perl syntax: \`${rest.slice(i, i + (rest[i + 2] === '<' ? 4 : 3))}\``,
        );
      if (rest.startsWith('(?P<', i)) {
        out += '(?<';
        i += 3;
      } else out += c;
    } else if (c === '{' && !/^\{\d+(?:,\d*)?\}/.test(rest.slice(i))) out += '\\{';
    else if (c === '}' && !/\{\d+(?:,\d*)?$/.test(out)) out += '\\}';
    else if (c === ']') out += '\\]';
    else out += c;
  }
  return { source: out, flags };
}

/** Whether the pattern is found anywhere in the text. */
export function matches(pattern: string, text: string): boolean {
  const compiled = compileRegexp(pattern);
  compiled.lastIndex = 0;
  return compiled.test(text);
}
