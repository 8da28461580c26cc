// The hash in pod-template-hash labels and in the names of ReplicaSets and ControllerRevisions. Upstream: pkg/controller ComputeHash, util/hash.
//
// Upstream feeds FNV-1a with Go's printed form of the struct; we feed it canonical JSON, so our hashes look like upstream's but are not equal to them.
// Invariant: equal templates (semantically) give equal hashes; the text has only letters and digits that are safe in names.

import { canonicalJson } from './equality.ts';

const alphanumerics = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a, 32 bits. */
export function fnv1a(bytes: Uint8Array, seed = 0x811c9dc5): number {
  let hash = seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Each character replaced by a safe one (rand.SafeEncodeString). */
export function safeEncode(text: string): string {
  return [...text].map((character) => alphanumerics[character.charCodeAt(0) % alphanumerics.length]).join('');
}

/** Up to 10 safe characters. `collisionCount` changes the hash when a name made from it was taken by something else. */
export function computeHash(template: unknown, collisionCount?: number): string {
  let hash = fnv1a(new TextEncoder().encode(canonicalJson(template)));
  if (collisionCount !== undefined) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, collisionCount, true);
    hash = fnv1a(bytes, hash);
  }
  return safeEncode(String(hash));
}
