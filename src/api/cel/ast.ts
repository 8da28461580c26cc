// The syntax tree of an expression. Operators are calls with cel-go's names (_+_, _[_], !_); macros over ranges are folds.

export type FoldKind =
  | 'all'
  | 'exists'
  | 'existsOne'
  | 'map'
  | 'filter'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry';

export type Expr =
  | {
      readonly kind: 'literal';
      readonly at: number;
      readonly value: null | boolean | string | bigint | number | Uint8Array;
      readonly unsigned?: boolean;
    }
  | { readonly kind: 'ident'; readonly at: number; readonly name: string }
  | {
      readonly kind: 'select';
      readonly at: number;
      readonly operand: Expr;
      readonly field: string;
      readonly test: boolean;
      readonly optional: boolean;
    }
  | {
      readonly kind: 'call';
      readonly at: number;
      readonly name: string;
      readonly target?: Expr;
      readonly args: readonly Expr[];
    }
  | {
      readonly kind: 'list';
      readonly at: number;
      readonly items: readonly { readonly value: Expr; readonly optional: boolean }[];
    }
  | { readonly kind: 'map'; readonly at: number; readonly entries: readonly MapEntry[] }
  | { readonly kind: 'struct'; readonly at: number; readonly type: string; readonly fields: readonly StructField[] }
  | { readonly kind: 'bind'; readonly at: number; readonly name: string; readonly value: Expr; readonly body: Expr }
  | Fold;

export interface MapEntry {
  readonly at: number;
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface StructField {
  readonly at: number;
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface Fold {
  readonly kind: 'fold';
  readonly at: number;
  readonly fold: FoldKind;
  readonly range: Expr;
  /** One: items of a list or keys of a map; two: index or key, and value. */
  readonly vars: readonly [string] | readonly [string, string];
  /** The filter of map, transformList and transformMap with one more argument. */
  readonly filter?: Expr;
  readonly body: Expr;
}

/** "a.b.c" for a chain of plain selections from an identifier; undefined for anything else. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.test || expr.optional) return undefined;
  const inner = qualifiedName(expr.operand);
  return inner === undefined ? undefined : `${inner}.${expr.field}`;
}

export function walk(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  for (const child of childrenOf(expr)) walk(child, visit);
}

function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case 'list':
      return expr.items.map(({ value }) => value);
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expr.fields.map(({ value }) => value);
    case 'bind':
      return [expr.value, expr.body];
    case 'fold':
      return [expr.range, ...(expr.filter ? [expr.filter] : []), expr.body];
    default:
      return [];
  }
}
