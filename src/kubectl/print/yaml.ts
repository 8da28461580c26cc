// YAML as kubectl writes it: sorted keys, list items not indented under their key, plain scalars wherever YAML 1.1 reads them back as the
// same string. Follows the decisions of go-yaml v2 (its emitter's scalar analysis, 80 columns soft limit) through sigs.k8s.io/yaml.

import type { Json } from '../../env/env.ts';
import { formatGoFloat } from './number.ts';

const bestWidth = 80;

/** go-yaml's order of keys: letters after other characters, runs of digits by value. */
export function compareKeys(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  const isLetter = (char: string) => /\p{L}/u.test(char);
  const isDigit = (char: string | undefined) => char !== undefined && /\p{Nd}/u.test(char);
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x === y) continue;
    const letterX = isLetter(x);
    const letterY = isLetter(y);
    const byPoint = x.codePointAt(0)! - y.codePointAt(0)!;
    if (letterX && letterY) return byPoint;
    if (letterX || letterY) return letterY ? -1 : 1;
    let numberX = 0;
    let numberY = 0;
    if (x === '0' || y === '0') {
      for (let j = i - 1; j >= 0 && isDigit(a[j]); j--) {
        if (a[j] !== '0') {
          numberX = 1;
          numberY = 1;
          break;
        }
      }
    }
    let endX = i;
    let endY = i;
    for (; isDigit(a[endX]); endX++) numberX = numberX * 10 + Number(a[endX]);
    for (; isDigit(b[endY]); endY++) numberY = numberY * 10 + Number(b[endY]);
    if (numberX !== numberY) return numberX - numberY;
    if (endX !== endY) return endX - endY;
    return byPoint;
  }
  return a.length - b.length;
}

/** True when YAML 1.1, as go-yaml reads it, takes the plain text for something other than a string. */
function readsAsOther(value: string): boolean {
  if (value === '' || /^(~|null|Null|NULL)$/.test(value)) return true;
  if (/^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(value)) return true;
  if (/^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(value)) return true;
  if (/^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(value)) return true;
  if (!/^[-+.0-9]/.test(value)) return false;
  if (/^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d{2}:\d{2})?)?$/.test(value)) return true;
  const plain = value.replaceAll('_', '');
  if (/^[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/.test(plain)) return true;
  return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain);
}

interface Analysis {
  plain: boolean;
  single: boolean;
  block: boolean;
}

const isPrintable = (point: number): boolean =>
  point === 0x0a ||
  (point >= 0x20 && point <= 0x7e) ||
  (point >= 0xa0 && point <= 0xd7ff) ||
  (point >= 0xe000 && point <= 0xfffd && point !== 0xfeff);

function analyze(value: string): Analysis {
  if (value === '') return { plain: false, single: true, block: false };
  let indicators = value.startsWith('---') || value.startsWith('...');
  let lineBreaks = false;
  let special = false;
  let breakSpace = false;
  let spaceBreak = false;
  let before = '';
  const isBreak = (char: string | undefined) =>
    char === '\n' || char === '\r' || char === '\u0085' || char === '\u2028' || char === '\u2029';
  const isBlank = (char: string | undefined) => char === undefined || char === ' ' || char === '\t' || isBreak(char);
  const chars = [...value];
  chars.forEach((char, i) => {
    if (i === 0) {
      if (/[#,[\]{}&*!|>'"%@`]/.test(char)) indicators = true;
      if ((char === '?' || char === '-') && isBlank(chars[1])) indicators = true;
    }
    if (i > 0 && char === '#' && isBlank(before)) indicators = true;
    if (char === ':' && isBlank(chars[i + 1]) && i > 0) indicators = true;
    if (char === ':' && i === 0 && isBlank(chars[1])) indicators = true;
    if (!isPrintable(char.codePointAt(0)!)) special = true;
    if (char === ' ' && isBreak(before)) breakSpace = true;
    if (isBreak(char)) {
      lineBreaks = true;
      if (before === ' ') spaceBreak = true;
    }
    before = char;
  });
  const edge = (char: string | undefined) => char === ' ' || isBreak(char);
  const trailingSpace = chars.at(-1) === ' ';
  const never = spaceBreak || special;
  return {
    plain: !(edge(chars[0]) || edge(chars.at(-1)) || breakSpace || never || lineBreaks || indicators),
    single: !(breakSpace || never),
    block: !(trailingSpace || never),
  };
}

/** Folds `value` at single spaces once a line has passed the soft limit. */
function fold(value: string, column: number, indent: number, edges: boolean): string {
  let out = '';
  let at = column;
  let spaces = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i]!;
    if (char === ' ') {
      const inside = !edges || (i > 0 && i < value.length - 1);
      if (!spaces && at > bestWidth && inside && value[i + 1] !== ' ') {
        out += `\n${' '.repeat(indent)}`;
        at = indent;
      } else {
        out += char;
        at++;
      }
      spaces = true;
    } else {
      out += char;
      at += char.codePointAt(0)! > 0xffff ? 2 : 1;
      spaces = false;
    }
  }
  return out;
}

const escapes: Record<string, string> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(value: string, column: number, indent: number, canFold: boolean): string {
  let out = '"';
  let at = column + 1;
  let spaces = false;
  const chars = [...value];
  chars.forEach((char, i) => {
    const point = char.codePointAt(0)!;
    if (char === '"' || char === '\\' || !isPrintable(point) || char === '\n') {
      const hex = point.toString(16).toUpperCase();
      const escaped =
        escapes[char] ??
        (point <= 0xff
          ? `\\x${hex.padStart(2, '0')}`
          : point <= 0xffff
            ? `\\u${hex.padStart(4, '0')}`
            : `\\U${hex.padStart(8, '0')}`);
      out += escaped;
      at += escaped.length;
      spaces = false;
    } else if (char === ' ') {
      if (canFold && !spaces && at > bestWidth && i > 0 && i < chars.length - 1) {
        out += `\n${' '.repeat(indent)}`;
        at = indent;
        if (chars[i + 1] === ' ') {
          out += '\\';
          at++;
        }
      } else {
        out += ' ';
        at++;
      }
      spaces = true;
    } else {
      out += char;
      at++;
      spaces = false;
    }
  });
  return `${out}"`;
}

function literal(value: string, indent: number): string {
  const hint = value[0] === ' ' || value[0] === '\n' ? '2' : '';
  const chomp = !value.endsWith('\n') ? '-' : value === '\n' || value.endsWith('\n\n') ? '+' : '';
  const body = value.endsWith('\n') ? value.slice(0, -1) : value;
  const lines = body.split('\n').map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

/** One scalar; `column` is where it starts, `indent` where its further lines start. */
function scalar(value: string, column: number, indent: number, isKey: boolean): string {
  const canBe = analyze(value);
  if (value.includes('\n') && !isKey && canBe.block) return literal(value, indent);
  if (!value.includes('\n') && !readsAsOther(value)) {
    if (canBe.plain) return isKey ? value : fold(value, column, indent, false);
    if (canBe.single) {
      const quoted = value.replaceAll("'", "''");
      return isKey ? `'${quoted}'` : `'${fold(quoted, column + 1, indent, true)}'`;
    }
  }
  return doubleQuoted(value, column, indent, !isKey);
}

const isEmpty = (value: Json): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0);

function flat(value: Json, column: number, indent: number): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  if (typeof value === 'string') return scalar(value, column, indent, false);
  if (typeof value === 'number') return formatGoFloat(value);
  return String(value);
}

const isBlock = (value: Json): value is Json[] | { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !isEmpty(value);

function write(value: Json, indent: number, lines: string[]): void {
  const pad = ' '.repeat(indent);
  if (Array.isArray(value)) {
    for (const item of value) {
      if (isBlock(item)) {
        const inner: string[] = [];
        write(item, indent + 2, inner);
        inner[0] = `${pad}- ${inner[0]!.slice(indent + 2)}`;
        lines.push(...inner);
      } else {
        lines.push(`${pad}- ${flat(item, indent + 2, indent + 2)}`);
      }
    }
    return;
  }
  const entries = Object.entries(value as { [key: string]: Json }).filter((entry) => entry[1] !== undefined);
  entries.sort((a, b) => compareKeys(a[0], b[0]));
  for (const [key, item] of entries) {
    const head = `${pad}${scalar(key, indent, indent, true)}:`;
    if (isBlock(item)) {
      lines.push(head);
      write(item, Array.isArray(item) ? indent : indent + 2, lines);
    } else {
      lines.push(`${head} ${flat(item, head.length + 1, indent + 2)}`);
    }
  }
}

/** `value` as a YAML document, newline at the end. */
export function toYaml(value: Json): string {
  if (!isBlock(value)) return `${flat(value, 0, 2)}\n`;
  const lines: string[] = [];
  write(value, 0, lines);
  return `${lines.join('\n')}\n`;
}
