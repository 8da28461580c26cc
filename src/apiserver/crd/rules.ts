// x-kubernetes-validations at work: the CEL rules of a schema, compiled once, run over objects as they are written
// (apiextensions-apiserver/pkg/apiserver/schema/cel).
//
// Invariants: a rule that names oldSelf runs only where there is an old value to compare with, unless it says optionalOldSelf; a rule that fails on a part
// that an update leaves as it was is a warning; all rules of one object share one budget, after which nothing more is run and the object is refused.

import {
  type Compiled,
  CompileError,
  compile,
  environmentOf,
  perCallLimit,
  runtimeBudget,
} from '../../api/cel/index.ts';
import { itemsOf, type SchemaType, schemaType, schemaValue, valuesOf } from '../../api/cel/schema-types.ts';
import { boolType, optionalOf, stringType, type Type } from '../../api/cel/types.ts';
import { CostExceeded, noneOptional, Optional, type Value } from '../../api/cel/values.ts';
import {
  duplicate,
  type FieldError,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  omitValue,
  renderError,
  required,
} from '../../api/field-error.ts';
import type { JSONSchemaProps, ValidationRule } from '../../api/generated/types.ts';
import { deepEqual } from '../object.ts';
import { fieldPathOf } from './field-path.ts';

export interface CompiledRule {
  rule: ValidationRule;
  /** Undefined when the rule does not compile, or is empty. */
  program: Compiled | undefined;
  error: string | undefined;
  message: Compiled | undefined;
  messageError: string | undefined;
  usesOldSelf: boolean;
}

const boolKind = boolType.kind;

function attempt(text: string, self: Type, oldSelf: Type): Compiled | string {
  try {
    return compile(
      text,
      environmentOf([
        ['self', self],
        ['oldSelf', oldSelf],
      ]),
    );
  } catch (error) {
    if (error instanceof CompileError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

/** Compiles one rule against the type of the part of the schema that it stands in. */
export function compileRule(rule: ValidationRule, { type }: SchemaType): CompiledRule {
  const out: CompiledRule = {
    rule,
    program: undefined,
    error: undefined,
    message: undefined,
    messageError: undefined,
    usesOldSelf: false,
  };
  if (rule.rule.trim() === '') return out;
  const oldSelf = rule.optionalOldSelf ? optionalOf(type) : type;
  const program = attempt(rule.rule, type, oldSelf);
  if (typeof program === 'string') return { ...out, error: program };
  if (program.type.kind !== boolKind) return { ...out, error: 'cel expression must evaluate to a bool' };
  out.program = program;
  out.usesOldSelf = program.references.has('oldSelf');
  if (rule.messageExpression) {
    const message = attempt(rule.messageExpression, type, oldSelf);
    if (typeof message === 'string') out.messageError = `messageExpression ${message}`;
    else if (message.type.kind !== stringType.kind) out.messageError = 'messageExpression must evaluate to a string';
    else out.message = message;
  }
  return out;
}

/** The rules of one part of a schema and of all within it. */
interface Node {
  schema: JSONSchemaProps;
  root: boolean;
  rules: readonly CompiledRule[];
  items: Node | undefined;
  values: Node | undefined;
  properties: ReadonlyMap<string, Node>;
}

function nodeOf(schema: JSONSchemaProps, root: boolean): Node | undefined {
  const own = schema['x-kubernetes-validations'] ?? [];
  const type = own.length > 0 ? schemaType(schema, root) : undefined;
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const properties = new Map<string, Node>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(property, false);
    if (node) properties.set(name, node);
  }
  const node: Node = {
    schema,
    root,
    rules: type ? own.map((rule) => compileRule(rule, type)) : [],
    items: items && nodeOf(items, false),
    values: values && nodeOf(values, false),
    properties,
  };
  return node.rules.length > 0 || node.items || node.values || properties.size > 0 ? node : undefined;
}

export interface RuleOutcome {
  errors: FieldErrorList;
  /** Failures of parts that did not change. */
  warnings: string[];
}

/** Checks an object; `old` is what it replaces. */
export type RuleCheck = (object: unknown, old: unknown, at: FieldPath) => RuleOutcome;

/** The rules of a whole schema, or undefined if it has none. They are compiled when they are first needed. */
export function ruleCheck(schema: JSONSchemaProps | undefined): RuleCheck | undefined {
  if (!schema || !JSON.stringify(schema).includes('"x-kubernetes-validations"')) return undefined;
  let root: Node | undefined;
  return (object, old, at) => {
    root ??= nodeOf(schema, true);
    const run = new Run();
    if (root) run.node(root, object, old, at, old !== undefined, old !== undefined && deepEqual(object, old));
    return { errors: run.errors, warnings: run.warnings };
  };
}

type Fields = Record<string, unknown>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

class Run {
  readonly errors: FieldErrorList = [];
  readonly warnings: string[] = [];
  #budget = runtimeBudget;
  #stopped = false;

  /** `correlated`: old is this part's old value; `same`: this part, or one that holds it and has an old value, is as it was. */
  node(node: Node, value: unknown, old: unknown, at: FieldPath, correlated: boolean, same: boolean): void {
    if (this.#stopped || value === null || value === undefined) return;
    this.#rules(node, value, correlated ? old : undefined, at, same);
    if (Array.isArray(value) && node.items) this.#list(node, node.items, value, old, at, same);
    if (isObject(value)) this.#object(node, value, old, at, same);
  }

  #list(node: Node, items: Node, value: unknown[], old: unknown, at: FieldPath, same: boolean): void {
    const keys =
      node.schema['x-kubernetes-list-type'] === 'map' ? (node.schema['x-kubernetes-list-map-keys'] ?? []) : undefined;
    const identity = (item: unknown) => JSON.stringify(keys?.map((key) => (isObject(item) ? item[key] : undefined)));
    const before = new Map(keys && Array.isArray(old) ? old.map((item) => [identity(item), item]) : []);
    for (const [i, item] of value.entries()) {
      const was = keys ? before.get(identity(item)) : undefined;
      const correlated = was !== undefined;
      this.node(items, item, was, at.index(i), correlated, correlated ? deepEqual(item, was) : same);
    }
  }

  #object(node: Node, value: Fields, old: unknown, at: FieldPath, same: boolean): void {
    const before = isObject(old) ? old : undefined;
    for (const [key, item] of Object.entries(value)) {
      const child = node.properties.get(key) ?? (node.schema.properties ? undefined : node.values);
      if (!child) continue;
      const was = before && Object.hasOwn(before, key) ? before[key] : undefined;
      const correlated = was !== undefined;
      const path = node.properties.has(key) ? at.child(key) : at.key(key);
      this.node(child, item, was, path, correlated, correlated ? deepEqual(item, was) : same);
    }
  }

  #rules({ schema, root, rules }: Node, value: unknown, old: unknown, at: FieldPath, same: boolean): void {
    if (rules.length === 0) return;
    const type = schema.type ?? '';
    const self = schemaValue(value, schema, root);
    const before = old === undefined || old === null ? undefined : schemaValue(old, schema, root);
    for (const compiled of rules) {
      if (this.#stopped) return;
      const { rule, program, usesOldSelf } = compiled;
      if (compiled.error !== undefined) {
        this.errors.push(invalid(at, type, `rule compile error: ${compiled.error}`));
        continue;
      }
      if (!program || (usesOldSelf && before === undefined && !rule.optionalOldSelf)) continue;
      const oldSelf = rule.optionalOldSelf ? (before === undefined ? noneOptional : new Optional(before)) : before;
      const variables = (name: string): Value | undefined =>
        name === 'self' ? self : name === 'oldSelf' ? oldSelf : undefined;
      const outcome = program.run(variables, perCallLimit);
      this.#budget -= outcome.cost;
      const shown = (rule.message ?? '').trim() || rule.rule.trim();
      if (outcome.error instanceof CostExceeded) {
        this.#stop(
          invalid(
            at,
            type,
            `'${outcome.error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`,
          ),
        );
        return;
      }
      if (this.#budget < 0) {
        this.#stop(
          invalid(
            at,
            type,
            'validation failed due to running out of cost budget, no further validation rules will be run',
          ),
        );
        return;
      }
      if (outcome.error) {
        const { message } = outcome.error;
        this.errors.push(
          invalid(
            at,
            type,
            message.startsWith('no such overload')
              ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`
              : `${message} evaluating rule: ${shown}`,
          ),
        );
        continue;
      }
      if (outcome.value === true) continue;
      const detail = this.#message(compiled, variables) ?? ((rule.message ?? '').trim() || `failed rule: ${shown}`);
      const path = rule.fieldPath ? (fieldPathOf(rule.fieldPath, schema)?.under(at) ?? at) : at;
      const error = failure(path, type === 'object' || type === 'array' ? omitValue : value, detail, rule.reason);
      if (same && !usesOldSelf) this.warnings.push(renderError(error));
      else this.errors.push(error);
    }
  }

  #stop(error: FieldError): void {
    this.errors.push(error);
    this.#stopped = true;
  }

  /** What messageExpression says, if it says something usable. */
  #message({ message }: CompiledRule, variables: (name: string) => Value | undefined): string | undefined {
    if (!message) return undefined;
    const { value, cost } = message.run(variables, perCallLimit);
    this.#budget -= cost;
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' || text.includes('\n') || text.length > 5 * 1024 ? undefined : text;
  }
}

function failure(at: FieldPath, value: unknown, detail: string, reason: string | undefined): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(at, detail);
    case 'FieldValueRequired':
      return required(at, detail);
    case 'FieldValueDuplicate':
      return duplicate(at, value);
    default:
      return invalid(at, value, detail);
  }
}
