// Bodies of reviews and other objects that are answered and never stored.

import { decodeRequest } from '../../api/decode-request.ts';
import { findType } from '../../api/schema/schema.ts';
import type { KubeObject } from '../object.ts';
import { bodyType, readBody } from './body.ts';
import type { RequestContext } from './context.ts';
import { readDocument } from './machinery.ts';

// Types whose name in the schema is not simply the kind.
const typeNames: Record<string, string> = { TokenRequest: 'AuthenticationV1TokenRequest' };

/** The body as an object of this kind; it may come in the form of an `older` version if nothing but its name differs. Throws BadRequest. */
export async function readReview(
  context: RequestContext,
  group: string,
  version: string,
  kind: string,
  older?: string,
): Promise<KubeObject> {
  const bytes = await readBody(context.request);
  const type = typeNames[kind] ?? kind;
  const document = readDocument(bytes, bodyType(context.request));
  const sent = document.value as { apiVersion?: unknown } | null | undefined;
  if (older && sent?.apiVersion === `${group}/${older}`) sent.apiVersion = `${group}/${version}`;
  if (!findType(type)) return document.value as KubeObject;
  const { object, warnings } = decodeRequest<KubeObject>(document, { group, version, kind, type }, 'Warn');
  for (const warning of warnings) context.warnings.add(warning);
  object.metadata ??= { name: '' };
  return object;
}
