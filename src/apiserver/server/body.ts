// Request bodies: size, media type, and text.

import { newBadRequest, newRequestEntityTooLarge, newUnsupportedMediaType } from '../../api/status.ts';
import { contentOf } from '../../env/whole.ts';

const limit = 3 * 1024 * 1024;

/** The body's bytes. Throws RequestEntityTooLarge beyond 3 MiB. */
export async function readBody(request: Request): Promise<Uint8Array> {
  const tooLarge = () => newRequestEntityTooLarge(`limit is ${limit}`);
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const whole = contentOf(request);
  if (whole) {
    if (whole.byteLength > limit) throw tooLarge();
    return whole;
  }
  if (!request.body) return new Uint8Array(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel().catch(() => {});
      throw tooLarge();
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const out = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.byteLength;
  }
  return out;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The body as text. Throws BadRequest when it is not UTF-8. */
export function bodyText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw newBadRequest('the body of the request is not valid UTF-8');
  }
}

export type BodyType = 'json' | 'yaml' | 'protobuf';

const types: Record<string, BodyType> = {
  '': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};

/** The media type of the body, without parameters. */
export function contentType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Throws UnsupportedMediaType. */
export function bodyType(request: Request): BodyType {
  const type = contentType(request);
  // A fetch with a string body and no header of its own says text/plain: that is no one's choice.
  const found = Object.hasOwn(types, type) ? types[type] : type === 'text/plain' ? 'json' : undefined;
  if (!found)
    throw newUnsupportedMediaType(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return found;
}
