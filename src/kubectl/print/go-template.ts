// The part of Go's text/template that people use with `kubectl -o go-template`: fields, variables, pipelines, if/else/range/with/end,
// index, len, printf, print(ln), comparisons, and/or/not, base64decode. Missing keys print "<no value>".

import { textOfBase64 } from '../../env/base64.ts';
import type { Json } from '../../env/env.ts';
import { CliError } from '../cli/errors.ts';
import { formatGoFloat } from './number.ts';

type Value = Json | undefined;
type Token = string;
type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; pipe: string[] }
  | { kind: 'assign'; name: string; pipe: string[] }
  | { kind: 'if' | 'range' | 'with'; pipe: string[]; names: string[]; body: Node[]; otherwise: Node[] };

interface Scope {
  dot: Value;
  variables: Map<string, Value>;
}

const tokenize = (text: string): Token[] =>
  text.match(/"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'])*'|:=|[()|,=]|[^\s()|,=:"`]+/g) ?? [];

const truthy = (value: Value): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === 'object' && value !== null
      ? Object.keys(value).length > 0
      : Boolean(value);

function show(value: Value): string {
  if (value === undefined || value === null) return '<no value>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatGoFloat(value);
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value === 'object') {
    const inner = Object.keys(value)
      .sort()
      .map((key) => `${key}:${show(value[key])}`);
    return `map[${inner.join(' ')}]`;
  }
  return String(value);
}

function printf(format: string, args: Value[]): string {
  let next = 0;
  return format.replace(
    /%([-+ 0]*)(\d+)?(?:\.(\d+))?([vsdqtf%])/g,
    (_all, flags: string, width: string, precision: string, verb: string) => {
      if (verb === '%') return '%';
      const value = args[next++];
      let text =
        verb === 'q'
          ? JSON.stringify(show(value))
          : verb === 'f'
            ? Number(value).toFixed(Number(precision ?? 6))
            : show(value);
      const to = Number(width ?? 0);
      text = flags.includes('-') ? text.padEnd(to) : text.padStart(to, flags.includes('0') ? '0' : ' ');
      return text;
    },
  );
}

const ordered = (a: Value, b: Value): number => {
  if (typeof a !== typeof b) throw new CliError('incompatible types for comparison');
  return a! < b! ? -1 : a! > b! ? 1 : 0;
};

const functions: Record<string, (...args: Value[]) => Value> = {
  len: (value) => (value && typeof value === 'object' ? Object.keys(value).length : String(value ?? '').length),
  index: (value, ...keys) =>
    keys.reduce<Value>((current, key) => {
      if (current === undefined || current === null) return undefined;
      const found = (current as Record<string, Json>)[String(key)];
      if (found === undefined && Array.isArray(current))
        throw new CliError(`error calling index: index out of range: ${String(key)}`);
      return found;
    }, value),
  print: (...args) => args.map(show).join(''),
  println: (...args) => `${args.map(show).join(' ')}\n`,
  printf: (format, ...args) => printf(String(format), args),
  eq: (first, ...rest) => rest.some((each) => each === first),
  ne: (a, b) => a !== b,
  lt: (a, b) => ordered(a, b) < 0,
  le: (a, b) => ordered(a, b) <= 0,
  gt: (a, b) => ordered(a, b) > 0,
  ge: (a, b) => ordered(a, b) >= 0,
  and: (...args) => args.find((each) => !truthy(each)) ?? args.at(-1),
  or: (...args) => args.find(truthy) ?? args.at(-1),
  not: (value) => !truthy(value),
  exists: (value, ...keys) =>
    keys.reduce<Value>((current, key) => (current as Record<string, Json> | undefined)?.[String(key)], value) !==
    undefined,
  base64decode: (value) => textOfBase64(String(value)),
  html: (value) => show(value),
  js: (value) => show(value),
  urlquery: (value) => encodeURIComponent(show(value)),
};

function field(value: Value, path: string, strict: boolean): Value {
  let current = value;
  for (const key of path.split('.').filter((part) => part !== '')) {
    if (current === undefined || current === null) return undefined;
    if (typeof current !== 'object' || Array.isArray(current))
      throw new CliError(`can't evaluate field ${key} in type interface {}`);
    const found: Value = (current as Record<string, Json>)[key];
    if (found === undefined && strict) throw new CliError(`map has no entry for key ${JSON.stringify(key)}`);
    current = found;
  }
  return current;
}

class Evaluator {
  readonly #root: Value;
  readonly #strict: boolean;
  constructor(root: Value, strict: boolean) {
    this.#root = root;
    this.#strict = strict;
  }

  pipe(tokens: Token[], scope: Scope): Value {
    let depth = 0;
    const commands: Token[][] = [[]];
    for (const token of tokens) {
      if (token === '(') depth++;
      if (token === ')') depth--;
      if (token === '|' && depth === 0) commands.push([]);
      else commands.at(-1)!.push(token);
    }
    return commands.reduce<{ value: Value; any: boolean }>(
      (before, command) => ({ value: this.#command(command, scope, before.any ? [before.value] : []), any: true }),
      { value: undefined, any: false },
    ).value;
  }

  #command(tokens: Token[], scope: Scope, piped: Value[]): Value {
    const name = tokens[0] ?? '';
    const call = functions[name];
    if (call) return call(...this.#operands(tokens.slice(1), scope), ...piped);
    if (/^[A-Za-z]\w*$/.test(name) && !/^(true|false|nil)$/.test(name))
      throw new CliError(`function ${JSON.stringify(name)} not defined`);
    return this.#operands(tokens, scope)[0];
  }

  #operands(tokens: Token[], scope: Scope): Value[] {
    const values: Value[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      if (token === '(') {
        let depth = 1;
        let end = i + 1;
        for (; end < tokens.length && depth > 0; end++) depth += tokens[end] === '(' ? 1 : tokens[end] === ')' ? -1 : 0;
        let value = this.pipe(tokens.slice(i + 1, end - 1), scope);
        if (tokens[end]?.startsWith('.')) value = field(value, tokens[end++]!, this.#strict);
        values.push(value);
        i = end - 1;
      } else values.push(this.#operand(token, scope));
    }
    return values;
  }

  #operand(token: Token, scope: Scope): Value {
    if (token.startsWith('"')) return JSON.parse(token) as string;
    if (token.startsWith('`')) return token.slice(1, -1);
    if (token === '.') return scope.dot;
    if (token.startsWith('.')) return field(scope.dot, token, this.#strict);
    if (token === '$') return this.#root;
    if (token.startsWith('$')) {
      const [name, ...path] = token.split('.');
      const base = name === '$' ? this.#root : scope.variables.get(name!);
      return field(base, path.join('.'), this.#strict);
    }
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'nil') return null;
    if (/^-?\d+(\.\d+)?$/.test(token)) return Number(token);
    throw new CliError(`unexpected ${JSON.stringify(token)} in operand`);
  }

  render(nodes: Node[], scope: Scope): string {
    return nodes.map((node) => this.#node(node, scope)).join('');
  }

  #node(node: Node, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'print':
        return show(this.pipe(node.pipe, scope));
      case 'assign':
        scope.variables.set(node.name, this.pipe(node.pipe, scope));
        return '';
      default: {
        const value = this.pipe(node.pipe, scope);
        if (!truthy(value)) return this.render(node.otherwise, scope);
        if (node.kind === 'if') return this.render(node.body, scope);
        if (node.kind === 'with') return this.render(node.body, this.#inner(scope, value, node.names, [value]));
        const entries: [Json, Json][] = Array.isArray(value)
          ? value.map((item, i) => [i, item])
          : Object.keys(value as object)
              .sort()
              .map((key) => [key, (value as Record<string, Json>)[key]!]);
        return entries
          .map(([key, item]) =>
            this.render(
              node.body,
              this.#inner(scope, item, node.names, node.names.length === 2 ? [key, item] : [item]),
            ),
          )
          .join('');
      }
    }
  }

  #inner(scope: Scope, dot: Value, names: string[], values: Value[]): Scope {
    const variables = new Map(scope.variables);
    for (const [i, name] of names.entries()) variables.set(name, values[i]);
    return { dot, variables };
  }
}

function parse(template: string): Node[] {
  const root: Node[] = [];
  const stack: { node: Extract<Node, { body: Node[] }>; inElse: boolean; chained: boolean }[] = [];
  const add = (node: Node) => {
    const top = stack.at(-1);
    (top ? (top.inElse ? top.node.otherwise : top.node.body) : root).push(node);
  };
  let trimNext = false;
  const parts = template.split(/(\{\{-?\s*\/\*.*?\*\/\s*-?\}\}|\{\{.*?\}\})/s);
  parts.forEach((part, i) => {
    if (i % 2 === 0) {
      let text = part;
      if (trimNext) text = text.trimStart();
      if (parts[i + 1]?.startsWith('{{- ')) text = text.trimEnd();
      if (text !== '') add({ kind: 'text', text });
      return;
    }
    trimNext = part.endsWith(' -}}');
    const inner = part
      .replace(/^\{\{(- )?/, '')
      .replace(/( -)?\}\}$/, '')
      .trim();
    if (inner.startsWith('/*')) return;
    const tokens = tokenize(inner);
    const [head] = tokens;
    const block = (kind: 'if' | 'range' | 'with', from: Token[], chained: boolean) => {
      const assign = from.indexOf(':=');
      const names = assign < 0 ? [] : from.slice(0, assign).filter((token) => token !== ',');
      const node: Extract<Node, { body: Node[] }> = {
        kind,
        names,
        pipe: from.slice(assign + 1),
        body: [],
        otherwise: [],
      };
      add(node);
      stack.push({ node, inElse: false, chained });
    };
    if (head === 'if' || head === 'range' || head === 'with') block(head, tokens.slice(1), false);
    else if (head === 'else') {
      const top = stack.at(-1);
      if (!top) throw new CliError('error parsing template: unexpected {{else}}');
      top.inElse = true;
      if (tokens[1] === 'if' || tokens[1] === 'with') block(tokens[1], tokens.slice(2), true);
    } else if (head === 'end') {
      let top = stack.pop();
      if (!top) throw new CliError('error parsing template: unexpected {{end}}');
      while (top?.chained) top = stack.pop();
    } else if (tokens[1] === ':=' || tokens[1] === '=') add({ kind: 'assign', name: head!, pipe: tokens.slice(2) });
    else add({ kind: 'print', pipe: tokens });
  });
  if (stack.length > 0) throw new CliError('error parsing template: unexpected EOF');
  return root;
}

/** Compiles a template; the result renders one object. */
export function compileTemplate(template: string, strict = false): (value: Json) => string {
  const nodes = parse(template);
  return (value) => new Evaluator(value, strict).render(nodes, { dot: value, variables: new Map() });
}
