// authorizer: what a user may do, asked from within a policy (apiserver/pkg/cel/library/authz.go). The answers come from whoever makes the Authorizer value.

import type { Declaration } from '../environment.ts';
import { OpaqueValue, type Value } from '../values.ts';

/** One question; `path` for paths that are no resources. */
export interface AuthorizationQuestion {
  verb: string;
  path?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: string;
  labelSelector?: string;
  /** Asked for this service account instead of the request's user. */
  serviceAccount?: { namespace: string; name: string };
}

export interface AuthorizationAnswer {
  allowed: boolean;
  reason: string;
}

type Ask = (question: AuthorizationQuestion) => AuthorizationAnswer;
type Part = Partial<AuthorizationQuestion>;

abstract class Builder extends OpaqueValue {
  readonly ask: Ask;
  readonly part: Part;
  constructor(ask: Ask, part: Part) {
    super();
    this.ask = ask;
    this.part = part;
  }
  equals(other: Value): boolean {
    return other === this;
  }
}

export class AuthorizerValue extends Builder {
  readonly typeName = 'kubernetes.authorization.Authorizer';
}
class PathCheck extends Builder {
  readonly typeName = 'kubernetes.authorization.PathCheck';
}
class GroupCheck extends Builder {
  readonly typeName = 'kubernetes.authorization.GroupCheck';
}
export class ResourceCheck extends Builder {
  readonly typeName = 'kubernetes.authorization.ResourceCheck';
}
class Decision extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly answer: AuthorizationAnswer;
  constructor(answer: AuthorizationAnswer) {
    super();
    this.answer = answer;
  }
  equals(other: Value): boolean {
    return other === this;
  }
}

const space = 'kubernetes.authorization.';
const more = (field: keyof AuthorizationQuestion) => (check: ResourceCheck, value: string) =>
  new ResourceCheck(check.ask, { ...check.part, [field]: value });
const decide = ({ ask, part }: Builder, verb: string) => new Decision(ask({ ...part, verb }));

export const authorizerFunctions: Declaration[] = [
  [
    'path',
    `${space}Authorizer.(string)${space}PathCheck`,
    ({ ask, part }: AuthorizerValue, path: string) => new PathCheck(ask, { ...part, path }),
  ],
  [
    'group',
    `${space}Authorizer.(string)${space}GroupCheck`,
    ({ ask, part }: AuthorizerValue, group: string) => new GroupCheck(ask, { ...part, group }),
  ],
  [
    'serviceAccount',
    `${space}Authorizer.(string,string)${space}Authorizer`,
    ({ ask, part }: AuthorizerValue, namespace: string, name: string) =>
      new AuthorizerValue(ask, { ...part, serviceAccount: { namespace, name } }),
  ],
  [
    'resource',
    `${space}GroupCheck.(string)${space}ResourceCheck`,
    ({ ask, part }: GroupCheck, resource: string) => new ResourceCheck(ask, { ...part, resource }),
  ],
  ...(['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'] as const).map(
    (field): Declaration => [field, `${space}ResourceCheck.(string)${space}ResourceCheck`, more(field)],
  ),
  ['check', `${space}PathCheck.(string)${space}Decision`, decide],
  ['check', `${space}ResourceCheck.(string)${space}Decision`, decide],
  ['allowed', `${space}Decision.()bool`, ({ answer }: Decision) => answer.allowed],
  ['reason', `${space}Decision.()string`, ({ answer }: Decision) => answer.reason],
  ['errored', `${space}Decision.()bool`, () => false],
  ['error', `${space}Decision.()string`, () => ''],
];
