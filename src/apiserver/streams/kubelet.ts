// Requests that end at a kubelet: container logs, exec, attach, port-forward, and what is proxied to nodes, pods and services.
//
// The kubelet serves http://<node>:10250 with upstream's paths; streams are channel streams (src/env/streams.ts). Its /dial?host=&port= is a raw TCP
// connection out of the node: over it the server speaks plain HTTP/1.1 to pods.

import type { Pod } from '../../api/generated/types.ts';
import { ApiError, newBadRequest, newInternalError, newServiceUnavailable } from '../../api/status.ts';
import { channelStreamType } from '../../env/streams.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core } from '../server/core.ts';

const port = 10250;

/** The name of the node that the pod was given to. Throws BadRequest. */
export function nodeOf({ metadata, spec }: Pod): string {
  if (!spec.nodeName) throw newBadRequest(`pod ${metadata.name} does not have a host assigned`);
  return spec.nodeName;
}

/** The container that is meant: the one named, or the only regular one. Throws BadRequest in upstream's words (validateContainer). */
export function chooseContainer({ metadata: { name: pod }, spec }: Pod, wanted: string | null): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  if (wanted) {
    if (!names.includes(wanted)) throw newBadRequest(`container ${wanted} is not valid for pod ${pod}`);
    return wanted;
  }
  const [only, ...more] = containers;
  if (only && more.length === 0) return only.name;
  const choice = only ? `, choose one of: [${names.join(' ')}]` : '';
  throw newBadRequest(`a container name must be specified for pod ${pod}${choice}`);
}

/** Asks a kubelet. Throws InternalError when it cannot be reached, as upstream words a failed dial. */
export async function askKubelet(
  core: Core,
  node: string,
  pathAndQuery: string,
  context: RequestContext,
  init: RequestInit = {},
): Promise<Response> {
  const url = `http://${node}:${port}${pathAndQuery}`;
  try {
    return await core.env.network.fetch(url, { signal: context.request.signal, ...init });
  } catch (error) {
    throw newInternalError(`error dialing backend: ${(error as Error).message}`);
  }
}

/** A kubelet's answer as the API server's: the body streams through; an error becomes a Status. */
export async function passOn(response: Response, what: string): Promise<Response> {
  if (response.status < 400) {
    const headers = new Headers(response.headers);
    headers.delete('content-length');
    return new Response(response.body, { status: response.status, headers });
  }
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // plain text
  }
  if (typeof body === 'object' && (body as { kind?: string } | null)?.kind === 'Status')
    throw ApiError.from(response.status, body);
  if (response.status === 400) throw newBadRequest(text.trim());
  if (response.status === 503) throw newServiceUnavailable(text.trim());
  throw new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text.trim() || `the kubelet could not ${what}`,
    reason: response.status === 404 ? 'NotFound' : 'InternalError',
    code: response.status,
  });
}

/** Opens a channel stream to a kubelet with the client's stream as its other half. */
export async function connectStream(
  core: Core,
  context: RequestContext,
  node: string,
  pathAndQuery: string,
): Promise<Response> {
  const { request } = context;
  const type = (request.headers.get('content-type') ?? '').split(';')[0];
  if (request.method !== 'POST' || type !== channelStreamType || !request.body)
    throw new ApiError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Upgrade request required',
      reason: 'BadRequest',
      code: 400,
    });
  const response = await askKubelet(core, node, pathAndQuery, context, {
    method: 'POST',
    headers: { 'content-type': channelStreamType },
    body: request.body,
    duplex: 'half',
  } as RequestInit);
  return passOn(response, 'open the stream');
}
