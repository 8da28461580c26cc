// May they: the question put to authorizers, and how a refusal is worded (apiserver/pkg/authorization, endpoints/handlers/responsewriters).

import { newForbidden } from '../../api/status.ts';
import type { UserInfo } from '../server/context.ts';
import type { RequestInfo } from '../server/request-info.ts';

export interface AuthorizationAttributes {
  user: UserInfo;
  verb: string;
  isResource: boolean;
  namespace: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  name: string;
  path: string;
  /** fieldSelector of a list, watch or deletecollection, as it was written. */
  fieldSelector?: string;
}

export type Decision = 'allow' | 'deny' | 'none';

export interface Verdict {
  decision: Decision;
  reason: string;
}

export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Verdict;
}

/** The first authorizer with an opinion decides; without one nothing is allowed. */
export function union(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(attributes) {
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const verdict = authorizer.authorize(attributes);
        if (verdict.decision !== 'none') return verdict;
        if (verdict.reason) reasons.push(verdict.reason);
      }
      return { decision: 'none', reason: reasons.join('\n') };
    },
  };
}

/** system:masters may do anything. */
export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) =>
    user.groups.includes('system:masters') ? { decision: 'allow', reason: '' } : { decision: 'none', reason: '' },
};

/** --authorization-mode=AlwaysAllow */
export const allowAll: Authorizer = { authorize: () => ({ decision: 'allow', reason: '' }) };

export function attributesOf(user: UserInfo, info: RequestInfo, query: URLSearchParams): AuthorizationAttributes {
  const { verb, isResource, namespace, group, version, resource, subresource, name, path } = info;
  const fieldSelector = query.get('fieldSelector');
  const attributes = { user, verb, isResource, namespace, group, version, resource, subresource, name, path };
  return fieldSelector ? { ...attributes, fieldSelector } : attributes;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** `User "x" cannot list resource "pods" in API group "" in the namespace "default"`, with nothing in it that a browser takes for HTML. */
export const forbiddenMessage = (attributes: AuthorizationAttributes): string =>
  plainMessage(attributes).replace(/[&<>]/g, (c) => entities[c] as string);

function plainMessage(attributes: AuthorizationAttributes): string {
  const { user, verb, isResource, namespace, group, resource, subresource, path } = attributes;
  const who = `User ${JSON.stringify(user.name)}`;
  if (!isResource) return `${who} cannot ${verb} path ${JSON.stringify(path)}`;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `${who} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}

/** Throws Forbidden unless allowed. */
export function demand(authorizer: Authorizer, attributes: AuthorizationAttributes): void {
  const verdict = authorizer.authorize(attributes);
  if (verdict.decision === 'allow') return;
  const message = forbiddenMessage(attributes);
  throw newForbidden(
    { group: attributes.group, resource: attributes.resource },
    attributes.name,
    verdict.reason ? `${message}: ${verdict.reason}` : message,
  );
}
