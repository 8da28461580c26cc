// What a request asks for, read from its method and path (apiserver/pkg/endpoints/request/requestinfo.go).

import { isTrue } from './query.ts';

export interface RequestInfo {
  /** Whether the path is one of a resource (below /api/v1 or /apis/<group>/<version>). */
  isResource: boolean;
  /** API verb ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"), or the lower-case method for other paths. */
  verb: string;
  path: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  name: string;
  subresource: string;
  /** What follows the subresource ("proxy/some/path" has "some/path"). */
  rest: string;
}

// Subresources of a namespace itself; anything else below it is a resource within it.
const namespaceSubresources = new Set(['status', 'finalize']);

const verbs: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Reads method and URL. Never throws: a malformed escape is kept as it is. */
export function parseRequestInfo(method: string, url: URL): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    verb: method.toLowerCase(),
    path: url.pathname,
    group: '',
    version: '',
    namespace: '',
    resource: '',
    name: '',
    subresource: '',
    rest: '',
  };
  const parts = url.pathname.split('/').filter((part) => part !== '');
  let at = 0;
  if (parts[0] === 'api' && parts.length >= 3) {
    info.version = parts[1] as string;
    at = 2;
  } else if (parts[0] === 'apis' && parts.length >= 4) {
    info.group = decode(parts[1] as string);
    info.version = decode(parts[2] as string);
    at = 3;
  } else {
    return info;
  }
  info.isResource = true;
  info.verb = verbs[method] ?? method.toLowerCase();
  let watching = false;
  if (parts[at] === 'watch' && parts.length > at + 1) {
    watching = true;
    at++;
  }
  const legacyProxy = parts[at] === 'proxy' && parts.length > at + 1;
  if (legacyProxy) at++;
  if (parts[at] === 'namespaces' && parts.length > at + 1) {
    info.namespace = decode(parts[at + 1] as string);
    const next = parts[at + 2];
    if (next !== undefined && !namespaceSubresources.has(next)) at += 2;
  }
  info.resource = decode(parts[at] as string);
  info.name = decode(parts[at + 1] ?? '');
  info.subresource = decode(parts[at + 2] ?? '');
  if (info.subresource === 'proxy') {
    const prefix = parts.slice(0, at + 3).join('/');
    const found = url.pathname.indexOf(prefix);
    info.rest = url.pathname.slice(found + prefix.length).replace(/^\//, '');
  } else {
    info.rest = parts.slice(at + 3).join('/');
  }
  if (info.name === '' && info.verb === 'get') info.verb = 'list';
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection';
  const wantsWatch = isTrue(url.searchParams, 'watch');
  if ((info.verb === 'list' && wantsWatch) || (watching && (info.verb === 'list' || info.verb === 'get'))) {
    info.verb = 'watch';
  }
  if (watching && info.name !== '') info.verb = 'watch';
  if (info.name === '' && (info.verb === 'list' || info.verb === 'watch')) {
    // A collection narrowed to one name is that object to an authorizer.
    const match = /(?:^|,)metadata\.name={1,2}([^,=\\]+)(?:,|$)/.exec(url.searchParams.get('fieldSelector') ?? '');
    if (match) info.name = match[1] as string;
  }
  return info;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
