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

/** The pod, which must have a node. Throws NotFound, BadRequest. */
export async function scheduledPod(
  core: Core,
  namespace: string,
  name: string,
): Promise<Pod & { spec: { nodeName: string } }> {
  const entry = await core.catalog.registry('', 'pods').get(namespace, name);
  const pod = entry.object as unknown as Pod;
  if (!pod.spec.nodeName) throw newBadRequest(`pod ${name} does not have a host assigned`);
  return pod as Pod & { spec: { nodeName: string } };
}

/** The container that is meant: the one named, the annotated default, or the only one. Throws BadRequest in upstream's words. */
export function chooseContainer(pod: Pod, wanted: string | null): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  const all = [...names(containers), ...names(initContainers), ...names(ephemeralContainers)];
  if (wanted) {
    if (!all.includes(wanted)) throw newBadRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
    return wanted;
  }
  const annotated = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (annotated && all.includes(annotated)) return annotated;
  if (containers.length === 1) return (containers[0] as { name: string }).name;
  let message = `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names(containers).join(' ')}]`;
  if (initContainers.length > 0) message += ` or one of the init containers: [${names(initContainers).join(' ')}]`;
  throw newBadRequest(message);
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
