// What is particular to one kind, as upstream's rest.RESTCreateStrategy, RESTUpdateStrategy and RESTDeleteStrategy. Everything else is generic.

import type { FieldErrorList } from '../../api/field-error.ts';
import type { KubeObject } from '../object.ts';
import type { RequestContext } from '../server/context.ts';

/** What a subresource that is the object itself (status, resize, approval) keeps of the old object, and what it checks. */
export interface SubresourceStrategy {
  prepare(object: KubeObject, old: KubeObject, context: RequestContext): void;
  validate?(object: KubeObject, old: KubeObject): FieldErrorList;
}

export interface Strategy {
  /** Sets and clears fields before validation of a create. */
  prepareForCreate?(object: KubeObject, context: RequestContext): void;
  /** Sets and clears fields before validation of an update through the main endpoint. `old` must not be changed. */
  prepareForUpdate?(object: KubeObject, old: KubeObject, context: RequestContext): void;
  /** Checks beyond those of the schema-driven validation. */
  validate?(object: KubeObject): FieldErrorList;
  validateStatus?(object: KubeObject, old: KubeObject): FieldErrorList;
  validateUpdate?(object: KubeObject, old: KubeObject): FieldErrorList;
  /** Reserves what must be unique in the cluster (cluster IPs, node ports). Returns what to do if the create fails after all. */
  beginCreate?(object: KubeObject, context: RequestContext): Promise<() => void>;
  beginUpdate?(object: KubeObject, old: KubeObject, context: RequestContext): Promise<() => void>;
  /** After an update through the main endpoint has landed. */
  afterUpdate?(object: KubeObject, old: KubeObject): void;
  afterDelete?(object: KubeObject): void;
  /** Seconds of grace, or undefined for an immediate delete. `requested` is what the client asked for. */
  gracePeriod?(object: KubeObject, requested: number | undefined): number | undefined;
  /** Texts for Warning headers. */
  warnings?(object: KubeObject, old: KubeObject | undefined): string[];
  /** Keeps metadata.generation: 1 at creation, +1 when anything but metadata and status changes. */
  generation?: boolean;
  /** Main endpoint ignores status, /status ignores the rest. */
  hasStatus?: boolean;
  /** A create may bring its status along (nodes register themselves with theirs). */
  statusAtCreate?: boolean;
  /** What the main endpoint keeps of `old` beyond status, and what the status endpoint keeps (spec is kept always). */
  prepareStatusUpdate?(object: KubeObject, old: KubeObject): void;
  /** By the subresource's name. */
  subresources?: Record<string, SubresourceStrategy>;
  /** PUT on a name that is not there creates it. */
  allowCreateOnUpdate?: boolean;
  /** A PUT must carry a resourceVersion. */
  requireResourceVersion?: boolean;
  /** Deleting answers with the object as it was, not with a Status. */
  returnDeletedObject?: boolean;
  /** Dependents are orphaned unless the client says otherwise (ReplicationController, Job). */
  orphanByDefault?: boolean;
  /** Selectable fields beyond metadata.name and metadata.namespace. */
  fields?(object: KubeObject): Record<string, string>;
}
