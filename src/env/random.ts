// Randomness, seeded in simulation. One source per process.

export interface Random {
  /** A float in [0, 1). */
  next(): number;
}

/** A whole number in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

/** `length` lower-case hexadecimal digits. */
export function randomHex(random: Random, length: number): string {
  let out = '';
  while (out.length < length)
    out += Math.floor(random.next() * 0x10000000)
      .toString(16)
      .padStart(7, '0');
  return out.slice(0, length);
}

/** A version 4 UUID (RFC 9562). */
export function randomUuid(random: Random): string {
  const hex = randomHex(random, 32);
  const variant = '89ab'[randomInt(random, 4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

// No vowels and no 0, 1, 3: names never spell words or look alike (k8s.io/apimachinery/pkg/util/rand).
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix as generateName appends it: `length` characters of the safe alphabet. */
export function randomNameSuffix(random: Random, length = 5): string {
  let out = '';
  for (let i = 0; i < length; i++) out += nameAlphabet[randomInt(random, nameAlphabet.length)];
  return out;
}

/** A reproducible source (sfc32 by Chris Doty-Humphrey), from a 32-bit seed. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 0x100000000;
  };
  for (let i = 0; i < 15; i++) next();
  return { next };
}

/** Any member of a non-empty array. */
export function pick<T>(random: Random, items: readonly T[]): T {
  if (items.length === 0) throw new RangeError('pick from an empty array');
  return items[randomInt(random, items.length)] as T;
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(random, i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
