// Reads an expression into its tree, macros expanded (cel-go's parser).

import type { Expr, Fold, FoldKind, MapEntry, StructField } from './ast.ts';
import { CompileError, type Token, tokenize } from './lexer.ts';

const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const expectedStart =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const binary: readonly (readonly string[])[] = [
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];
const maxDepth = 250;

/** Throws a CompileError. */
export function parse(source: string): Expr {
  return new Parser(source).whole();
}

class Parser {
  readonly #source: string;
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  whole(): Expr {
    const expr = this.#expr();
    const { kind, text, at } = this.#peek();
    if (kind !== 'end') this.#fail(at, `Syntax error: mismatched input '${text}' expecting <EOF>`);
    return expr;
  }

  #fail(at: number, message: string): never {
    throw new CompileError(this.#source, [{ at, message }]);
  }
  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }
  #next(): Token {
    return this.#tokens[this.#at++] as Token;
  }
  #is(text: string): boolean {
    const token = this.#peek();
    return token.text === text && (token.kind === 'op' || (token.kind === 'ident' && text === 'in'));
  }
  #take(text: string): Token | undefined {
    return this.#is(text) ? this.#next() : undefined;
  }
  #want(text: string): Token {
    const token = this.#take(text);
    if (token) return token;
    const { text: got, at } = this.#peek();
    return this.#fail(at, `Syntax error: mismatched input '${got}' expecting '${text}'`);
  }

  #expr(): Expr {
    if (++this.#depth > maxDepth) this.#fail(this.#peek().at, `expression recursion limit exceeded: ${maxDepth}`);
    const condition = this.#or();
    const question = this.#take('?');
    let out = condition;
    if (question) {
      const yes = this.#or();
      this.#want(':');
      const no = this.#expr();
      out = { kind: 'call', at: question.at, name: '_?_:_', args: [condition, yes, no] };
    }
    this.#depth--;
    return out;
  }

  #or(): Expr {
    let left = this.#and();
    for (;;) {
      const op = this.#take('||');
      if (!op) return left;
      left = { kind: 'call', at: op.at, name: '_||_', args: [left, this.#and()] };
    }
  }

  #and(): Expr {
    let left = this.#binary(0);
    for (;;) {
      const op = this.#take('&&');
      if (!op) return left;
      left = { kind: 'call', at: op.at, name: '_&&_', args: [left, this.#binary(0)] };
    }
  }

  #binary(level: number): Expr {
    const names = binary[level];
    if (!names) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const op = names.find((name) => this.#is(name));
      if (op === undefined) return left;
      const { at } = this.#next();
      const right = this.#binary(level + 1);
      left = { kind: 'call', at, name: op === 'in' ? '@in' : `_${op}_`, args: [left, right] };
    }
  }

  #unary(): Expr {
    const token = this.#peek();
    if (token.kind === 'op' && (token.text === '!' || token.text === '-')) {
      let count = 0;
      while (this.#take(token.text)) count++;
      const following = this.#peek();
      if (token.text === '-' && count === 1 && (following.kind === 'int' || following.kind === 'double')) {
        this.#next();
        const value = following.value as bigint | number;
        if (typeof value === 'bigint' && value > 1n << 63n) this.#fail(token.at, 'invalid int literal');
        return this.#members({ kind: 'literal', at: token.at, value: -value });
      }
      const operand = this.#member();
      return count % 2 === 0
        ? operand
        : { kind: 'call', at: token.at, name: token.text === '!' ? '!_' : '-_', args: [operand] };
    }
    return this.#member();
  }

  #member(): Expr {
    return this.#members(this.#primary());
  }

  #members(first: Expr): Expr {
    let left = first;
    for (;;) {
      const dot = this.#take('.');
      if (dot) {
        const optional = this.#take('?') !== undefined;
        const name = this.#fieldName();
        const open = optional ? undefined : this.#take('(');
        if (open) left = this.#methodCall(left, name, open, this.#arguments(')'));
        else left = { kind: 'select', at: dot.at, operand: left, field: name, test: false, optional };
        continue;
      }
      const bracket = this.#take('[');
      if (!bracket) return left;
      const optional = this.#take('?') !== undefined;
      const index = this.#expr();
      this.#want(']');
      left = { kind: 'call', at: bracket.at, name: optional ? '_[?_]' : '_[_]', args: [left, index] };
    }
  }

  #fieldName(): string {
    const { kind, text, at } = this.#next();
    if (kind !== 'ident') this.#fail(at, `Syntax error: mismatched input '${text}' expecting IDENTIFIER`);
    return text.startsWith('`') ? text.slice(1, -1) : text;
  }

  #arguments(close: string): Expr[] {
    const out: Expr[] = [];
    if (this.#take(close)) return out;
    do out.push(this.#expr());
    while (this.#take(','));
    this.#want(close);
    return out;
  }

  #primary(): Expr {
    const token = this.#next();
    const { kind, at, value } = token;
    switch (kind) {
      case 'int':
        if ((value as bigint) >= 1n << 63n) this.#fail(at, 'invalid int literal');
        return { kind: 'literal', at, value: value as bigint };
      case 'uint':
        if ((value as bigint) >= 1n << 64n) this.#fail(at, 'invalid uint literal');
        return { kind: 'literal', at, value: value as bigint, unsigned: true };
      case 'double':
        return { kind: 'literal', at, value: value as number };
      case 'string':
        return { kind: 'literal', at, value: value as string };
      case 'bytes':
        return { kind: 'literal', at, value: value as Uint8Array };
      case 'ident':
        return this.#identifier(token);
      case 'op':
        if (token.text === '(') {
          const inner = this.#expr();
          this.#want(')');
          return inner;
        }
        if (token.text === '[') return this.#list(at);
        if (token.text === '{') return this.#map(at);
        if (token.text === '.') return this.#identifier(this.#next());
        break;
      default:
    }
    return this.#fail(at, `Syntax error: mismatched input '${token.text}' expecting ${expectedStart}`);
  }

  #identifier({ kind, text, at }: Token): Expr {
    if (kind !== 'ident' || text === 'in')
      this.#fail(at, `Syntax error: mismatched input '${text}' expecting ${expectedStart}`);
    if (text === 'true' || text === 'false') return { kind: 'literal', at, value: text === 'true' };
    if (text === 'null') return { kind: 'literal', at, value: null };
    const open = this.#peek();
    if (this.#take('(')) return this.#globalCall(text, open, this.#arguments(')'));
    const struct = this.#structName(text);
    if (struct !== undefined) return this.#struct(struct);
    if (reserved.has(text)) this.#fail(at, `reserved identifier: ${text}`);
    return { kind: 'ident', at, name: text };
  }

  /** The name of a message that is about to be built: "a.b.C{". Moves to the brace. */
  #structName(first: string): string | undefined {
    let name = first;
    let i = this.#at;
    while (this.#tokens[i]?.text === '.' && this.#tokens[i + 1]?.kind === 'ident') {
      name += `.${this.#tokens[i + 1]?.text}`;
      i += 2;
    }
    const brace = this.#tokens[i];
    if (brace?.kind !== 'op' || brace.text !== '{') return undefined;
    this.#at = i;
    return name;
  }

  #struct(type: string): Expr {
    const { at } = this.#want('{');
    const fields: StructField[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const name = this.#fieldName();
      const colon = this.#want(':');
      fields.push({ at: colon.at, name, value: this.#expr(), optional });
      if (!this.#take(',')) break;
    }
    this.#want('}');
    return { kind: 'struct', at, type, fields };
  }

  #list(at: number): Expr {
    const items: { value: Expr; optional: boolean }[] = [];
    while (!this.#is(']')) {
      const optional = this.#take('?') !== undefined;
      items.push({ value: this.#expr(), optional });
      if (!this.#take(',')) break;
    }
    this.#want(']');
    return { kind: 'list', at, items };
  }

  #map(at: number): Expr {
    const entries: MapEntry[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const key = this.#expr();
      const colon = this.#want(':');
      entries.push({ at: colon.at, key, value: this.#expr(), optional });
      if (!this.#take(',')) break;
    }
    this.#want('}');
    return { kind: 'map', at, entries };
  }

  #globalCall(name: string, open: Token, args: Expr[]): Expr {
    const [only] = args;
    if (name === 'has' && args.length === 1 && only) {
      if (only.kind !== 'select' || only.test) return this.#fail(only.at, 'invalid argument to has() macro');
      return { ...only, at: open.at, test: true };
    }
    return { kind: 'call', at: open.at, name, args };
  }

  #methodCall(target: Expr, name: string, open: Token, args: Expr[]): Expr {
    const { at } = open;
    const [first, second, third, fourth] = args;
    if ((name === 'optMap' || name === 'optFlatMap') && first && second && args.length === 2) {
      if (first.kind !== 'ident') return this.#fail(first.at, `${name}() variable name must be a simple identifier`);
      return optionalMap(target, first.name, second, at, name === 'optFlatMap');
    }
    const fold = (kind: FoldKind, count: 1 | 2, body: Expr, filter?: Expr): Fold => ({
      kind: 'fold',
      at,
      fold: kind,
      range: target,
      vars: count === 1 ? [this.#variable(first)] : [this.#variable(first), this.#variable(second)],
      body,
      ...(filter && { filter }),
    });
    switch (`${name}/${args.length}`) {
      case 'all/2':
      case 'exists/2':
      case 'filter/2':
      case 'map/2':
        return fold(name as FoldKind, 1, second as Expr);
      case 'exists_one/2':
      case 'existsOne/2':
        return fold('existsOne', 1, second as Expr);
      case 'map/3':
        return fold('map', 1, third as Expr, second);
      case 'all/3':
      case 'exists/3':
        return fold(name as FoldKind, 2, third as Expr);
      case 'existsOne/3':
      case 'exists_one/3':
        return fold('existsOne', 2, third as Expr);
      case 'transformList/3':
      case 'transformMap/3':
      case 'transformMapEntry/3':
        return fold(name as FoldKind, 2, third as Expr);
      case 'transformList/4':
      case 'transformMap/4':
      case 'transformMapEntry/4':
        return fold(name as FoldKind, 2, fourth as Expr, third);
      case 'sortBy/2': {
        // The list, ordered by what the key expression makes of each item.
        const input: Expr = { kind: 'ident', at, name: '@__sortBy_input__' };
        const keys: Expr = { ...fold('map', 1, second as Expr), range: input };
        const body: Expr = { kind: 'call', at, name: '@sortByAssociatedKeys', target: input, args: [keys] };
        return { kind: 'bind', at, name: input.name, value: target, body };
      }
      default:
        return { kind: 'call', at, name, target, args };
    }
  }

  #variable(expr: Expr | undefined): string {
    if (expr?.kind === 'ident') return expr.name;
    return this.#fail(expr?.at ?? this.#source.length, 'argument must be a simple name');
  }
}

/** target.hasValue() ? optional.of(body) : optional.none(), the value bound to the name. */
function optionalMap(target: Expr, name: string, body: Expr, at: number, flat: boolean): Expr {
  const holder = '@target';
  const held: Expr = { kind: 'ident', at, name: holder };
  const method = (fn: string): Expr => ({ kind: 'call', at, name: fn, target: held, args: [] });
  const bound: Expr = { kind: 'bind', at, name, value: method('value'), body };
  const some: Expr = flat ? bound : { kind: 'call', at, name: 'optional.of', args: [bound] };
  const none: Expr = { kind: 'call', at, name: 'optional.none', args: [] };
  return {
    kind: 'bind',
    at,
    name: holder,
    value: target,
    body: { kind: 'call', at, name: '_?_:_', args: [method('hasValue'), some, none] },
  };
}
