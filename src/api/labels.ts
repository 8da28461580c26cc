// Label selectors: the text form of query parameters and the LabelSelector object (k8s.io/apimachinery/pkg/labels, apis/meta/v1).
//
// A selector is a list of requirements, all of which must hold; the empty list selects everything.

import { type FieldErrorList, FieldPath, invalid, notSupported, renderErrors } from './field-error.ts';
import type { LabelSelector } from './generated/types.ts';
import { isQualifiedName, isValidLabelValue } from './names.ts';

export type Labels = Readonly<Record<string, string>> | undefined;
export type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** In the order of their text (upstream sorts sets). */
  readonly values: readonly string[];
}

export type Selector = readonly Requirement[];

export const everything: Selector = [];
/** Selects nothing: what a nil LabelSelector means. */
export const nothing: Selector = Object.freeze([Object.freeze({ key: '', operator: 'in' as const, values: [] })]);

/** The text cannot be parsed, or a requirement is not valid; the message is upstream's. */
export class SelectorError extends Error {}

const integer = /^[+-]?\d+$/;

export function newRequirement(
  key: string,
  operator: Operator,
  values: readonly string[],
  at: FieldPath = new FieldPath(),
): Requirement {
  const errors: FieldErrorList = [];
  const name = (path: FieldPath) => path;
  const keyErrors = isQualifiedName(key);
  if (keyErrors.length > 0) errors.push(invalid(name(at.child('key')), key, keyErrors.join('; ')));
  const valuesAt = at.child('values');
  if (operator === 'in' || operator === 'notin') {
    if (values.length === 0)
      errors.push(invalid(valuesAt, values, "for 'in', 'notin' operators, values set can't be empty"));
  } else if (operator === '=' || operator === '==' || operator === '!=') {
    if (values.length !== 1)
      errors.push(invalid(valuesAt, values, 'exact-match compatibility requires one single value'));
  } else if (operator === 'exists' || operator === '!') {
    if (values.length !== 0)
      errors.push(invalid(valuesAt, values, 'values set must be empty for exists and does not exist'));
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1)
      errors.push(invalid(valuesAt, values, "for 'Gt', 'Lt' operators, exactly one value is required"));
    values.forEach((value, i) => {
      if (!integer.test(value))
        errors.push(invalid(valuesAt.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    });
  } else
    errors.push(
      notSupported(at.child('operator'), operator, ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!']),
    );
  values.forEach((value, i) => {
    const wrong = isValidLabelValue(value);
    if (wrong.length > 0) errors.push(invalid(valuesAt.index(i).key(key), value, wrong.join('; ')));
  });
  if (errors.length > 0) throw new SelectorError(renderErrors(errors));
  return { key, operator, values: [...values].sort() };
}

export function requirementMatches(requirement: Requirement, labels: Labels): boolean {
  const { key, operator, values } = requirement;
  const has = labels !== undefined && labels !== null && Object.hasOwn(labels, key);
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return has && values.includes(labels[key] as string);
    case 'notin':
    case '!=':
      return !has || !values.includes(labels[key] as string);
    case 'exists':
      return has;
    case '!':
      return !has;
    default: {
      if (!has || !integer.test(labels[key] as string)) return false;
      const actual = BigInt((labels[key] as string).replace('+', ''));
      const bound = BigInt((values[0] as string).replace('+', ''));
      return operator === 'gt' ? actual > bound : actual < bound;
    }
  }
}

export const selectorMatches = (selector: Selector, labels: Labels): boolean =>
  selector.every((requirement) => requirementMatches(requirement, labels));

/** The text form, requirements in order of their keys. */
export function formatSelector(selector: Selector): string {
  return selector
    .map(({ key, operator, values }) => {
      switch (operator) {
        case 'exists':
          return key;
        case '!':
          return `!${key}`;
        case 'in':
        case 'notin':
          return `${key} ${operator} (${values.join(',')})`;
        case 'gt':
          return `${key}>${values[0]}`;
        case 'lt':
          return `${key}<${values[0]}`;
        default:
          return `${key}${operator}${values[0]}`;
      }
    })
    .join(',');
}

type Token = {
  kind: 'identifier' | 'end' | '!' | '(' | ')' | ',' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin';
  text: string;
};

function* tokens(text: string): Generator<Token> {
  const pattern = /\s*(==|!=|[!(),=<>]|[^\s!(),=<>]+)/y;
  let at = 0;
  while (text.slice(at).trim() !== '') {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[1] as string;
    at = pattern.lastIndex;
    if (/^(==|!=|[!(),=<>])$/.test(found)) yield { kind: found as Token['kind'], text: found };
    else if (found === 'in' || found === 'notin') yield { kind: found, text: found };
    else yield { kind: 'identifier', text: found };
  }
}

class Parser {
  private readonly list: Token[];
  private at = 0;

  constructor(text: string) {
    this.list = [...tokens(text)];
  }
  /** In a position where values are expected, "in" and "notin" are plain words. */
  private peek(values = false): Token {
    const token = this.list[this.at] ?? { kind: 'end', text: '' };
    return values && (token.kind === 'in' || token.kind === 'notin') ? { kind: 'identifier', text: token.text } : token;
  }
  private next(values = false): Token {
    const token = this.peek(values);
    this.at++;
    return token;
  }

  parse(): Requirement[] {
    const out: Requirement[] = [];
    for (;;) {
      const token = this.peek(true);
      if (token.kind === 'end') return out;
      if (token.kind !== 'identifier' && token.kind !== '!')
        throw new SelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      try {
        out.push(this.requirement());
      } catch (error) {
        throw new SelectorError(`unable to parse requirement: ${(error as Error).message}`);
      }
      const separator = this.next();
      if (separator.kind === 'end') return out;
      if (separator.kind !== ',')
        throw new SelectorError(`found '${separator.text}', expected: ',' or 'end of string'`);
      const following = this.peek(true);
      if (following.kind !== 'identifier' && following.kind !== '!')
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
    }
  }

  private requirement(): Requirement {
    let token = this.next(true);
    let absent = false;
    if (token.kind === '!') {
      absent = true;
      token = this.next(true);
    }
    if (token.kind !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyErrors = isQualifiedName(key);
    if (keyErrors.length > 0)
      throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyErrors.join('; ')}`);
    const after = this.peek();
    if (absent) return newRequirement(key, '!', []);
    if (after.kind === 'end' || after.kind === ',') return newRequirement(key, 'exists', []);
    const operator = this.next();
    switch (operator.kind) {
      case 'in':
      case 'notin':
        return newRequirement(key, operator.kind, this.set());
      case '=':
      case '==':
      case '!=':
        return newRequirement(key, operator.kind, [this.exact()]);
      case '>':
        return newRequirement(key, 'gt', [this.exact()]);
      case '<':
        return newRequirement(key, 'lt', [this.exact()]);
      default:
        throw new SelectorError(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  private exact(): string {
    const token = this.peek(true);
    if (token.kind === 'end' || token.kind === ',') return '';
    if (token.kind !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    this.at++;
    return token.text;
  }

  private set(): string[] {
    const open = this.next(true);
    if (open.kind !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    if (this.peek(true).kind === ')') {
      this.at++;
      return [''];
    }
    for (;;) {
      const token = this.peek(true);
      if (token.kind === 'identifier') {
        values.add(token.text);
        this.at++;
      } else if (token.kind === ',' || token.kind === ')') values.add('');
      else throw new SelectorError(`found '${token.text}', expected: ',', ')' or identifier`);
      const separator = this.next(true);
      if (separator.kind === ')') return [...values];
      if (separator.kind !== ',') throw new SelectorError(`found '${separator.text}', expected: ',' or ')'`);
    }
  }
}

/** Parses `app=web,tier in (a,b),!old`. Throws a SelectorError. */
export function parseSelector(text: string): Selector {
  return new Parser(text).parse().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** The selector that an exact set of labels makes. */
export function selectorFromSet(labels: Labels): Selector {
  return Object.entries(labels ?? {})
    .map(([key, value]) => ({ key, operator: '=' as const, values: [value] }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** A LabelSelector object as a selector: null selects nothing, {} everything. Throws a SelectorError on an unknown operator. */
export function labelSelectorAsSelector(selector: LabelSelector | null | undefined): Selector {
  if (!selector) return nothing;
  const requirements: Requirement[] = [...selectorFromSet(selector.matchLabels)].map((r) => ({ ...r, operator: '=' }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const operators: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };
    const op = operators[operator];
    if (!op) throw new SelectorError(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push(newRequirement(key, op, values ?? []));
  }
  return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** A LabelSelector as tables and describe print it: "app=web,tier in (a,b)", "<none>" when it is empty or absent (metav1.FormatLabelSelector). */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  if (!selector) return '<none>';
  try {
    return formatSelector(labelSelectorAsSelector(selector)) || '<none>';
  } catch (error) {
    return `<error: ${(error as Error).message}>`;
  }
}

/** Labels as tables print them: sorted "k=v" joined by commas, "<none>" when empty (labels.FormatLabels). */
export function formatLabels(labels: Labels): string {
  const text = Object.keys(labels ?? {})
    .sort()
    .map((key) => `${key}=${labels?.[key]}`)
    .join(',');
  return text || '<none>';
}
