// Kubernetes' JSONPath: templates of text and {expressions}, with ranges, filters, slices, unions, recursive descent and quoted literals.
// Upstream behaviour: k8s.io/client-go/util/jsonpath.

import type { Json } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import { CliError } from '../cli/errors.ts';
import { toCompactJson } from './json.ts';
import { formatGoFloat } from './number.ts';

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; from: number | undefined; to: number | undefined; step: number; single: boolean }
  | { kind: 'wild' }
  | { kind: 'recursive' }
  | { kind: 'filter'; left: Operand; operator: string; right: Operand | undefined }
  | { kind: 'union'; members: Step[] };

type Operand = { literal: Json } | { path: Path };
interface Path {
  fromRoot: boolean;
  steps: Step[];
}
type Node =
  | { kind: 'text'; value: string }
  | { kind: 'path'; path: Path }
  | { kind: 'range'; path: Path; body: Node[] }
  | { kind: 'end' };

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char);
}

/** Where the bracket or brace opened at `at` closes, quotes respected. */
function closing(text: string, at: number): number {
  const open = text[at]!;
  const close = open === '[' ? ']' : open === '(' ? ')' : '}';
  let depth = 0;
  let quote = '';
  for (let i = at; i < text.length; i++) {
    const char = text[i]!;
    if (quote) {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === open) depth++;
    else if (char === close && --depth === 0) return i;
  }
  throw new CliError(open === '[' ? 'unterminated array' : open === '(' ? 'unterminated filter' : 'unclosed action');
}

function parseOperand(text: string): Operand {
  const trimmed = text.trim();
  if (/^(".*"|'.*')$/s.test(trimmed)) return { literal: unquote(trimmed) };
  if (/^(true|false)$/.test(trimmed)) return { literal: trimmed === 'true' };
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return { literal: Number(trimmed) };
  return { path: parsePath(trimmed) };
}

function parseFilter(inner: string): Step {
  let quote = '';
  for (let i = 0; i < inner.length; i++) {
    const char = inner[i]!;
    if (quote) {
      if (char === quote) quote = '';
      continue;
    }
    if (char === '"' || char === "'") quote = char;
    const operator = /^(==|!=|<=|>=|<|>)/.exec(inner.slice(i))?.[1];
    if (operator) {
      return {
        kind: 'filter',
        left: parseOperand(inner.slice(0, i)),
        operator,
        right: parseOperand(inner.slice(i + operator.length)),
      };
    }
  }
  return { kind: 'filter', left: parseOperand(inner), operator: 'exists', right: undefined };
}

function parseBracket(inner: string): Step {
  const text = inner.trim();
  if (text === '*') return { kind: 'wild' };
  if (text.startsWith('?(') && text.endsWith(')')) return parseFilter(text.slice(2, -1));
  const members = text.match(/'(?:\\.|[^'])*'|"(?:\\.|[^"])*"|[^,]+/g) ?? [];
  const steps = members.map((member): Step => {
    const each = member.trim();
    if (/^(".*"|'.*')$/s.test(each)) return { kind: 'field', name: unquote(each) };
    const slice = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/.exec(each);
    if (!slice) throw new CliError(`invalid array index ${each}`);
    const number = (part: string | undefined) => (part ? Number(part) : undefined);
    return {
      kind: 'index',
      from: number(slice[1]),
      to: number(slice[2]),
      step: number(slice[3]) ?? 1,
      single: slice[2] === undefined,
    };
  });
  return steps.length === 1 ? steps[0]! : { kind: 'union', members: steps };
}

function parsePath(text: string): Path {
  const path: Path = { fromRoot: text.startsWith('$'), steps: [] };
  let at = 0;
  if (text[0] === '$' || text[0] === '@') at = 1;
  while (at < text.length) {
    const char = text[at]!;
    if (char === '[') {
      const end = closing(text, at);
      path.steps.push(parseBracket(text.slice(at + 1, end)));
      at = end + 1;
    } else if (text.startsWith('..', at)) {
      path.steps.push({ kind: 'recursive' });
      at += text[at + 2] === '[' ? 2 : 1;
    } else if (char === '.') {
      at++;
      if (at >= text.length || text[at] === '[') continue;
      let name = '';
      while (at < text.length && !/[.[\s]/.test(text[at]!)) {
        if (text[at] === '\\') at++;
        name += text[at] ?? '';
        at++;
      }
      path.steps.push(name === '*' ? { kind: 'wild' } : { kind: 'field', name });
    } else if (/\s/.test(char)) at++;
    else if (at === 0) {
      throw new CliError(
        `unrecognized character in action: U+${text.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')} '${text[0]}'`,
      );
    } else
      throw new CliError(
        `unrecognized character in action: U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')} '${char}'`,
      );
  }
  return path;
}

function parseTemplate(template: string): Node[] {
  const flat: Node[] = [];
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf('{', at);
    if (open < 0) {
      flat.push({ kind: 'text', value: template.slice(at) });
      break;
    }
    if (open > at) flat.push({ kind: 'text', value: template.slice(at, open) });
    const end = closing(template, open);
    const inner = template.slice(open + 1, end).trim();
    at = end + 1;
    if (inner === 'end') flat.push({ kind: 'end' });
    else if (/^range(\s|$)/.test(inner)) flat.push({ kind: 'range', path: parsePath(inner.slice(5).trim()), body: [] });
    else if (/^(".*"|'.*')$/s.test(inner)) flat.push({ kind: 'text', value: unquote(inner) });
    else {
      for (const part of splitExpressions(inner)) {
        flat.push(
          /^["']/.test(part) ? { kind: 'text', value: unquote(part) } : { kind: 'path', path: parsePath(part) },
        );
      }
    }
  }
  const root: Node[] = [];
  const stack: Node[][] = [root];
  for (const node of flat) {
    if (node.kind === 'end') {
      if (stack.length === 1) throw new CliError('not in range, nothing to end');
      stack.pop();
      continue;
    }
    stack.at(-1)!.push(node);
    if (node.kind === 'range') stack.push(node.body);
  }
  if (stack.length > 1) throw new CliError('unexpected end of template, range is not closed');
  return root;
}

/** "{.a} {.b}" inside one pair of braces: expressions side by side. */
function splitExpressions(inner: string): string[] {
  const parts: string[] = [];
  let at = 0;
  let start = 0;
  while (at < inner.length) {
    const char = inner[at]!;
    if (char === '[') at = closing(inner, at) + 1;
    else if (/\s/.test(char)) {
      if (at > start) parts.push(inner.slice(start, at));
      at++;
      start = at;
    } else at++;
  }
  if (at > start) parts.push(inner.slice(start, at));
  return parts;
}

const children = (value: Json): Json[] =>
  Array.isArray(value)
    ? value
    : typeof value === 'object' && value !== null
      ? Object.keys(value)
          .sort()
          .map((key) => value[key]!)
      : [];

function compare(left: Json, operator: string, right: Json): boolean {
  if (operator === '==') return toCompactJson(left) === toCompactJson(right);
  if (operator === '!=') return toCompactJson(left) !== toCompactJson(right);
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) {
    throw new CliError('incompatible types for comparison');
  }
  const l = left as number;
  const r = right as number;
  return operator === '<' ? l < r : operator === '>' ? l > r : operator === '<=' ? l <= r : l >= r;
}

function apply(step: Step, value: Json, root: Json, strict: boolean): Json[] {
  switch (step.kind) {
    case 'field':
      if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, step.name)) {
        return [value[step.name]!];
      }
      if (strict) throw new CliError(`${step.name} is not found`);
      return [];
    case 'wild':
      return children(value);
    case 'recursive': {
      const all: Json[] = [];
      const walk = (each: Json) => {
        all.push(each);
        children(each).forEach(walk);
      };
      walk(value);
      return all;
    }
    case 'index': {
      if (value === null) return [];
      if (!Array.isArray(value)) throw new CliError(`${toCompactJson(value)} is not array or slice`);
      if (step.single) {
        const at = (step.from ?? 0) < 0 ? value.length + step.from! : (step.from ?? 0);
        if (at < 0 || at >= value.length) {
          if (!strict) return [];
          throw new CliError(`array index out of bounds: index ${at}, length ${value.length}`);
        }
        return [value[at]!];
      }
      const out: Json[] = [];
      const clamp = (at: number) => Math.max(0, Math.min(value.length, at < 0 ? value.length + at : at));
      for (let i = clamp(step.from ?? 0); i < clamp(step.to ?? value.length); i += step.step) out.push(value[i]!);
      return out;
    }
    case 'union':
      return step.members.flatMap((member) => apply(member, value, root, strict));
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((item) => {
        const resolve = (operand: Operand): Json[] =>
          'literal' in operand ? [operand.literal] : evaluate(operand.path, item, root, false);
        const left = resolve(step.left);
        if (step.operator === 'exists') return left.length > 0;
        const right = resolve(step.right!);
        if (left.length === 0 || right.length === 0) return step.operator === '!=' && left.length !== right.length;
        return compare(left[0]!, step.operator, right[0]!);
      });
  }
}

function evaluate(path: Path, value: Json, root: Json, strict: boolean): Json[] {
  let values: Json[] = [path.fromRoot ? root : value];
  let afterRecursive = false;
  for (const step of path.steps) {
    const lenient = afterRecursive || !strict;
    const next: Json[] = [];
    for (const each of values) {
      if (afterRecursive && step.kind === 'index' && !Array.isArray(each)) continue;
      next.push(...apply(step, each, root, !lenient));
    }
    values = next;
    afterRecursive = step.kind === 'recursive';
  }
  return values;
}

const show = (value: Json): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? formatGoFloat(value)
      : value === null
        ? ''
        : typeof value === 'object'
          ? toCompactJson(value)
          : String(value);

/** Everything the one expression `path` ("{.a.b}", ".a.b" or "a.b") finds in `value`. */
export function findPath(path: string, value: Json): Json[] {
  return evaluate(parsePath(relaxed(path).slice(1, -1).trim()), value, value, false);
}

/** Accepts the short forms of an expression that flags allow: "x.y", ".x.y", "{x.y}" (upstream RelaxedJSONPathExpression). */
export function relaxed(path: string): string {
  if (path === '') return path;
  const match = /^\{?\.?([^{}]+)\}?$/.exec(path);
  if (!match) {
    if (/^\{.*\}$/.test(path)) return path;
    throw new CliError(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
  return `{.${match[1]}}`;
}

function parsed(template: string): Node[] {
  try {
    return parseTemplate(template);
  } catch (error) {
    throw new CliError(`error parsing jsonpath ${template}, ${messageOf(error)}`);
  }
}

/** Compiles a template; the result renders one object. Missing fields give nothing unless `strict`. */
export function compileJsonPath(template: string, strict = false): (value: Json) => string {
  const nodes = parsed(template);
  return (root) => {
    const render = (body: Node[], value: Json): string =>
      body
        .map((node) => {
          if (node.kind === 'text') return node.value;
          if (node.kind === 'path') return evaluate(node.path, value, root, strict).map(show).join(' ');
          if (node.kind === 'range')
            return evaluate(node.path, value, root, strict)
              .map((item) => render(node.body, item))
              .join('');
          return '';
        })
        .join('');
    return render(nodes, root);
  };
}
