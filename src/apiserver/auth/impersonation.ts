// Acting as somebody else: Impersonate-User, -Uid, -Group and -Extra-* headers, each allowed by the verb "impersonate" (endpoints/filters/impersonation).

import { newBadRequest } from '../../api/status.ts';
import type { RequestContext, UserInfo } from '../server/context.ts';
import type { Core } from '../server/core.ts';
import { demand } from './authorizer.ts';

const extraPrefix = 'impersonate-extra-';

/** Replaces the context's user by the one that is impersonated. Throws Forbidden, BadRequest. */
export async function impersonate(core: Core, context: RequestContext): Promise<void> {
  const { headers } = context.request;
  const name = headers.get('impersonate-user');
  const groups =
    headers
      .get('impersonate-group')
      ?.split(',')
      .map((group) => group.trim()) ?? [];
  const uid = headers.get('impersonate-uid');
  const extra: Record<string, string[]> = {};
  headers.forEach((value, key) => {
    if (key.startsWith(extraPrefix))
      extra[decodeURIComponent(key.slice(extraPrefix.length))] = value.split(',').map((text) => text.trim());
  });
  if (name === null) {
    if (groups.length > 0 || uid !== null || Object.keys(extra).length > 0)
      throw newBadRequest(`requested ${JSON.stringify(groups)} without impersonating a user`);
    return;
  }
  const may = (group: string, resource: string, subresource: string, namespace: string, target: string) =>
    demand(core.authorizer, {
      user: context.user,
      verb: 'impersonate',
      isResource: true,
      namespace,
      group,
      version: 'v1',
      resource,
      subresource,
      name: target,
      path: context.info.path,
    });
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account) may('', 'serviceaccounts', '', account[1] as string, account[2] as string);
  else may('', 'users', '', '', name);
  for (const group of groups) may('', 'groups', '', '', group);
  for (const [key, values] of Object.entries(extra))
    for (const value of values) may('authentication.k8s.io', 'userextras', key, '', value);
  if (uid !== null) may('authentication.k8s.io', 'uids', '', '', uid);
  const all = [...groups];
  if (account && groups.length === 0) all.push('system:serviceaccounts', `system:serviceaccounts:${account[1]}`);
  const everyone = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  if (!all.includes(everyone)) all.push(everyone);
  const user: UserInfo = { name, uid: uid ?? '', groups: all, extra };
  context.user = user;
}
