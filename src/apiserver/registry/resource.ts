// One served resource at one version: what discovery says of it, where it is stored, and how its objects cross versions.

import type { JSONSchemaProps } from '../../api/generated/types.ts';
import type { GroupKind, GroupResource } from '../../api/status.ts';
import type { Columns } from '../../api/tables/index.ts';
import type { KubeObject } from '../object.ts';
import type { VersionConversion } from '../storage/converted-store.ts';

export interface SubresourceInfo {
  name: string;
  kind: string;
  /** Group and version of the kind, where they differ from the parent's. */
  group?: string;
  version?: string;
  verbs: readonly string[];
}

export interface ResourceInfo {
  group: string;
  version: string;
  /** Plural, as in paths. */
  resource: string;
  kind: string;
  listKind: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  verbs: readonly string[];
  subresources: readonly SubresourceInfo[];
  /** Name of the schema type (src/api/schema); '' for custom resources. */
  type: string;
  /** "v1" or "apps/v1". */
  apiVersion: string;
  groupResource: GroupResource;
  groupKind: GroupKind;
  /** Prefix of the store's keys, with a slash at the end. */
  storagePrefix: string;
  /** Defined by a CustomResourceDefinition. */
  custom: boolean;
  /** Fields that selectors may name beyond those of built-in kinds ("spec.color"). */
  selectableFields: readonly string[];
  /** A warning for whoever uses this version. */
  deprecation?: string;
  /** A custom resource's schema (openAPIV3Schema). */
  schema?: JSONSchemaProps;
  /** A custom resource's printer columns. */
  columns?: Columns;
  /** Where the scale subresource finds its numbers; left out for built-in kinds. */
  scale?: { specReplicas: string[]; statusReplicas: string[]; selector: string[] };
  /** Turns a stored object into this version, and back. Left out when this is the storage version. */
  fromStorage?: (object: KubeObject) => KubeObject;
  toStorage?: (object: KubeObject) => KubeObject;
  /** In place of those two, where it takes a conversion webhook. */
  conversion?: VersionConversion;
}

export const apiVersionOf = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`;

// Where upstream's key differs from /registry/<plural>/ (pkg/registry: each storage's ResourcePrefix; kubeapiserver/default_storage_factory_builder.go).
const specialPrefixes: Record<string, string> = {
  nodes: 'minions',
  services: 'services/specs',
  endpoints: 'services/endpoints',
  replicationcontrollers: 'controllers',
  'ingresses.networking.k8s.io': 'ingress',
  'customresourcedefinitions.apiextensions.k8s.io': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiservices.apiregistration.k8s.io': 'apiregistration.k8s.io/apiservices',
  'events.events.k8s.io': 'events',
};

/** The key prefix of a built-in resource, or with `custom` of a CustomResourceDefinition's. */
export function storagePrefixOf(group: string, resource: string, custom: boolean): string {
  if (custom) return `/registry/${group}/${resource}/`;
  return `/registry/${specialPrefixes[group === '' ? resource : `${resource}.${group}`] ?? resource}/`;
}
