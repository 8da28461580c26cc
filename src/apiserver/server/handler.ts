// The chain that every request passes: who, may they, what (apiserver/pkg/server/config.go, DefaultBuildHandlerChain).
//
// Invariant: whatever happens the answer is a Response; an error is a Status; nothing is thrown.

import { newBadRequest } from '../../api/status.ts';
import { rfc3339Micro } from '../../env/clock.ts';
import { randomUuid } from '../../env/random.ts';
import { parseTraceparent } from '../../env/trace.ts';
import { setHeader } from '../../env/whole.ts';
import { anonymous } from '../auth/authenticator.ts';
import { attributesOf, demand } from '../auth/authorizer.ts';
import { impersonate } from '../auth/impersonation.ts';
import type { RequestContext } from './context.ts';
import type { Core } from './core.ts';
import { serveResource } from './dispatch.ts';
import { type Negotiated, negotiate } from './negotiate.ts';
import { servePath } from './paths.ts';
import { checkTimeout } from './query.ts';
import { parseRequestInfo } from './request-info.ts';
import { errorResponse } from './respond.ts';

const longRunning = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

/** Serves one request. Never rejects. */
export async function handle(core: Core, request: Request): Promise<Response> {
  const { env } = core;
  const url = new URL(request.url);
  const info = parseRequestInfo(request.method, url);
  const parent = parseTraceparent(request.headers.get('traceparent'));
  const context: RequestContext = {
    env,
    request,
    url,
    info,
    user: anonymous,
    span: env.trace.span(parent),
    parentSpanId: parent?.spanId,
    warnings: new Set(),
    annotations: new Map(),
  };
  // The client's own is kept as it is (filters/audit_init.go).
  const auditId = request.headers.get('audit-id') || randomUuid(env.random);
  const began = env.clock.now();
  core.metrics.begin(context);
  let response: Response;
  try {
    response = await answer(core, context);
  } catch (error) {
    response = errorResponse(error, errorForm(core, context));
  }
  core.metrics.end(core, context, response.status);
  for (const warning of context.warnings) response.headers.append('warning', `299 - ${JSON.stringify(warning)}`);
  if (env.trace.wants('request')) audit(core, context, response, auditId, began);
  setHeader(response, 'audit-id', auditId);
  if (context.flow) {
    setHeader(response, 'x-kubernetes-pf-flowschema-uid', context.flow.schema);
    setHeader(response, 'x-kubernetes-pf-prioritylevel-uid', context.flow.level);
  }
  return response;
}

/** How this client reads errors; undefined if it reads nothing that we write. */
function errorForm({ catalog }: Core, { request, url, info }: RequestContext): Negotiated | undefined {
  const custom = info.isResource && catalog.find(info.group, info.version, info.resource)?.resource.custom === true;
  try {
    return negotiate(request, url, [], !custom);
  } catch {
    return undefined;
  }
}

async function answer(core: Core, context: RequestContext): Promise<Response> {
  const { info, request } = context;
  if (info.verb !== 'watch' && !longRunning.has(info.subresource)) checkTimeout(context.url.searchParams);
  context.user = await core.authenticator.authenticate(request);
  await impersonate(core, context);
  if (!longRunning.has(info.subresource)) context.flow = core.flows.classify(context.user, info);
  if (/%(?![0-9a-fA-F]{2})/.test(info.path)) throw newBadRequest(`invalid URL escape in ${JSON.stringify(info.path)}`);
  demand(core.authorizer, attributesOf(context.user, info, context.url.searchParams));
  if (info.isResource) return serveResource(core, context);
  return servePath(core, context);
}

/** The audit event of one request, at level Metadata (audit.k8s.io/v1 Event). */
function audit({ env }: Core, context: RequestContext, response: Response, auditID: string, began: number): void {
  const { info, request, url, user, span, parentSpanId } = context;
  const objectRef = info.isResource && {
    resource: info.resource,
    ...(info.namespace && { namespace: info.namespace }),
    ...(info.name && { name: info.name }),
    ...(info.group && { apiGroup: info.group }),
    apiVersion: info.version,
    ...(info.subresource && { subresource: info.subresource }),
  };
  env.trace.record({
    gate: 'request',
    context: span,
    ...(parentSpanId !== undefined && { parentSpanId }),
    will: `${request.method} ${url.pathname}`,
    detail: {
      auditID,
      stage: longRunning.has(info.subresource) || info.verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete',
      verb: info.verb,
      requestURI: url.pathname + url.search,
      user: user.name,
      groups: user.groups,
      userAgent: request.headers.get('user-agent') ?? '',
      ...(objectRef && { objectRef }),
      responseStatus: response.status,
      requestReceivedTimestamp: rfc3339Micro(began),
      milliseconds: env.clock.now() - began,
      ...(context.annotations?.size && { annotations: Object.fromEntries(context.annotations) }),
    },
  });
}
