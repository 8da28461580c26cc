// CEL's types: their names in messages, which fits where, and the signatures in which functions are declared.
//
// Invariant: types are immutable; a type may carry the largest size its values can have (`max`, in elements or characters), which static costs are made of.

export type Type =
  | { readonly kind: Simple; readonly max?: number }
  | { readonly kind: 'list'; readonly elem: Type; readonly max?: number }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type; readonly max?: number }
  | {
      readonly kind: 'object';
      readonly name: string;
      readonly fields: ReadonlyMap<string, Type>;
      readonly max?: number;
    }
  | { readonly kind: 'opaque'; readonly name: string; readonly params: readonly Type[]; readonly max?: number }
  | { readonly kind: 'param'; readonly name: string; readonly max?: number }
  | { readonly kind: 'type'; readonly of: Type; readonly max?: number };

export type Simple =
  | 'int'
  | 'uint'
  | 'double'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'timestamp'
  | 'duration';

const simple = (kind: Simple): Type => ({ kind });
export const intType = simple('int');
export const uintType = simple('uint');
export const doubleType = simple('double');
export const boolType = simple('bool');
export const stringType = simple('string');
export const bytesType = simple('bytes');
export const nullType = simple('null');
export const dynType = simple('dyn');
export const timestampType = simple('timestamp');
export const durationType = simple('duration');
export const listOf = (elem: Type, max?: number): Type => ({ kind: 'list', elem, ...(max !== undefined && { max }) });
export const mapOf = (key: Type, value: Type, max?: number): Type => ({
  kind: 'map',
  key,
  value,
  ...(max !== undefined && { max }),
});
export const opaque = (name: string, ...params: Type[]): Type => ({ kind: 'opaque', name, params });
export const optionalOf = (inner: Type): Type => opaque('optional_type', inner);
export const objectType = (name: string, fields: Iterable<readonly [string, Type]>): Type => ({
  kind: 'object',
  name,
  fields: new Map(fields),
});

export const isOptional = (type: Type): type is Extract<Type, { kind: 'opaque' }> =>
  type.kind === 'opaque' && type.name === 'optional_type';

const shown: Partial<Record<Simple, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
};

/** As messages show it (checker.FormatCELType): list(int), map(string, dyn). */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.elem)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'object':
      return type.name;
    case 'opaque':
      return type.params.length > 0 ? `${type.name}(${type.params.map(formatType).join(', ')})` : type.name;
    case 'param':
      return type.name;
    case 'type':
      return `type(${formatType(type.of)})`;
    default:
      return shown[type.kind] ?? type.kind;
  }
}

/** What type parameters stand for so far. */
export type Bindings = Map<string, Type>;

export function substitute(type: Type, bindings: Bindings, freeAsDyn = false): Type {
  const max = type.max === undefined ? {} : { max: type.max };
  switch (type.kind) {
    case 'param': {
      const bound = bindings.get(type.name);
      if (bound) return substitute(bound, bindings, freeAsDyn);
      return freeAsDyn ? dynType : type;
    }
    case 'list':
      return { kind: 'list', elem: substitute(type.elem, bindings, freeAsDyn), ...max };
    case 'map':
      return {
        kind: 'map',
        key: substitute(type.key, bindings, freeAsDyn),
        value: substitute(type.value, bindings, freeAsDyn),
        ...max,
      };
    case 'opaque':
      return { ...type, params: type.params.map((each) => substitute(each, bindings, freeAsDyn)) };
    case 'type':
      return { kind: 'type', of: substitute(type.of, bindings, freeAsDyn), ...max };
    default:
      return type;
  }
}

function occurs(name: string, type: Type, bindings: Bindings): boolean {
  const at = substitute(type, bindings);
  switch (at.kind) {
    case 'param':
      return at.name === name;
    case 'list':
      return occurs(name, at.elem, bindings);
    case 'map':
      return occurs(name, at.key, bindings) || occurs(name, at.value, bindings);
    case 'opaque':
      return at.params.some((each) => occurs(name, each, bindings));
    default:
      return false;
  }
}

/** Whether a value of `from` may stand where `to` is wanted; binds parameters as needed. */
export function isAssignable(to: Type, from: Type, bindings: Bindings): boolean {
  const left = to.kind === 'param' ? substitute(to, bindings) : to;
  const right = from.kind === 'param' ? substitute(from, bindings) : from;
  if (left.kind === 'param' && right.kind === 'param' && left.name === right.name) return true;
  if (left.kind === 'param') {
    if (occurs(left.name, right, bindings)) return false;
    bindings.set(left.name, right);
    return true;
  }
  if (right.kind === 'param') {
    if (occurs(right.name, left, bindings)) return false;
    bindings.set(right.name, left);
    return true;
  }
  if (left.kind === 'dyn' || right.kind === 'dyn') return true;
  const nullable = (type: Type) => ['object', 'opaque', 'timestamp', 'duration'].includes(type.kind);
  if (right.kind === 'null' && nullable(left)) return true;
  if (left.kind === 'null' && nullable(right)) return true;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case 'list':
      return isAssignable(left.elem, (right as typeof left).elem, bindings);
    case 'map':
      return (
        isAssignable(left.key, (right as typeof left).key, bindings) &&
        isAssignable(left.value, (right as typeof left).value, bindings)
      );
    case 'object':
      return left.name === (right as typeof left).name;
    case 'opaque': {
      const other = right as typeof left;
      return (
        left.name === other.name &&
        left.params.length === other.params.length &&
        left.params.every((each, i) => isAssignable(each, other.params[i] as Type, bindings))
      );
    }
    default:
      return true;
  }
}

const named: Record<string, Type> = {
  int: intType,
  uint: uintType,
  double: doubleType,
  bool: boolType,
  string: stringType,
  bytes: bytesType,
  null: nullType,
  dyn: dynType,
  timestamp: timestampType,
  duration: durationType,
};

/** Reads a type as declarations write it: "list(A)", "map(A,B)", "optional(A)", "type", "kubernetes.Quantity"; one capital letter is a parameter. */
export function parseType(text: string): Type {
  const call = /^(list|map|optional)\((.*)\)$/.exec(text);
  if (call) {
    const inner = splitTop(call[2] as string).map(parseType);
    if (call[1] === 'list') return listOf(inner[0] as Type);
    if (call[1] === 'optional') return optionalOf(inner[0] as Type);
    return mapOf(inner[0] as Type, inner[1] as Type);
  }
  if (/^[A-Z]$/.test(text)) return { kind: 'param', name: text };
  if (text === 'type') return { kind: 'type', of: { kind: 'param', name: 'T' } };
  return named[text] ?? opaque(text);
}

function splitTop(text: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      out.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (text !== '') out.push(text.slice(start));
  return out;
}

export interface Signature {
  /** The first argument is the receiver: "string.(string)bool". */
  member: boolean;
  args: Type[];
  result: Type;
}

/** Reads "string.(string,int)bool" or "(A,A)bool". */
export function parseSignature(text: string): Signature {
  const open = text.startsWith('(') ? 0 : text.indexOf('.(') + 1;
  let depth = 0;
  let close = open;
  for (; close < text.length; close++) {
    if (text[close] === '(') depth++;
    else if (text[close] === ')' && --depth === 0) break;
  }
  const args = splitTop(text.slice(open + 1, close)).map(parseType);
  const member = open > 0;
  if (member) args.unshift(parseType(text.slice(0, open - 1)));
  return { member, args, result: parseType(text.slice(close + 1)) };
}
