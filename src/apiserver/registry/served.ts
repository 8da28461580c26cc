// A resource at one version together with the registry that keeps its objects. Versions of one resource share the stored objects.

import type { KubeObject } from '../object.ts';
import type { Registry } from './registry.ts';
import type { ResourceInfo } from './resource.ts';

export interface Served {
  resource: ResourceInfo;
  registry: Registry;
}

export const toStorage = ({ resource }: Served, object: KubeObject): KubeObject =>
  resource.toStorage?.(object) ?? object;
export const fromStorage = ({ resource }: Served, object: KubeObject): KubeObject =>
  resource.fromStorage?.(object) ?? object;
