// Acting as somebody else: Impersonate-User, -Uid, -Group and -Extra-* headers (endpoints/filters/impersonation).
//
// Invariants: each way of acting (as the node of one's pod, as any node, as a service account, as anybody else, and the old way of the plain verb
// "impersonate") is tried in this order, but first the one that worked for this user before; when none works, what the first one lacked is the answer.

import { type FieldErrorList, path, renderErrors } from '../../api/field-error.ts';
import { isDns1123Subdomain } from '../../api/names.ts';
import { newBadRequest, newForbidden } from '../../api/status.ts';
import { domainPrefixedPath } from '../../api/validation/common.ts';
import type { RequestContext, UserInfo } from '../server/context.ts';
import type { Core } from '../server/core.ts';
import { type AuthorizationAttributes, attributesOf, demand, forbiddenMessage } from './authorizer.ts';

const extraPrefix = 'impersonate-extra-';
const accountName = /^system:serviceaccount:([^:]+):([^:]+)$/;
const nodeNameKey = 'authentication.kubernetes.io/node-name';
/** From so many on, the right to all is asked for first. */
const many = 4;

const nodeOf = (name: string): string | undefined => {
  const node = name.startsWith('system:node:') ? name.slice('system:node:'.length) : '';
  return node !== '' && isDns1123Subdomain(node).length === 0 ? node : undefined;
};

interface Mode {
  /** After "impersonate:"; undefined: the plain verb, as before there were modes. */
  name: string | undefined;
  applies(wanted: UserInfo, requestor: UserInfo): boolean;
}

const onlyNamed = ({ uid, groups, extra }: UserInfo): boolean =>
  uid === '' && groups.length === 0 && Object.keys(extra).length === 0;

const modes: readonly Mode[] = [
  {
    name: 'associated-node',
    applies(wanted, requestor) {
      const own = requestor.extra[nodeNameKey];
      const node = nodeOf(wanted.name);
      return onlyNamed(wanted) && node !== undefined && accountName.test(requestor.name) && own?.join() === node;
    },
  },
  { name: 'arbitrary-node', applies: (wanted) => onlyNamed(wanted) && nodeOf(wanted.name) !== undefined },
  { name: 'serviceaccount', applies: (wanted) => onlyNamed(wanted) && accountName.test(wanted.name) },
  { name: 'user-info', applies: ({ name }) => nodeOf(name) === undefined && !accountName.test(name) },
  { name: undefined, applies: () => true },
];

/** By user: the mode that worked last. */
const lastModes = new WeakMap<Core, Map<string, Mode>>();

/** Replaces the context's user by the one that is impersonated. Throws Forbidden, BadRequest. */
export async function impersonate(core: Core, context: RequestContext): Promise<void> {
  const wanted = wantedUser(context.request.headers);
  if (!wanted) return;
  const attributes = attributesOf(context.user, context.info, context.url.searchParams);
  let remembered = lastModes.get(core);
  if (!remembered) {
    remembered = new Map();
    lastModes.set(core, remembered);
  }
  const last = remembered.get(context.user.name);
  let first: unknown;
  for (const mode of last ? [last, ...modes.filter((mode) => mode !== last)] : modes) {
    if (!mode.applies(wanted, context.user)) continue;
    try {
      const user = attempt(core, mode, wanted, attributes);
      if (remembered.size >= 10_000) remembered.clear();
      remembered.set(context.user.name, mode);
      context.user = user;
      return;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** What the headers ask for, as it stands there; undefined if nothing. Throws BadRequest. */
function wantedUser(headers: Headers): UserInfo | undefined {
  const name = headers.get('impersonate-user') ?? '';
  const uid = headers.get('impersonate-uid') ?? '';
  const listed = (text: string | null) => text?.split(',').map((part) => part.trim()) ?? [];
  const groups = listed(headers.get('impersonate-group'));
  const extra: Record<string, string[]> = {};
  headers.forEach((value, key) => {
    if (!key.startsWith(extraPrefix)) return;
    const encoded = key.slice(extraPrefix.length);
    let decoded = encoded;
    try {
      decoded = decodeURIComponent(encoded);
    } catch {
      // A name that is no escaped text stands for itself.
    }
    Object.defineProperty(extra, decoded, {
      value: listed(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  });
  if (name !== '') return { name, uid, groups, extra };
  if (uid !== '' || groups.length > 0 || Object.keys(extra).length > 0)
    throw newBadRequest(`requested ${inGo(uid, groups, extra)} without impersonating a user name`);
  return undefined;
}

/** The nameless user as Go prints it. */
function inGo(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (texts: readonly string[]) => `{${texts.map((text) => JSON.stringify(text)).join(', ')}}`;
  const keys = Object.keys(extra).sort();
  const entries = keys.map((key) => `${JSON.stringify(key)}:[]string${list(extra[key] ?? [])}`);
  const shownGroups = groups.length > 0 ? `[]string${list(groups)}` : '[]string(nil)';
  const shownExtra = keys.length > 0 ? `map[string][]string{${entries.join(', ')}}` : 'map[string][]string(nil)';
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${shownGroups}, Extra:${shownExtra}}`;
}

/** The user, if this mode allows it. Throws Forbidden. */
function attempt(core: Core, mode: Mode, wanted: UserInfo, request: AuthorizationAttributes): UserInfo {
  const modern = mode.name !== undefined;
  const asNode = mode.name === 'associated-node';
  // Of the asker's own notes only the names count there: the association itself has been checked.
  const asker: UserInfo = asNode
    ? {
        ...request.user,
        extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(request.user.extra).sort() },
      }
    : request.user;
  if (modern) demand(core.authorizer, { ...request, user: asker, verb: `impersonate-on:${mode.name}:${request.verb}` });
  const group = modern ? 'authentication.k8s.io' : '';
  const question = (resource: string, name: string, more: Partial<AuthorizationAttributes> = {}) => ({
    user: asker,
    verb: modern ? `impersonate:${mode.name}` : 'impersonate',
    isResource: true,
    namespace: '',
    group,
    version: 'v1',
    resource,
    subresource: '',
    name,
    path: request.path,
    ...more,
  });
  const may = (...asked: Parameters<typeof question>) => demand(core.authorizer, question(...asked));
  const mayAll = (...asked: Parameters<typeof question>) =>
    core.authorizer.authorize(question(...asked)).decision === 'allow';
  const refuse = (why: string, ...asked: Parameters<typeof question>) => {
    const about = question(...asked);
    return newForbidden(
      { group: about.group, resource: about.resource },
      about.name,
      `${forbiddenMessage(about)}: ${why}`,
    );
  };

  const { name, uid, groups, extra } = wanted;
  const all = [...groups];
  const node = modern ? nodeOf(name) : undefined;
  const account = accountName.exec(name);
  if (account) {
    const [, namespace = '', own = ''] = account;
    if (groups.length === 0) all.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
    may('serviceaccounts', own, { namespace });
  } else if (node !== undefined) {
    all.push('system:nodes');
    may('nodes', asNode ? '*' : node);
  } else may('users', name);
  const extras = { group: 'authentication.k8s.io' };
  if (uid !== '') may('uids', uid, extras);
  if (modern) {
    if (groups.includes('')) throw refuse('impersonating the empty string group is not allowed', 'groups', '');
    if (groups.includes('system:masters'))
      throw refuse('impersonating the system:masters group is not allowed', 'groups', 'system:masters');
  }
  if (!(modern && groups.length >= many && mayAll('groups', '*'))) for (const each of groups) may('groups', each);
  const wrong = modern ? wrongExtra(extra) : undefined;
  if (wrong) throw refuse(wrong, 'userextras', '', extras);
  const values = Object.entries(extra).flatMap(([key, list]) => list.map((value) => [key, value] as const));
  if (!(modern && values.length >= many && mayAll('userextras', '*', { ...extras, subresource: '*' })))
    for (const [key, value] of values) may('userextras', value, { ...extras, subresource: key });

  const everyone = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  if (!all.includes(everyone) && !all.includes('system:unauthenticated')) all.push(everyone);
  return { name, uid, groups: all, extra };
}

function wrongExtra(extra: Readonly<Record<string, readonly string[]>>): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const errors: FieldErrorList = [];
    domainPrefixedPath(errors, path('extra', 'key'), key);
    if (errors.length > 0) return `impersonating an invalid key in extra is not allowed: ${renderErrors(errors)}`;
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}
