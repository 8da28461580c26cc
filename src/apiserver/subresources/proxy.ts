// nodes/proxy, pods/proxy and services/proxy: HTTP into the cluster through the API server (apimachinery/pkg/util/proxy, pkg/registry/core/service).

import type { EndpointSlice, Pod, Service } from '../../api/generated/types.ts';
import { newBadRequest, newServiceUnavailable } from '../../api/status.ts';
import { randomInt } from '../../env/random.ts';
import type { Served } from '../registry/served.ts';
import { readBody } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { dialFrom } from '../streams/dial.ts';
import { exchangeHttp } from '../streams/http1.ts';
import { askKubelet } from '../streams/kubelet.ts';
import { admitConnect } from './admission.ts';

/** "https:web:http" or "web:80" or "web". */
function splitName(text: string): { name: string; port: string; scheme: string } {
  const parts = text.split(':');
  if (parts.length === 3) return { scheme: parts[0] || 'http', name: parts[1] ?? '', port: parts[2] ?? '' };
  return { scheme: 'http', name: parts[0] ?? '', port: parts[1] ?? '' };
}

const hopByHop = [
  'connection',
  'authorization',
  'upgrade',
  'te',
  'trailer',
  'proxy-authorization',
  'content-length',
  'transfer-encoding',
  'traceparent',
];

/** Lets admission see where in the target a request goes; the path as it leaves it, without the slash before it. */
async function admittedPath(core: Core, context: RequestContext, served: Served): Promise<string> {
  const { rest, path } = context.info;
  const below = rest !== '' ? `/${rest}` : path.endsWith('/') ? '/' : '';
  const options = await admitConnect<{ path?: string }>(core, context, served, below === '' ? {} : { path: below });
  return (options.path ?? '').replace(/^\//, '');
}

async function relay(
  core: Core,
  context: RequestContext,
  node: string,
  host: string,
  port: number,
  path: string,
): Promise<Response> {
  const { request, url } = context;
  const headers = new Headers(request.headers);
  for (const name of hopByHop) headers.delete(name);
  headers.set('host', `${host}:${port}`);
  const body = await readBody(request);
  try {
    const connection = await dialFrom(core, context, node, host, port);
    return await exchangeHttp(connection, {
      method: request.method,
      path: `/${path}${url.search}`,
      headers,
      body,
    });
  } catch (error) {
    throw newServiceUnavailable(`error trying to reach service: ${(error as Error).message}`);
  }
}

export const podProxy: SpecialHandler = (core, context, served) =>
  (async () => {
    const path = await admittedPath(core, context, served);
    const { name, port } = splitName(context.info.name);
    const pod = (await core.catalog.registry('', 'pods').get(context.info.namespace, name)).object as unknown as Pod;
    const target = Number(port) || (pod.spec.containers[0]?.ports?.[0]?.containerPort ?? 80);
    if (!pod.status?.podIP || !pod.spec.nodeName) throw newBadRequest(`address not allowed`);
    return relay(core, context, pod.spec.nodeName, pod.status.podIP, target, path);
  })();

interface Endpoint {
  address: string;
  node: string;
  port: number;
}

/** A ready endpoint of a Service's port (by name or number; '' for its only one). Throws NotFound, ServiceUnavailable. */
export async function pickEndpoint(
  core: Core,
  { env }: RequestContext,
  namespace: string,
  name: string,
  port: string,
): Promise<Endpoint> {
  const service = (await core.catalog.registry('', 'services').get(namespace, name)).object as unknown as Service;
  const ports = service.spec.ports ?? [];
  const wanted =
    port === '' && ports.length === 1
      ? ports[0]
      : ports.find((each) => each.name === port || String(each.port) === port);
  if (!wanted)
    throw newServiceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const slices = await core.store.fresh('/registry/endpointslices/');
  const candidates: Endpoint[] = [];
  for (const entry of slices?.list(`/registry/endpointslices/${namespace}/`) ?? []) {
    const slice = entry.object as unknown as EndpointSlice;
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    const number = slice.ports?.find((each) => (each.name ?? '') === (wanted.name ?? ''))?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, nodeName } of slice.endpoints ?? [])
      if (conditions?.ready !== false && nodeName && addresses[0])
        candidates.push({ address: addresses[0], node: nodeName, port: number });
  }
  if (candidates.length === 0)
    throw newServiceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return candidates[randomInt(env.random, candidates.length)] as Endpoint;
}

export const serviceProxy: SpecialHandler = (core, context, served) =>
  (async () => {
    const path = await admittedPath(core, context, served);
    const { name, port } = splitName(context.info.name);
    const chosen = await pickEndpoint(core, context, context.info.namespace, name, port);
    return relay(core, context, chosen.node, chosen.address, chosen.port, path);
  })();

export const nodeProxy: SpecialHandler = (core, context, served) =>
  (async () => {
    const { info, url, request } = context;
    const path = await admittedPath(core, context, served);
    const { name } = splitName(info.name);
    await core.catalog.registry('', 'nodes').get('', name);
    const body = await readBody(request);
    const headers = new Headers(request.headers);
    for (const hop of hopByHop) headers.delete(hop);
    const response = await askKubelet(core, name, `/${path}${url.search}`, context, {
      method: request.method,
      headers,
      ...(body.length > 0 ? { body: body as Uint8Array<ArrayBuffer> } : {}),
    });
    return new Response(response.body, { status: response.status, headers: response.headers });
  })();
