// Answers: JSON and YAML bodies with the headers that every answer carries.

import { stringify } from 'yaml';
import { ApiError, newInternalError } from '../../api/status.ts';
import { wholeResponse } from '../../env/whole.ts';
import { EtcdError } from '../../etcd/client/types.ts';
import type { Encoding, Negotiated } from './negotiate.ts';
import { encodeProtobuf } from './protobuf-encode.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';
const common = { 'cache-control': 'no-cache, private' };

/** A body that is whole carries its length: by that hosts tell it from a stream. */
function whole(body: string, status: number, headers: Record<string, string>): Response {
  return wholeResponse(body, { status, headers: { ...common, ...headers } });
}

/** A complete JSON text as an answer, turned into YAML if that was asked for. */
export function textResponse(json: string, code: number, accept?: Negotiated, mediaType?: string): Response {
  if (accept?.encoding === 'yaml') return yamlResponse(json, code);
  const binary = accept?.encoding === 'protobuf' ? encodeProtobuf(JSON.parse(json)) : undefined;
  if (binary) return binaryResponse(binary, code, mediaType);
  const body = accept?.pretty ? `${JSON.stringify(JSON.parse(json), null, 2)}\n` : json;
  return whole(body, code, { 'content-type': mediaType ?? 'application/json' });
}

/** Protobuf, with the form that was asked for in its type. */
function binaryResponse(body: Uint8Array<ArrayBuffer>, status: number, jsonType = ''): Response {
  const type = jsonType.replace('application/json', protobufType) || protobufType;
  return new Response(body, {
    status,
    headers: { ...common, 'content-type': type, 'content-length': String(body.byteLength) },
  });
}

export function jsonResponse(value: unknown, code = 200, accept?: Negotiated): Response {
  return textResponse(JSON.stringify(value), code, accept);
}

function yamlResponse(json: string, code: number): Response {
  const body = stringify(JSON.parse(json), { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
  return whole(body, code, { 'content-type': 'application/yaml' });
}

/** A body that is sent as it is made. */
export function streamResponse(body: ReadableStream<Uint8Array<ArrayBuffer>>, mediaType: string): Response {
  return new Response(body, { headers: { ...common, 'content-type': mediaType } });
}

/** Whether a client reads gzip: said as such, without a weight, as upstream wants it. */
const readsGzip = (request: Request): boolean =>
  (request.headers.get('accept-encoding') ?? '').split(',').some((token) => token.trim() === 'gzip');

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

/** Any failure as a Status. What is not an ApiError becomes one: the store out of reach is 503 or 504 (upstream's wording for etcd errors), the rest 500. */
export function errorResponse(error: unknown, encoding?: Encoding): Response {
  const { status } = asApiError(error);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const retry = status.details?.retryAfterSeconds;
  if (retry) headers['retry-after'] = String(retry);
  if (encoding === 'yaml') return yamlResponse(JSON.stringify(status), status.code ?? 500);
  return whole(JSON.stringify(status), status.code ?? 500, headers);
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof EtcdError) return newInternalError(error.message);
  if (error instanceof Error) return newInternalError(error.message);
  return newInternalError(String(error));
}
