// The built node image, for tests that run it under Node: from public/, or undefined when it was never built.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadNodeImage, type NodeImage } from '../image.ts';

const publicDirectory = join(import.meta.dirname, '..', '..', '..', 'public');

/** Answers as a static file server over public/ would. */
export async function fetchPublic(path: string): Promise<Response> {
  const file = join(publicDirectory, path.split('?')[0] as string);
  if (!existsSync(file)) return new Response('not found', { status: 404, statusText: 'Not Found' });
  const type = file.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return new Response(readFileSync(file), { headers: { 'content-type': type } });
}

export const imageIsBuilt = existsSync(join(publicDirectory, 'node', 'manifest.json'));
export const notBuilt = 'needs the node image: node scripts/build-node-image.mjs';

export async function builtImage(): Promise<NodeImage> {
  const image = await loadNodeImage(fetchPublic);
  if (!image) throw new Error(notBuilt);
  return image;
}
