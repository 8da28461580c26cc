// Kubernetes objects as kubectl handles them: any kind, read field by field.

import type { Json } from '../env/env.ts';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

export interface Metadata {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: Json;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: { [key: string]: Json };
  status?: { [key: string]: Json };
  [key: string]: unknown;
}

export interface ListObject {
  apiVersion: string;
  kind: string;
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: KubeObject[];
}

export const asJson = (value: unknown): Json => value as Json;

/** A deep copy of plain data. */
export const clone = <T>(value: T): T => structuredClone(value);

/** The value at `path`, or undefined as soon as a part is missing. */
export function at(value: unknown, ...path: (string | number)[]): Json | undefined {
  let current: unknown = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current as Json | undefined;
}

/** Sets the value at `path`, making objects on the way. */
export function put(target: unknown, path: string[], value: Json | undefined): void {
  let current = target as Record<string, unknown>;
  for (const part of path.slice(0, -1)) {
    if (typeof current[part] !== 'object' || current[part] === null) current[part] = {};
    current = current[part] as Record<string, unknown>;
  }
  const last = path.at(-1)!;
  if (value === undefined) delete current[last];
  else current[last] = value;
}

/** Splits "apps/v1" and "v1". */
export function groupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
