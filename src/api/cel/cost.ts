// What calls cost, in the units in which Kubernetes limits expressions (apiserver/pkg/cel/library/cost.go and cel-go's cost models): the same rules with
// the sizes that values have when an expression runs, and with the largest sizes that their schema allows when it is judged beforehand.

import type { Expr, Fold } from './ast.ts';
import type { Checked } from './checker.ts';
import type { Type } from './types.ts';

export const traversal = 0.1;
const perPattern = 0.25;
export const listCost = 10;
export const mapCost = 30;
export const structCost = 40;

const scan = (size: number, factor = 1) => Math.ceil(size * factor * traversal);
const product = (a: number, b: number) => (a === 0 || b === 0 ? 0 : a * b);
const patternCost = (text: number, pattern: number) => product(scan(text + 1), Math.ceil(pattern * perPattern));

/** Functions that walk their first argument: how often. */
const walking: Record<string, number> = {
  url: 1,
  lowerAscii: 1,
  upperAscii: 1,
  substring: 1,
  trim: 1,
  'jsonpatch.escapeKey': 1,
  replace: 2,
  split: 2,
  cidr: 1,
  isIP: 1,
  isCIDR: 1,
  'ip.isCanonical': 2,
  quantity: 1,
  isQuantity: 1,
  semver: 1,
  isSemver: 1,
  quote: 1,
  format: 1,
};

/** `sizes` are those of all arguments, the receiver first; `texts` says which of them are strings or bytes. */
export function callCost(name: string, sizes: readonly number[], texts: readonly boolean[]): number {
  const [a = 1, b = 1] = sizes;
  const factor = walking[name];
  if (factor !== undefined && Object.hasOwn(walking, name)) return scan(a, factor);
  switch (name) {
    case 'check':
      return 350_000;
    case 'fieldSelector':
    case 'labelSelector':
      return listCost + scan(b) + Math.ceil(Math.ceil(b * 0.5) * (listCost + structCost));
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
    case 'includes':
      return texts[0] ? scan(a) : a;
    case 'find':
    case 'findAll':
    case 'matches':
      return patternCost(a, b);
    case 'validate':
      return patternCost(b, 128);
    case 'contains':
      return product(scan(a), scan(b));
    case 'containsIP':
      return scan(32) + (texts[1] ? scan(b) : 0);
    case 'containsCIDR':
      return scan(32) + scan(16) + 1 + (texts[1] ? scan(b) : 0);
    case 'ip':
    case 'string':
    case 'bytes':
      return texts[0] ? scan(a) : 1;
    case 'startsWith':
    case 'endsWith':
      return scan(b);
    case '@in':
      return b;
    case '_==_':
    case '_!=_':
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return scan(Math.min(a, b));
    case '_+_':
      return texts[0] ? scan(a + b) : 1;
    default:
      return 1;
  }
}

/** Size of a call's result, where it follows from the arguments. */
function resultSize(name: string, sizes: readonly number[], args: readonly Expr[]): number | undefined {
  const [a = Infinity, b = Infinity, c = 0] = sizes;
  switch (name) {
    case '_+_':
      return a + b;
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
    case 'url':
    case 'dyn':
    case 'find':
    case 'findAll':
    case 'string':
      return a;
    case 'split': {
      const limit = args[1];
      return limit?.kind === 'literal' && typeof limit.value === 'bigint' ? Number(limit.value) : a;
    }
    case 'replace':
      return b === 0 ? (a + 1) * c + a : c <= b ? a : Math.ceil(a / b) * c;
    case 'join':
      return undefined;
    case '_?_:_':
      return Math.max(b, c);
    default:
      return undefined;
  }
}

const isText = (type: Type | undefined) => type?.kind === 'string' || type?.kind === 'bytes';
// A type that is named counts as the one thing that it is: type(self) == string.
const scalars = new Set(['int', 'uint', 'double', 'bool', 'null', 'timestamp', 'duration', 'type']);

/** The most that an expression can cost; Infinity where nothing bounds it. */
export function estimateCost(checked: Checked): number {
  return new Estimator(checked.types).cost(checked.expr);
}

class Estimator {
  readonly #types: ReadonlyMap<Expr, Type>;
  readonly #sizes = new Map<Expr, number>();
  readonly #bound = new Map<string, number>();

  constructor(types: ReadonlyMap<Expr, Type>) {
    this.#types = types;
  }

  size(expr: Expr): number {
    const known = this.#sizes.get(expr);
    if (known !== undefined) return known;
    if (expr.kind === 'list') return expr.items.length;
    if (expr.kind === 'map') return expr.entries.length;
    const type = this.#types.get(expr);
    if (type?.max !== undefined) return type.max;
    if (type && scalars.has(type.kind)) return 1;
    if (expr.kind === 'ident') return this.#bound.get(expr.name) ?? Infinity;
    return Infinity;
  }

  cost(expr: Expr): number {
    switch (expr.kind) {
      case 'literal':
        return 0;
      case 'ident':
        return 1;
      case 'select': {
        const kind = this.#types.get(expr.operand)?.kind;
        return this.cost(expr.operand) + (!expr.test && (kind === 'map' || kind === 'object') ? 1 : 0);
      }
      case 'list':
        return listCost + this.#sum(expr.items.map(({ value }) => value));
      case 'map':
        return mapCost + this.#sum(expr.entries.flatMap(({ key, value }) => [key, value]));
      case 'struct':
        return structCost + this.#sum(expr.fields.map(({ value }) => value));
      case 'bind': {
        const value = this.cost(expr.value);
        this.#bound.set(expr.name, this.size(expr.value));
        const out = listCost + value + this.cost(expr.body);
        this.#sizes.set(expr, this.size(expr.body));
        return out;
      }
      case 'call':
        return this.#call(expr);
      case 'fold':
        return this.#fold(expr);
    }
  }

  #sum(list: readonly Expr[]): number {
    return list.reduce((sum, each) => sum + this.cost(each), 0);
  }

  #call(expr: Extract<Expr, { kind: 'call' }>): number {
    const all = expr.target && !this.#isNamespace(expr.target) ? [expr.target, ...expr.args] : expr.args;
    const costs = all.map((each) => this.cost(each));
    const sum = costs.reduce((total, each) => total + each, 0);
    const sizes = all.map((each) => this.size(each));
    const size = resultSize(expr.name, sizes, all);
    if (size !== undefined && this.#types.get(expr)?.max === undefined) this.#sizes.set(expr, size);
    if (expr.name === '_&&_' || expr.name === '_||_') return sum;
    if (expr.name === '_?_:_') return (costs[0] as number) + Math.max(costs[1] as number, costs[2] as number);
    if (expr.name === 'join') return sum + this.#join(expr, all, sizes);
    const texts = all.map((each) => isText(this.#types.get(each)));
    const first = this.#types.get(all[0] as Expr);
    const walked =
      first?.kind === 'list' && isText(first.elem) && /^(isSorted|sum|max|min|(last)?[iI]ndexOf)$/.test(expr.name);
    if (walked) return sum + product(sizes[0] as number, 1 + scan(first.elem.max ?? Infinity));
    return sum + callCost(expr.name, sizes, texts);
  }

  /** The target of "sets.contains(...)" names where the function lives, and is no value. */
  #isNamespace(target: Expr): boolean {
    return !this.#types.has(target);
  }

  #join(expr: Expr, all: readonly Expr[], sizes: readonly number[]): number {
    const type = this.#types.get(all[0] as Expr);
    const item = type?.kind === 'list' ? (type.elem.max ?? Infinity) : Infinity;
    const count = sizes[0] as number;
    const size = product(count, item) + (all.length > 1 ? product(sizes[1] as number, Math.max(0, count - 1)) : 0);
    this.#sizes.set(expr, size);
    return scan(size);
  }

  #fold(expr: Fold): number {
    const range = this.cost(expr.range);
    const count = this.size(expr.range);
    const filter = expr.filter ? this.cost(expr.filter) : 0;
    const body = this.cost(expr.body);
    if (!['all', 'exists', 'existsOne'].includes(expr.fold)) this.#sizes.set(expr, count);
    switch (expr.fold) {
      case 'all':
        return range + 1 + product(count, 3 + body);
      case 'exists':
        return range + 1 + product(count, 4 + body);
      case 'existsOne':
        return range + 2 + product(count, 2 + body);
      case 'filter':
        return range + 1 + listCost + product(count, 13 + body);
      case 'transformMap':
      case 'transformMapEntry':
        return range + 1 + mapCost + product(count, 3 + filter + body);
      default:
        return range + 1 + listCost + product(count, 12 + filter + body);
    }
  }
}
