// JSON Patch (RFC 6902) with the error texts of the library that the API server uses.
//
// Invariant: the document given is not changed; a failed patch has no effect.

import { isObject, setOwn } from '../decode.ts';

/** The patch is malformed, or does not apply. */
export class PatchError extends Error {}

export interface JsonPatchOperation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

/** More operations than this are refused with 413. */
export const maxJsonPatchOperations = 10_000;

/** Checks the shape of a patch body. Throws a PatchError. */
export function parseJsonPatch(value: unknown): JsonPatchOperation[] {
  if (!Array.isArray(value))
    throw new PatchError(
      `json: cannot unmarshal ${value === null ? 'null' : typeof value} into Go value of type jsonpatch.Patch`,
    );
  return value.map((operation: unknown) => {
    if (!isObject(operation) || typeof operation['op'] !== 'string') throw new PatchError('Unexpected kind: unknown');
    if (typeof operation['path'] !== 'string')
      throw new PatchError(`${operation['op']} operation failed to decode path: missing value`);
    return operation as unknown as JsonPatchOperation;
  });
}

const decodePointer = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Deep copy of JSON. */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(out, key, cloneJson(value[key]));
  return out as T;
}

/** Equality of JSON values; the order of keys does not count. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
  );
}

type Container = Record<string, unknown> | unknown[];

function child(at: unknown, key: string): unknown {
  if (Array.isArray(at)) return /^(0|[1-9]\d*)$/.test(key) ? at[Number(key)] : undefined;
  return isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
}

class Patcher {
  private root: { document: unknown };

  constructor(document: unknown) {
    this.root = { document };
  }
  get document(): unknown {
    return this.root.document;
  }

  /** The container that holds the last step of a pointer, and that step. */
  private locate(op: string, pointer: string): { parent: Container; key: string } {
    if (pointer === '') return { parent: this.root as Record<string, unknown>, key: 'document' };
    const steps = decodePointer(pointer);
    const key = steps.pop() as string;
    let at: unknown = this.root.document;
    for (const step of steps) at = child(at, step);
    if (!pointer.startsWith('/') || (!isObject(at) && !Array.isArray(at)))
      throw new PatchError(
        `${op} operation does not apply: doc is missing path: ${JSON.stringify(pointer)}: missing value`,
      );
    return { parent: at, key };
  }
  private get(op: string, pointer: string): unknown {
    const { parent, key } = this.locate(op, pointer);
    const value = child(parent, key);
    if (value === undefined)
      throw new PatchError(`${op} operation does not apply: doc is missing key: ${pointer}: missing value`);
    return value;
  }
  private index(key: string, limit: number): number {
    if (!/^-?\d+$/.test(key)) throw new PatchError(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
    const index = Number(key);
    const at = index < 0 ? index + limit : index;
    if (at < 0 || at > limit) throw new PatchError(`Unable to access invalid index: ${key}: invalid index referenced`);
    return at;
  }
  private add(op: string, pointer: string, value: unknown): void {
    const { parent, key } = this.locate(op, pointer);
    if (!Array.isArray(parent)) setOwn(parent, key, value);
    else if (key === '-') parent.push(value);
    else parent.splice(this.index(key, parent.length), 0, value);
  }
  private remove(op: string, pointer: string): void {
    const { parent, key } = this.locate(op, pointer);
    if (Array.isArray(parent)) {
      const at = this.index(key, parent.length - 1);
      parent.splice(at, 1);
    } else if (Object.hasOwn(parent, key)) delete parent[key];
    else
      throw new PatchError(
        `${op} operation does not apply: doc is missing key: ${pointer}: Unable to remove nonexistent key: ${key}: missing value`,
      );
  }

  apply(operation: JsonPatchOperation): void {
    const { op, path } = operation;
    switch (op) {
      case 'add':
        this.add(op, path, cloneJson(operation.value ?? null));
        return;
      case 'remove':
        this.remove(op, path);
        return;
      case 'replace': {
        this.get(op, path);
        const { parent, key } = this.locate(op, path);
        if (Array.isArray(parent)) parent[Number(key)] = cloneJson(operation.value ?? null);
        else setOwn(parent, key, cloneJson(operation.value ?? null));
        return;
      }
      case 'move': {
        const from = operation.from ?? '';
        if (path.startsWith(`${from}/`))
          throw new PatchError('move operation does not apply: cannot move into a child');
        const value = this.get(op, from);
        this.remove(op, from);
        this.add(op, path, value);
        return;
      }
      case 'copy':
        this.add(op, path, cloneJson(this.get(op, operation.from ?? '')));
        return;
      case 'test': {
        const { parent, key } = this.locate(op, path);
        if (!equalJson(child(parent, key) ?? null, operation.value ?? null))
          throw new PatchError(`testing value ${path} failed: test failed`);
        return;
      }
      default:
        throw new PatchError(`Unexpected kind: ${op}`);
    }
  }
}

/** Applies operations in order. Throws a PatchError; the API server answers 422 then. */
export function applyJsonPatch<T>(document: T, operations: readonly JsonPatchOperation[]): T {
  const patcher = new Patcher(cloneJson(document));
  for (const operation of operations) patcher.apply(operation);
  return patcher.document as T;
}
