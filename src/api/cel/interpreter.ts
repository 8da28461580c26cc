// Runs checked expressions: the tree becomes closures once, each run counts what it costs (cel-go's interpreter and cost tracker).
//
// Invariants: no run costs more than its limit; && and || absorb errors of one side that the other decides; nothing but a CelError is thrown.

import { type Expr, type Fold, qualifiedName } from './ast.ts';
import { typeNames } from './checker.ts';
import { callCost, listCost, mapCost, structCost } from './cost.ts';
import type { Environment, Overload } from './environment.ts';
import { isRuntimeType } from './runtime-types.ts';
import {
  CelError,
  CostExceeded,
  EntryMap,
  MapValue,
  noneOptional,
  noSuchOverload,
  Optional,
  StructValue,
  sizeForCost,
  TypeValue,
  Uint,
  type Value,
} from './values.ts';

interface Frame {
  variables: (name: string) => Value | undefined;
  slots: (Value | (() => Value))[];
  cost: number;
  limit: number;
}

type Step = (frame: Frame) => Value;
type Scope = { name: string; slot: number }[];

export interface Outcome {
  /** Undefined when it failed. */
  value: Value | undefined;
  error: CelError | undefined;
  cost: number;
}

export type Program = (variables: (name: string) => Value | undefined, limit: number) => Outcome;

export function compileProgram(expr: Expr, environment: Environment): Program {
  const step = new Compiler(environment).compile(expr, []);
  return (variables, limit) => {
    const frame: Frame = { variables, slots: [], cost: 0, limit };
    try {
      return { value: step(frame), error: undefined, cost: frame.cost };
    } catch (error) {
      if (error instanceof CelError) return { value: undefined, error, cost: frame.cost };
      if (error instanceof RangeError)
        return { value: undefined, error: new CelError(error.message), cost: frame.cost };
      throw error;
    }
  };
}

function charge(frame: Frame, cost: number): void {
  frame.cost += cost;
  if (frame.cost > frame.limit) throw new CostExceeded('operation cancelled: actual cost limit exceeded');
}

const textual = (value: Value) => typeof value === 'string' || value instanceof Uint8Array;

class Compiler {
  readonly #environment: Environment;
  #slots = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  compile(expr: Expr, scope: Scope): Step {
    switch (expr.kind) {
      case 'literal': {
        const value = expr.unsigned ? new Uint(expr.value as bigint) : expr.value;
        return () => value;
      }
      case 'ident':
        return this.#ident(expr.name, scope);
      case 'select':
        return this.#select(expr, scope);
      case 'call':
        return this.#call(expr, scope);
      case 'list': {
        const items = expr.items.map(({ value, optional }) => ({ step: this.compile(value, scope), optional }));
        return (frame) => {
          const out: Value[] = [];
          for (const { step, optional } of items) {
            const value = step(frame);
            if (!optional) out.push(value);
            else if (value instanceof Optional) {
              if (value.value !== undefined) out.push(value.value);
            } else throw noSuchOverload();
          }
          charge(frame, listCost);
          return out;
        };
      }
      case 'map':
        return this.#map(expr, scope);
      case 'struct':
        return this.#struct(expr, scope);
      case 'bind': {
        const slot = this.#slots++;
        const value = this.compile(expr.value, scope);
        const body = this.compile(expr.body, [...scope, { name: expr.name, slot }]);
        return (frame) => {
          charge(frame, listCost);
          frame.slots[slot] = () => {
            const made = value(frame);
            frame.slots[slot] = made;
            return made;
          };
          return body(frame);
        };
      }
      case 'fold':
        return this.#fold(expr, scope);
    }
  }

  #declared(name: string, scope: Scope): boolean {
    return scope.some((each) => each.name === name) || this.#environment.variables.has(name);
  }

  #ident(name: string, scope: Scope): Step {
    const local = scope.findLast((each) => each.name === name);
    if (local) {
      const { slot } = local;
      return (frame) => {
        charge(frame, 1);
        const value = frame.slots[slot] as Value | (() => Value);
        return typeof value === 'function' ? value() : value;
      };
    }
    if (!this.#environment.variables.has(name) && typeNames.has(name)) {
      const type = new TypeValue(name);
      return () => type;
    }
    return (frame) => {
      charge(frame, 1);
      const value = frame.variables(name);
      if (value === undefined) throw new CelError(`no such attribute(s): ${name}`);
      return value;
    };
  }

  #select(expr: Extract<Expr, { kind: 'select' }>, scope: Scope): Step {
    const full = qualifiedName(expr);
    if (full !== undefined && typeNames.has(full) && !this.#declared(full.split('.')[0] as string, scope)) {
      const type = new TypeValue(full);
      return () => type;
    }
    if (full !== undefined && this.#environment.variables.has(full)) return this.#ident(full, scope);
    const operand = this.compile(expr.operand, scope);
    const { field, test, optional } = expr;
    return (frame) => {
      const value = operand(frame);
      if (test) {
        const inner = value instanceof Optional ? value.value : value;
        if (inner === undefined) return false;
        if (!(inner instanceof MapValue)) throw noSuchOverload();
        return inner.has(field);
      }
      charge(frame, 1);
      if (value instanceof Optional || optional) {
        const inner = value instanceof Optional ? value.value : value;
        if (inner === undefined) return noneOptional;
        if (!(inner instanceof MapValue)) throw noSuchOverload();
        const found = inner.get(field);
        return found === undefined ? noneOptional : new Optional(found);
      }
      if (!(value instanceof MapValue)) throw noSuchOverload();
      const found = value.get(field);
      if (found === undefined) throw new CelError(`no such key: ${field}`);
      return found;
    };
  }

  #map({ entries }: Extract<Expr, { kind: 'map' }>, scope: Scope): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.compile(key, scope),
      value: this.compile(value, scope),
      optional,
    }));
    return (frame) => {
      const out: [Value, Value][] = [];
      for (const { key, value, optional } of steps) {
        const name = key(frame);
        const content = value(frame);
        if (!optional) out.push([name, content]);
        else if (!(content instanceof Optional)) throw noSuchOverload();
        else if (content.value !== undefined) out.push([name, content.value]);
      }
      charge(frame, mapCost);
      return new EntryMap(out);
    };
  }

  #struct({ type, fields }: Extract<Expr, { kind: 'struct' }>, scope: Scope): Step {
    const steps = fields.map(({ name, value, optional }) => ({ name, step: this.compile(value, scope), optional }));
    return (frame) => {
      const out = new Map<string, Value>();
      for (const { name, step, optional } of steps) {
        const value = step(frame);
        if (!optional) out.set(name, value);
        else if (!(value instanceof Optional)) throw noSuchOverload();
        else if (value.value !== undefined) out.set(name, value.value);
      }
      charge(frame, structCost);
      return new StructValue(type, out);
    };
  }

  #call(expr: Extract<Expr, { kind: 'call' }>, scope: Scope): Step {
    const { name, target, args } = expr;
    if (name === '_&&_' || name === '_||_') return this.#logical(name === '_||_', expr, scope);
    if (name === '_?_:_') {
      const [condition, yes, no] = args.map((arg) => this.compile(arg, scope)) as [Step, Step, Step];
      return (frame) => {
        const decided = condition(frame);
        if (typeof decided !== 'boolean') throw noSuchOverload();
        return decided ? yes(frame) : no(frame);
      };
    }
    const { functions } = this.#environment;
    const space = target && qualifiedName(target);
    const full = `${space}.${name}`;
    const namespaced =
      space !== undefined && functions.has(full) && !this.#declared(space.split('.')[0] as string, scope);
    const key = namespaced ? full : name;
    const all = target && !namespaced ? [target, ...args] : args;
    const member = target !== undefined && !namespaced;
    const steps = all.map((arg) => this.compile(arg, scope));
    const overloads = (functions.get(key) ?? []).filter(
      (each) => each.member === member && each.args.length === steps.length,
    );
    if (key === 'or' || key === 'orValue') return lazyOptional(key, steps as [Step, Step]);
    return (frame) => {
      const values = steps.map((step) => step(frame));
      const overload = pick(overloads, values);
      charge(frame, callCost(key, values.map(sizeForCost), values.map(textual)));
      return (overload.run as (...values: Value[]) => Value)(...values);
    };
  }

  #logical(decides: boolean, expr: Extract<Expr, { kind: 'call' }>, scope: Scope): Step {
    const [left, right] = expr.args.map((arg) => this.compile(arg, scope)) as [Step, Step];
    const attempt = (step: Step, frame: Frame): boolean | CelError => {
      try {
        const value = step(frame);
        return typeof value === 'boolean' ? value : noSuchOverload();
      } catch (error) {
        if (error instanceof CelError && !(error instanceof CostExceeded)) return error;
        throw error;
      }
    };
    return (frame) => {
      const first = attempt(left, frame);
      if (first === decides) return decides;
      const second = attempt(right, frame);
      if (second === decides) return decides;
      if (first instanceof CelError) throw first;
      if (second instanceof CelError) throw second;
      return !decides;
    };
  }

  #fold(expr: Fold, scope: Scope): Step {
    const range = this.compile(expr.range, scope);
    const slots = expr.vars.map((name) => ({ name, slot: this.#slots++ }));
    const inner = [...scope, ...slots];
    const filter = expr.filter && this.compile(expr.filter, inner);
    const body = this.compile(expr.body, inner);
    const [first, second] = slots.map(({ slot }) => slot) as [number, number | undefined];
    const kind = expr.fold;
    /** Calls `each` for every element until it returns false. */
    const iterate = (frame: Frame, each: () => boolean): void => {
      const value = range(frame);
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) {
          if (second === undefined) frame.slots[first] = value[i] as Value;
          else {
            frame.slots[first] = BigInt(i);
            frame.slots[second] = value[i] as Value;
          }
          if (!each()) return;
        }
      } else if (value instanceof MapValue) {
        for (const key of value.keys()) {
          const item = value.get(key);
          if (item === undefined) continue;
          frame.slots[first] = key;
          if (second !== undefined) frame.slots[second] = item;
          if (!each()) return;
        }
      } else throw noSuchOverload();
    };
    const truth = (frame: Frame, step: Step): boolean => {
      const value = step(frame);
      if (typeof value !== 'boolean') throw noSuchOverload();
      return value;
    };
    if (kind === 'all' || kind === 'exists') {
      const decides = kind === 'exists';
      return (frame) => {
        let failure: CelError | undefined;
        let decided = false;
        iterate(frame, () => {
          charge(frame, decides ? 4 : 3);
          try {
            if (truth(frame, body) === decides) decided = true;
          } catch (error) {
            if (!(error instanceof CelError) || error instanceof CostExceeded) throw error;
            failure ??= error;
          }
          return !decided;
        });
        charge(frame, 1);
        if (decided) return decides;
        if (failure) throw failure;
        return !decides;
      };
    }
    if (kind === 'existsOne')
      return (frame) => {
        let count = 0;
        iterate(frame, () => {
          charge(frame, 2);
          if (truth(frame, body)) count++;
          return true;
        });
        charge(frame, 2);
        return count === 1;
      };
    if (kind === 'transformMap' || kind === 'transformMapEntry')
      return (frame) => {
        const out: [Value, Value][] = [];
        charge(frame, mapCost);
        iterate(frame, () => {
          charge(frame, 3);
          if (filter && !truth(frame, filter)) return true;
          const made = body(frame);
          if (kind === 'transformMap') out.push([frame.slots[first] as Value, made]);
          else if (made instanceof MapValue) for (const key of made.keys()) out.push([key, made.get(key) as Value]);
          return true;
        });
        charge(frame, 1);
        return new EntryMap(out);
      };
    return (frame) => {
      const out: Value[] = [];
      charge(frame, listCost);
      iterate(frame, () => {
        if (kind === 'filter') {
          const item = frame.slots[first] as Value;
          const keep = truth(frame, body);
          charge(frame, keep ? 13 : 1);
          if (keep) out.push(item);
          return true;
        }
        if (filter && !truth(frame, filter)) {
          charge(frame, 1);
          return true;
        }
        charge(frame, 12);
        out.push(body(frame));
        return true;
      });
      charge(frame, 1);
      return out;
    };
  }
}

function lazyOptional(name: 'or' | 'orValue', [target, other]: [Step, Step]): Step {
  return (frame) => {
    const value = target(frame);
    if (!(value instanceof Optional)) throw noSuchOverload();
    charge(frame, 1);
    if (value.value !== undefined) return name === 'or' ? value : value.value;
    return other(frame);
  };
}

function pick(overloads: readonly Overload[], values: readonly Value[]): Overload {
  for (const overload of overloads)
    if (overload.args.every((type, i) => isRuntimeType(values[i] as Value, type))) return overload;
  throw noSuchOverload();
}
