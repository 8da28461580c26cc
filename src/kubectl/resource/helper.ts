// The writes that many commands make: create, patch, replace; with dry run, field manager and field validation in the query.

import { CliError } from '../cli/errors.ts';
import { type FlagSpec, type Flags, text } from '../cli/flags.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject } from '../object.ts';
import type { DryRun } from '../print/printer.ts';
import type { Query } from '../rest/client.ts';
import { pathOf, type Resource } from '../rest/discovery.ts';

export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export const patchTypes = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export const fieldManagerFlag = (manager: string): FlagSpec =>
  text('field-manager', 'Name of the manager used to track field ownership.', { default: manager });
export const validateFlag = text('validate', 'Must be one of: strict (or true), warn, ignore (or false).', {
  default: 'strict',
  bare: 'strict',
});

/** The server's fieldValidation for --validate. */
export function fieldValidation(flags: Flags): string {
  if (!flags.has('validate')) return 'Strict';
  const value = flags.string('validate');
  if (value === 'true' || value === 'strict') return 'Strict';
  if (value === 'warn') return 'Warn';
  if (value === 'false' || value === 'ignore') return 'Ignore';
  throw new CliError(
    `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
  );
}

export interface WriteOptions {
  dryRun?: DryRun;
  fieldManager?: string | undefined;
  validation?: string | undefined;
  subresource?: string | undefined;
}

export const writeQuery = (options: WriteOptions): Query => ({
  dryRun: options.dryRun === 'server' ? 'All' : undefined,
  fieldManager: options.fieldManager,
  fieldValidation: options.validation,
});

interface At {
  resource: Resource;
  namespace: string;
  name: string;
}

export async function createObject(
  kube: Kube,
  resource: Resource,
  namespace: string,
  object: unknown,
  options: WriteOptions,
): Promise<KubeObject> {
  return await kube.client.json(pathOf(resource, namespace), {
    method: 'POST',
    body: object,
    query: writeQuery(options),
  });
}

export async function patchObject(
  kube: Kube,
  at: At,
  type: string,
  body: unknown,
  options: WriteOptions & { force?: boolean } = {},
): Promise<KubeObject> {
  return await kube.client.json(pathOf(at.resource, at.namespace, at.name, options.subresource), {
    method: 'PATCH',
    body,
    contentType: type,
    query: { ...writeQuery(options), force: options.force ? 'true' : undefined },
  });
}

export async function replaceObject(kube: Kube, at: At, object: unknown, options: WriteOptions): Promise<KubeObject> {
  return await kube.client.json(pathOf(at.resource, at.namespace, at.name, options.subresource), {
    method: 'PUT',
    body: object,
    query: writeQuery(options),
  });
}

/** The patch type a kind takes: merge keys are known for built-in kinds only. */
export const mergeTypeFor = (resource: Resource): string =>
  resource.group === '' || !resource.group.includes('.') || resource.group.endsWith('.k8s.io')
    ? patchTypes.strategic
    : patchTypes.merge;
