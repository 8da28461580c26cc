// Gives every part of an expression its type, or says what is wrong with it in cel-go's words (cel-go's checker).

import { type Expr, type Fold, qualifiedName, walk } from './ast.ts';
import type { Environment, Overload } from './environment.ts';
import { CompileError, type Issue } from './lexer.ts';
import { compileRegexp } from './regexp.ts';
import {
  type Bindings,
  boolType,
  bytesType,
  doubleType,
  dynType,
  formatType,
  intType,
  isAssignable,
  isOptional,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  stringType,
  substitute,
  type Type,
  uintType,
} from './types.ts';
import { parseDurationText, parseTimestamp } from './values.ts';

/** Names of types that are values: type(x) == string. */
export const typeNames: ReadonlySet<string> = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
  'optional_type',
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.URL',
  'kubernetes.Semver',
]);

export interface Checked {
  source: string;
  expr: Expr;
  type: Type;
  types: ReadonlyMap<Expr, Type>;
  /** The variables of the environment that it names. */
  references: ReadonlySet<string>;
}

/** Throws a CompileError with every issue found. */
export function check(source: string, expr: Expr, environment: Environment): Checked {
  const checker = new Checker(environment);
  const type = checker.type(expr);
  checker.validateLiterals(expr);
  if (checker.issues.length > 0)
    throw new CompileError(
      source,
      checker.issues.sort((a, b) => a.at - b.at),
    );
  const types = new Map([...checker.types].map(([part, its]) => [part, substitute(its, checker.bindings, true)]));
  return { source, expr, type: substitute(type, checker.bindings, true), types, references: checker.references };
}

class Checker {
  readonly issues: Issue[] = [];
  readonly types = new Map<Expr, Type>();
  readonly references = new Set<string>();
  bindings: Bindings = new Map();
  readonly #environment: Environment;
  readonly #scopes: [string, Type][] = [];
  #fresh = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  #issue(at: number, message: string): Type {
    this.issues.push({ at, message });
    return dynType;
  }

  type(expr: Expr): Type {
    const type = this.#typeOf(expr);
    this.types.set(expr, type);
    return type;
  }

  #show(type: Type): string {
    return formatType(substitute(type, this.bindings));
  }

  #variable(name: string): Type | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const [known, type] = this.#scopes[i] as [string, Type];
      if (known === name) return type;
    }
    const type = this.#environment.variables.get(name);
    if (type) this.references.add(name);
    return type;
  }

  #typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'literal':
        return literalType(expr);
      case 'ident': {
        const type = this.#variable(expr.name);
        if (type) return type;
        if (typeNames.has(expr.name)) return { kind: 'type', of: dynType };
        return this.#issue(expr.at, `undeclared reference to '${expr.name}' (in container '')`);
      }
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return this.#struct(expr);
      case 'bind': {
        this.#scopes.push([expr.name, this.type(expr.value)]);
        const type = this.type(expr.body);
        this.#scopes.pop();
        return type;
      }
      case 'fold':
        return this.#fold(expr);
    }
  }

  /** A chain of names that begins with no variable may be the name of a type. */
  #typeConstant(expr: Expr): boolean {
    const name = qualifiedName(expr);
    return name !== undefined && typeNames.has(name) && !this.#variable(name.split('.')[0] as string);
  }

  #select(expr: Extract<Expr, { kind: 'select' }>): Type {
    if (this.#typeConstant(expr)) return { kind: 'type', of: dynType };
    const whole = qualifiedName(expr);
    const dotted = whole === undefined ? undefined : this.#environment.variables.get(whole);
    if (dotted) {
      this.references.add(whole as string);
      return dotted;
    }
    const operand = substitute(this.type(expr.operand), this.bindings);
    const inner = isOptional(operand) ? substitute(operand.params[0] as Type, this.bindings) : operand;
    const field = this.#field(inner, expr);
    if (expr.test) return boolType;
    return (expr.optional || isOptional(operand)) && !isOptional(field) ? optionalOf(field) : field;
  }

  #field(operand: Type, { at, field }: Extract<Expr, { kind: 'select' }>): Type {
    switch (operand.kind) {
      case 'dyn':
        return dynType;
      case 'map':
        return operand.value;
      case 'object':
        return operand.fields.get(field) ?? this.#issue(at, `undefined field '${field}'`);
      case 'param':
        this.bindings.set(operand.name, dynType);
        return dynType;
      default:
        return this.#issue(at, `type '${this.#show(operand)}' does not support field selection`);
    }
  }

  #call(expr: Extract<Expr, { kind: 'call' }>): Type {
    const { name, target, args, at } = expr;
    if (!target) {
      const types = args.map((arg) => this.type(arg));
      return this.#resolve(at, name, false, types);
    }
    const space = qualifiedName(target);
    const full = space === undefined ? undefined : `${space}.${name}`;
    if (
      full !== undefined &&
      this.#environment.functions.has(full) &&
      !this.#variable((space as string).split('.')[0] as string)
    ) {
      const types = args.map((arg) => this.type(arg));
      return this.#resolve(at, full, false, types);
    }
    const types = [this.type(target), ...args.map((arg) => this.type(arg))];
    return this.#resolve(at, name, true, types);
  }

  #instantiate({ args, result }: Overload): { args: Type[]; result: Type } {
    const names: Bindings = new Map();
    const collect = (type: Type): void => {
      if (type.kind === 'param' && !names.has(type.name))
        names.set(type.name, { kind: 'param', name: `_var${this.#fresh++}` });
      else if (type.kind === 'list') collect(type.elem);
      else if (type.kind === 'map') [type.key, type.value].forEach(collect);
      else if (type.kind === 'opaque') type.params.forEach(collect);
      else if (type.kind === 'type') collect(type.of);
    };
    [...args, result].forEach(collect);
    if (names.size === 0) return { args, result };
    return { args: args.map((each) => substitute(each, names)), result: substitute(result, names) };
  }

  #resolve(at: number, name: string, member: boolean, types: readonly Type[]): Type {
    const overloads = this.#environment.functions.get(name);
    if (!overloads) return this.#issue(at, `undeclared reference to '${name}' (in container '')`);
    let result: Type | undefined;
    let bound: Bindings | undefined;
    for (const overload of overloads) {
      if (overload.member !== member || overload.args.length !== types.length) continue;
      const candidate = this.#instantiate(overload);
      const bindings = new Map(this.bindings);
      if (!types.every((type, i) => isAssignable(candidate.args[i] as Type, type, bindings))) continue;
      const its = substitute(candidate.result, bindings);
      if (!result) {
        result = its;
        bound = bindings;
      } else if (this.#show(result) !== formatType(its)) {
        result = dynType;
      }
    }
    if (result && bound) {
      this.bindings = bound;
      return result;
    }
    const shown = types.map((type) => this.#show(type));
    const signature = member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
    return this.#issue(at, `found no matching overload for '${name}' applied to '${signature}'`);
  }

  #join(joined: Type | undefined, type: Type, at: number): Type {
    if (!joined) return type;
    if (!isAssignable(joined, type, this.bindings)) {
      this.#issue(at, `expected type '${this.#show(joined)}' but found '${this.#show(type)}'`);
      return joined;
    }
    return type.kind === 'dyn' ? type : joined;
  }

  #free(): Type {
    return { kind: 'param', name: `_var${this.#fresh++}` };
  }

  /** The type of an element that may be optional: [?a]. */
  #element(value: Expr, optional: boolean): Type {
    const type = substitute(this.type(value), this.bindings);
    if (!optional) return type;
    if (isOptional(type)) return type.params[0] as Type;
    if (type.kind === 'dyn') return type;
    return this.#issue(value.at, `expected type 'optional_type(${this.#show(type)})' but found '${this.#show(type)}'`);
  }

  #list({ items }: Extract<Expr, { kind: 'list' }>): Type {
    let elem: Type | undefined;
    for (const { value, optional } of items) elem = this.#join(elem, this.#element(value, optional), value.at);
    return listOf(elem ?? this.#free(), items.length);
  }

  #map({ entries }: Extract<Expr, { kind: 'map' }>): Type {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of entries) {
      key = this.#join(key, this.type(entry.key), entry.key.at);
      value = this.#join(value, this.#element(entry.value, entry.optional), entry.value.at);
    }
    return mapOf(key ?? this.#free(), value ?? this.#free(), entries.length);
  }

  #struct({ at, type: name, fields }: Extract<Expr, { kind: 'struct' }>): Type {
    const type = this.#environment.structs?.(name);
    if (!type) return this.#issue(at, `undeclared reference to '${name}' (in container '')`);
    for (const { at: colon, name: field, value, optional } of fields) {
      const given = this.#element(value, optional);
      if (type.kind !== 'object') continue;
      const wanted = type.fields.get(field);
      if (!wanted) this.#issue(colon, `undefined field '${field}'`);
      else if (!isAssignable(wanted, given, this.bindings))
        this.#issue(
          colon,
          `expected type of field '${field}' is '${this.#show(wanted)}' but provided type is '${this.#show(given)}'`,
        );
    }
    return type;
  }

  #fold(fold: Fold): Type {
    const range = substitute(this.type(fold.range), this.bindings);
    const { vars, body, filter, at } = fold;
    const two = vars.length === 2;
    let first: Type = dynType;
    let second: Type = dynType;
    if (range.kind === 'list') [first, second] = two ? [intType, range.elem] : [range.elem, dynType];
    else if (range.kind === 'map') [first, second] = [range.key, range.value];
    else if (range.kind !== 'dyn' && range.kind !== 'param')
      this.#issue(
        fold.range.at,
        `expression of type '${this.#show(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
    this.#scopes.push([vars[0], first]);
    if (vars[1] !== undefined) this.#scopes.push([vars[1], second]);
    const filterType = filter && this.type(filter);
    const type = this.type(body);
    this.#scopes.splice(-vars.length);
    const max = range.max;
    const wantsBool = (given: Type, operator: string, signature: (shown: string) => string) => {
      if (!isAssignable(boolType, given, this.bindings))
        this.#issue(at, `found no matching overload for '${operator}' applied to '${signature(this.#show(given))}'`);
    };
    const branch = (result: Type) => (shown: string) => `(${shown}, ${this.#show(result)}, ${this.#show(result)})`;
    switch (fold.fold) {
      case 'all':
        wantsBool(type, '_&&_', (shown) => `(bool, ${shown})`);
        return boolType;
      case 'exists':
        wantsBool(type, '_||_', (shown) => `(bool, ${shown})`);
        return boolType;
      case 'existsOne':
        wantsBool(type, '_?_:_', branch(intType));
        return boolType;
      case 'filter': {
        const result = listOf(first, max);
        wantsBool(type, '_?_:_', branch(result));
        return result;
      }
      case 'transformMap':
        if (filterType) wantsBool(filterType, '_?_:_', branch(mapOf(first, type)));
        return mapOf(first, type, max);
      case 'transformMapEntry':
        if (filterType) wantsBool(filterType, '_?_:_', branch(type));
        return type.kind === 'map' ? mapOf(type.key, type.value, max) : type;
      default: {
        const result = listOf(type, max);
        if (filterType) wantsBool(filterType, '_?_:_', branch(result));
        return result;
      }
    }
  }

  /** Durations, times and patterns that are written out are read now (cel.ValidateDurationLiterals and friends). */
  validateLiterals(expr: Expr): void {
    walk(expr, (part) => {
      if (part.kind !== 'call') return;
      const [argument] = part.args;
      if (argument?.kind !== 'literal' || typeof argument.value !== 'string' || part.args.length !== 1) return;
      const text = argument.value;
      const bad =
        (part.name === 'duration' && !part.target && parseDurationText(text) === undefined) ||
        (part.name === 'timestamp' && !part.target && parseTimestamp(text) === undefined) ||
        (part.name === 'matches' && part.target && !isPattern(text));
      if (bad) this.#issue(argument.at, `invalid ${part.name} argument`);
    });
  }
}

function isPattern(text: string): boolean {
  try {
    compileRegexp(text);
    return true;
  } catch {
    return false;
  }
}

function literalType({ value, unsigned }: Extract<Expr, { kind: 'literal' }>): Type {
  if (value === null) return nullType;
  if (typeof value === 'string') return { ...stringType, max: value.length } as Type;
  if (typeof value === 'boolean') return boolType;
  if (typeof value === 'bigint') return unsigned ? uintType : intType;
  if (typeof value === 'number') return doubleType;
  return { ...bytesType, max: value.length } as Type;
}
