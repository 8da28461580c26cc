// Paths that are no resources: version, health, discovery, schema, keys (apiserver/pkg/server/routes).

import { newMethodNotAllowed, newPathNotFound } from '../../api/status.ts';
import { defaults } from '../config.ts';
import { aggregated, apiGroupDocument, apiGroupList, apiResourceList, apiVersions } from '../discovery/discovery.ts';
import type { RequestContext } from './context.ts';
import type { Core } from './core.ts';
import { health, healthPaths } from './health.ts';
import { negotiate } from './negotiate.ts';
import { compressed, jsonResponse, rawJsonResponse, textResponse } from './respond.ts';

const discoveryForms = ['APIGroupDiscoveryList'];

function versionInfo({ config }: Core) {
  const gitVersion = config.version ?? defaults.version;
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  };
}

export async function servePath(core: Core, context: RequestContext): Promise<Response> {
  const { request, url } = context;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw newMethodNotAllowed();
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : url.pathname;
  const answer = await route(core, context, path);
  if (!answer) throw newPathNotFound();
  return answer;
}

async function route(core: Core, context: RequestContext, path: string): Promise<Response | undefined> {
  const { catalog } = core;
  const check = health(core, context);
  if (check) return check;
  if (path === '/metrics')
    return textResponse(core.metrics.render(core), 200, undefined, 'text/plain; version=0.0.4; charset=utf-8');
  if (path === '/version') return rawJsonResponse(versionInfo(core));
  if (path === '/api' || path === '/apis') {
    const accept = negotiate(context.request, context.url, discoveryForms);
    if (accept.as === 'APIGroupDiscoveryList') {
      const document = JSON.stringify(aggregated(catalog, path === '/api'));
      const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      return cached(context, document, type);
    }
    return jsonResponse(path === '/api' ? apiVersions(core.config.host) : apiGroupList(catalog), 200, accept);
  }
  const parts = path.split('/').slice(1);
  if (parts[0] === 'api' && parts.length === 2) return found(context, apiResourceList(catalog, '', parts[1] as string));
  if (parts[0] === 'apis' && parts.length === 2) return found(context, apiGroupDocument(catalog, parts[1] as string));
  if (parts[0] === 'apis' && parts.length === 3)
    return found(context, apiResourceList(catalog, parts[1] as string, parts[2] as string));
  if (path === '/openapi/v2') return swagger(core, context);
  if (path === '/openapi/v3') return cached(context, await core.openApi.index(), 'application/json');
  if (path.startsWith('/openapi/v3/')) {
    const document = await core.openApi.document(path.slice('/openapi/v3/'.length));
    return document && documentResponse(context, document);
  }
  if (path === '/openid/v1/jwks')
    return textResponse(JSON.stringify(core.tokens.jwks()), 200, undefined, 'application/jwk-set+json');
  if (path === '/.well-known/openid-configuration') return jsonResponse(core.tokens.discovery());
  if (path === '/') return rawJsonResponse({ paths: indexPaths(core) });
  return undefined;
}

const swaggerTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/json',
];

/** OpenAPI v2: protobuf for those who ask for it by its name (kube-openapi's handler), JSON for all others. */
async function swagger(core: Core, context: RequestContext): Promise<Response> {
  const accepted = (context.request.headers.get('accept') || '*/*').split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    return { type: type.toLowerCase(), q: Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1) };
  });
  const wanted = accepted
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
    .map(({ type }) => (type === '*/*' || type === 'application/*' ? 'application/json' : type))
    .find((type) => swaggerTypes.includes(type));
  if (!wanted) return new Response(null, { status: 406 });
  const document = await core.openApi.swagger(core.config.version ?? defaults.version);
  const binary = wanted !== 'application/json';
  const etag = `"${document.hash}"`;
  const headers = { etag, vary: 'Accept-Encoding, Accept', 'cache-control': 'no-cache, private' };
  if (context.request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const body = binary ? document.protobuf() : new TextEncoder().encode(document.text);
  const response = new Response(body, {
    headers: {
      ...headers,
      // The name with the @ is no media type that Go could read: the one with the dot is answered, as upstream does.
      'content-type': binary ? (swaggerTypes[0] as string) : wanted,
      'content-length': String(body.byteLength),
    },
  });
  return compressed(response, context.request);
}

function found(context: RequestContext, document: object | undefined): Response | undefined {
  return document && jsonResponse(document, 200, negotiate(context.request, context.url));
}

/** A document with an ETag: 304 for a client that has it. */
export function cached(context: RequestContext, text: string, type: string): Response {
  let h = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i += 7) h = BigInt.asUintN(64, (h ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  const etag = `"${text.length.toString(16)}${h.toString(16).toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  if (context.request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const response = textResponse(text, 200, undefined, type);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** A schema document: one that is asked for by its hash never changes. */
function documentResponse(context: RequestContext, { text, hash }: { text: string; hash: string }): Response {
  const asked = context.url.searchParams.get('hash');
  const etag = `"${hash}"`;
  if (asked !== null && asked !== hash) {
    const url = new URL(context.url);
    url.searchParams.set('hash', hash);
    return new Response(null, { status: 301, headers: { location: url.pathname + url.search } });
  }
  if (context.request.headers.get('if-none-match') === etag)
    return new Response(null, { status: 304, headers: { etag } });
  const response = textResponse(text, 200, undefined, 'application/json');
  response.headers.set('etag', etag);
  response.headers.set('vary', 'Accept-Encoding, Accept');
  if (asked === hash) response.headers.set('cache-control', 'public, immutable');
  return compressed(response, context.request);
}

function indexPaths({ catalog }: Core): string[] {
  const paths = new Set([
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/',
    ...healthPaths,
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/version',
  ]);
  for (const { resource } of catalog.all()) {
    if (resource.group === '') continue;
    paths.add(`/apis/${resource.group}`).add(`/apis/${resource.group}/${resource.version}`);
  }
  return [...paths].sort();
}
