// Answers: JSON and YAML bodies with the headers that every answer carries.

import { ApiError, newInternalError, newUnclassifiedError } from '../../api/status.ts';
import { toYaml } from '../../api/yaml-text.ts';
import { setHeader, wholeResponse } from '../../env/whole.ts';
import { EtcdError } from '../../etcd/client/types.ts';
import type { Negotiated } from './negotiate.ts';
import { encodeProtobuf } from './protobuf-encode.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';
export const jsonType = 'application/json';
const common = { 'cache-control': 'no-cache, private' };

/** A body that is whole carries its length: by that hosts tell it from a stream. */
function whole(body: string | Uint8Array<ArrayBuffer>, status: number, headers: Record<string, string>): Response {
  return wholeResponse(body, { status, headers: { ...common, ...headers } });
}

/** A complete JSON text as an answer, turned into YAML, protobuf or lines for the eye if that was asked for. */
export function textResponse(json: string, code: number, accept?: Negotiated, mediaType = jsonType): Response {
  if (accept?.encoding === 'yaml') return yamlResponse(json, code);
  const binary = accept?.encoding === 'protobuf' ? encodeProtobuf(JSON.parse(json)) : undefined;
  if (binary) return whole(binary, code, { 'content-type': protobufType });
  return whole(accept?.pretty ? indented(JSON.parse(json)) : json, code, { 'content-type': mediaType });
}

const indented = (value: unknown): string => JSON.stringify(value, null, 2);

export function jsonResponse(value: unknown, code = 200, accept?: Negotiated): Response {
  return textResponse(JSON.stringify(value), code, accept);
}

/** JSON in lines, whatever was asked for (responsewriters.WriteRawJSON). */
export function rawJsonResponse(value: unknown): Response {
  return whole(indented(value), 200, { 'content-type': jsonType });
}

function yamlResponse(json: string, code: number): Response {
  return whole(toYaml(JSON.parse(json)), code, { 'content-type': 'application/yaml' });
}

/** A body that is sent as it is made. */
export function streamResponse(body: ReadableStream<Uint8Array<ArrayBuffer>>, mediaType: string): Response {
  return new Response(body, { headers: { ...common, 'content-type': mediaType } });
}

/** Whether a client reads gzip: said as such, without a weight, as upstream wants it. */
const readsGzip = (request: Request): boolean =>
  (request.headers.get('accept-encoding') ?? '').split(',').some((token) => token.trim() === 'gzip');

/** Upstream compresses what is longer. */
const longBody = 128 * 1024;

/** A complete answer, compressed if it is long and the client reads that. */
export function packed(response: Response, request: Request): Response {
  if (Number(response.headers.get('content-length')) <= longBody || !readsGzip(request)) return response;
  response.headers.set('vary', 'Accept-Encoding');
  return compressed(response, request);
}

/** A body that is sent as it is made and is long: compressed, if the client reads that. Not for watches, whose events must not wait for each other. */
export function longResponse(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  mediaType: string,
  request: Request,
): Response {
  if (!readsGzip(request)) return streamResponse(body, mediaType);
  const response = streamResponse(body.pipeThrough(new CompressionStream('gzip')), mediaType);
  response.headers.set('content-encoding', 'gzip');
  response.headers.set('vary', 'Accept-Encoding');
  return response;
}

/** A long document, compressed if the client reads that; its ETag stays what it was. */
export function compressed(response: Response, request: Request): Response {
  if (!response.body || !readsGzip(request)) return response;
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  headers.set('content-encoding', 'gzip');
  const body = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new CompressionStream('gzip'));
  return new Response(body, { status: response.status, headers });
}

/**
 * Any failure as a Status, in the encoding that was asked for. What is not an ApiError is a 500: what the store says in its own words, the rest as an internal
 * error.
 */
export function errorResponse(error: unknown, accept?: Negotiated): Response {
  const { status } = asApiError(error);
  // Who reads nothing that could be written reads JSON in lines (WriteRawJSON).
  const text = JSON.stringify(status);
  const response = textResponse(accept ? text : indented(status), status.code ?? 500, accept);
  const retry = status.details?.retryAfterSeconds;
  if (retry) setHeader(response, 'retry-after', String(retry));
  return response;
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof EtcdError) return newUnclassifiedError(error.message);
  if (error instanceof Error) return newInternalError(error.message);
  return newInternalError(String(error));
}
