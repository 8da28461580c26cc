// CEL in admission: the variables that policies and matchConditions may name, and expressions compiled against them
// (apiserver/pkg/admission/plugin/cel).
//
// Invariant: a set of expressions shares one budget; what is compiled is kept by its text and by what it may name.

import { type AuthorizationQuestion, AuthorizerValue, ResourceCheck } from '../../api/cel/functions/authorizer.ts';
import { type Compiled, CompileError, compile, environmentOf, perCallLimit } from '../../api/cel/index.ts';
import {
  boolType,
  dynType,
  formatType,
  listOf,
  mapOf,
  objectType,
  opaque,
  stringType,
  type Type,
} from '../../api/cel/types.ts';
import { CelError, CostExceeded, fromJson, MapValue, type Value } from '../../api/cel/values.ts';
import type { Namespace } from '../../api/generated/types.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { KubeObject } from '../object.ts';
import type { AdmissionAttributes } from './admission.ts';
import type { Matched } from './matching.ts';

const fields = (name: string, ...list: [string, Type][]) => objectType(name, list);
const kindType = fields(
  'kubernetes.GroupVersionKind',
  ['group', stringType],
  ['version', stringType],
  ['kind', stringType],
);
const resourceType = fields(
  'kubernetes.GroupVersionResource',
  ['group', stringType],
  ['version', stringType],
  ['resource', stringType],
);
const userType = fields(
  'kubernetes.UserInfo',
  ['username', stringType],
  ['uid', stringType],
  ['groups', listOf(stringType)],
  ['extra', mapOf(stringType, listOf(stringType))],
);
const requestType = fields(
  'kubernetes.AdmissionRequest',
  ['kind', kindType],
  ['resource', resourceType],
  ['subResource', stringType],
  ['requestKind', kindType],
  ['requestResource', resourceType],
  ['requestSubResource', stringType],
  ['name', stringType],
  ['namespace', stringType],
  ['operation', stringType],
  ['userInfo', userType],
  ['dryRun', boolType],
  ['options', dynType],
);
const text = (name: string): [string, Type] => [name, stringType];
const namespaceType = fields(
  'kubernetes.Namespace',
  [
    'metadata',
    fields(
      'kubernetes.NamespaceMetadata',
      text('name'),
      text('generateName'),
      text('namespace'),
      ['labels', mapOf(stringType, stringType)],
      ['annotations', mapOf(stringType, stringType)],
      text('UID'),
      ['creationTimestamp', { kind: 'timestamp' }],
      ['deletionGracePeriodSeconds', { kind: 'int' }],
      ['deletionTimestamp', { kind: 'timestamp' }],
      ['generation', { kind: 'int' }],
      text('resourceVersion'),
      ['finalizers', listOf(stringType)],
    ),
  ],
  ['spec', fields('kubernetes.NamespaceSpec', ['finalizers', listOf(stringType)])],
  ['status', fields('kubernetes.NamespaceStatus', text('phase'))],
);

const patchType = fields('JSONPatch', text('op'), text('path'), text('from'), ['value', dynType]);

/** Types that mutations build: JSONPatch, and Object with whatever is in it. */
export const mutationStructs = (name: string): Type | undefined =>
  name === 'JSONPatch' ? patchType : name === 'Object' || name.startsWith('Object.') ? opaque(name) : undefined;

export interface Scope {
  params: boolean;
  authorizer: boolean;
  /** Expressions may build patches. */
  mutation?: boolean;
  /** spec.variables that come before, with their types. */
  variables: ReadonlyMap<string, Type>;
}

const environments = new Map<string, ReturnType<typeof environmentOf>>();

function environment({ params, authorizer, mutation, variables }: Scope): ReturnType<typeof environmentOf> {
  const key = variables.size > 0 ? '' : `${params} ${authorizer} ${mutation}`;
  const known = environments.get(key);
  if (known) return known;
  const list: [string, Type][] = [
    ['object', dynType],
    ['oldObject', dynType],
    ['namespaceObject', namespaceType],
    ['request', requestType],
  ];
  if (params) list.push(['params', dynType]);
  if (authorizer)
    list.push(
      ['authorizer', opaque('kubernetes.authorization.Authorizer')],
      ['authorizer.requestResource', opaque('kubernetes.authorization.ResourceCheck')],
    );
  if (variables.size > 0) list.push(['variables', objectType('kubernetes.variables', variables)]);
  const made = environmentOf(list, mutation ? mutationStructs : undefined);
  if (key !== '') environments.set(key, made);
  return made;
}

/** Compiles an expression that must have one of these types ('any' for all). Returns what is wrong as text. */
export function compileExpression(source: string, scope: Scope, wanted: readonly string[]): Compiled | string {
  try {
    const compiled = compile(source, environment(scope));
    const got = formatType(compiled.type);
    if (wanted.includes('any') || wanted.includes(got)) return compiled;
    const shown = wanted.length === 1 ? wanted[0] : `one of [${wanted.join(' ')}]`;
    return `must evaluate to ${shown} but got ${got}`;
  } catch (error) {
    if (error instanceof CompileError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

/** An expression that was accepted when its policy was, compiled when it is first needed. */
export interface Prepared {
  source: string;
  program: Compiled | undefined;
  error: string | undefined;
}

export function prepare(source: string, scope: Scope, wanted: readonly string[]): Prepared {
  const compiled = compileExpression(source, scope, wanted);
  return typeof compiled === 'string'
    ? { source, program: undefined, error: `compilation error: ${compiled}` }
    : { source, program: compiled, error: undefined };
}

class LazyVariables extends MapValue {
  readonly #known = new Map<string, Value | CelError>();
  readonly #make: (name: string) => Value | CelError | undefined;
  constructor(make: (name: string) => Value | CelError | undefined) {
    super();
    this.#make = make;
  }
  get(key: Value): Value | undefined {
    const name = String(key);
    let value = this.#known.get(name);
    if (value === undefined) {
      value = this.#make(name);
      if (value !== undefined) this.#known.set(name, value);
    }
    if (value instanceof CelError) throw value;
    return value;
  }
  keys(): Value[] {
    return [];
  }
  get size(): number {
    return 0;
  }
}

export interface Inputs {
  attributes: AdmissionAttributes;
  matched: Matched;
  params: KubeObject | undefined;
  namespace: Namespace | undefined;
  authorizer: Authorizer;
}

/** What one evaluation of a policy knows, and what is left of its budget. */
export class Evaluation {
  #budget: number;
  readonly #inputs: Inputs;
  readonly #variables: ReadonlyMap<string, Prepared>;
  readonly #values = new Map<string, Value | undefined>();

  constructor(inputs: Inputs, variables: ReadonlyMap<string, Prepared>, budget: number) {
    this.#inputs = inputs;
    this.#variables = variables;
    this.#budget = budget;
  }

  /** The value, or what went wrong as upstream words it. */
  run({ source, program, error }: Prepared): { value: Value } | { error: string } {
    if (!program) return { error: error as string };
    const outcome = program.run((name) => this.#variable(name), perCallLimit);
    this.#budget -= outcome.cost;
    if (this.#budget < 0)
      return { error: 'validation failed due to running out of cost budget, no further validation rules will be run' };
    if (outcome.error instanceof CostExceeded || outcome.error)
      return { error: `expression '${source}' resulted in error: ${outcome.error?.message}` };
    return { value: outcome.value as Value };
  }

  #variable(name: string): Value | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    const value = this.#make(name);
    this.#values.set(name, value);
    return value;
  }

  #make(name: string): Value | undefined {
    const { matched, params, namespace } = this.#inputs;
    switch (name) {
      case 'object':
        return fromJson(matched.object ?? null);
      case 'oldObject':
        return fromJson(matched.old ?? null);
      case 'params':
        return fromJson(params ?? null);
      case 'namespaceObject':
        return fromJson(namespace ?? null);
      case 'request':
        return fromJson(admissionRequest(this.#inputs.attributes, matched));
      case 'authorizer':
        return new AuthorizerValue((question) => this.#authorize(question), {});
      case 'authorizer.requestResource':
        return this.#requestResource();
      case 'variables':
        return new LazyVariables((variable) => this.#composed(variable));
      default:
        return undefined;
    }
  }

  #composed(name: string): Value | CelError | undefined {
    const prepared = this.#variables.get(name);
    if (!prepared) return undefined;
    const outcome = prepared.program?.run((inner) => this.#variable(inner), perCallLimit);
    this.#budget -= outcome?.cost ?? 0;
    const why = outcome ? outcome.error?.message : prepared.error;
    if (outcome?.value === undefined) return new CelError(`composited variable "${name}" fails to evaluate: ${why}`);
    return outcome.value;
  }

  #requestResource(): Value {
    const { resource, subresource, namespace, name } = this.#inputs.attributes;
    return new ResourceCheck((question) => this.#authorize(question), {
      group: resource.group,
      resource: resource.resource,
      subresource,
      namespace,
      name,
    });
  }

  #authorize(question: AuthorizationQuestion): { allowed: boolean; reason: string } {
    const { attributes, authorizer } = this.#inputs;
    const account = question.serviceAccount;
    const user = account
      ? {
          name: `system:serviceaccount:${account.namespace}:${account.name}`,
          uid: '',
          groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'],
          extra: {},
        }
      : attributes.user;
    const { decision, reason } = authorizer.authorize({
      user,
      verb: question.verb,
      isResource: question.path === undefined,
      namespace: question.namespace ?? '',
      group: question.group ?? '',
      version: '*',
      resource: question.resource ?? '',
      subresource: question.subresource ?? '',
      name: question.name ?? '',
      path: question.path ?? '',
    });
    return { allowed: decision === 'allow', reason };
  }
}

/** The request of an AdmissionReview, without uid, object and oldObject. */
export function admissionRequest(attributes: AdmissionAttributes, { resource: matched }: Matched) {
  const { resource, subresource, operation, name, namespace, user, dryRun, context } = attributes;
  const sub = resource.subresources.find((each) => each.name === subresource);
  const kindOf = ({ group, version, kind }: typeof resource) => ({
    group: sub?.group ?? group,
    version: sub?.version ?? version,
    kind: sub?.kind ?? kind,
  });
  const resourceOf = ({ group, version, resource: plural }: typeof resource) => ({ group, version, resource: plural });
  const options = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' }[operation];
  const patch = context.info.verb === 'patch' && operation !== 'DELETE';
  const query = context.url.searchParams;
  const fieldManager = query.get('fieldManager');
  const fieldValidation = query.get('fieldValidation');
  return {
    kind: kindOf(matched),
    resource: resourceOf(matched),
    ...(subresource && { subResource: subresource }),
    requestKind: kindOf(resource),
    requestResource: resourceOf(resource),
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...(Object.keys(user.extra).length > 0 && { extra: user.extra }),
    },
    dryRun,
    options: options
      ? {
          kind: patch ? 'PatchOptions' : options,
          apiVersion: 'meta.k8s.io/v1',
          ...(dryRun && { dryRun: ['All'] }),
          ...(fieldManager && { fieldManager }),
          ...(fieldValidation && { fieldValidation }),
        }
      : null,
  };
}

/** matchConditions: whether all hold. Throws their errors joined, when the failure policy is Fail. */
export function conditionsHold(evaluation: Evaluation, conditions: readonly Prepared[], failClosed: boolean): boolean {
  const errors: string[] = [];
  for (const condition of conditions) {
    const outcome = evaluation.run(condition);
    if ('error' in outcome) errors.push(outcome.error);
    else if (outcome.value !== true) return false;
  }
  if (errors.length === 0) return true;
  if (!failClosed) return false;
  throw new CelError(errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`);
}
