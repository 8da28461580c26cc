// What an expression may name: variables with their types, and functions with their overloads.

import { parseSignature, type Signature, type Type } from './types.ts';
import type { Value } from './values.ts';

export interface Overload extends Signature {
  id: string;
  run(...args: never[]): Value;
}

export type FunctionTable = ReadonlyMap<string, readonly Overload[]>;

/** name, signature, implementation; the id is made of the two. */
export type Declaration = readonly [name: string, signature: string, run: (...args: never[]) => Value];

export function functionTable(...groups: readonly (readonly Declaration[])[]): Map<string, Overload[]> {
  const out = new Map<string, Overload[]>();
  for (const [name, signature, run] of groups.flat()) {
    const list = out.get(name) ?? [];
    list.push({ ...parseSignature(signature), id: `${name} ${signature}`, run });
    out.set(name, list);
  }
  return out;
}

export interface Environment {
  variables: ReadonlyMap<string, Type>;
  functions: FunctionTable;
  /** The type of a message that an expression builds ("Object.spec"), or undefined if there is none. */
  structs?: (name: string) => Type | undefined;
}
