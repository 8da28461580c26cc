// What a CustomResourceDefinition must be (apiextensions-apiserver/pkg/apis/apiextensions/validation): names, versions, columns, subresources, conversion.
// Its schemas are checked in schema-rules.ts and structural-rules.ts.

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  tooMany,
} from '../../api/field-error.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from '../../api/generated/types.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../api/names.ts';
import { validateWebhookClient } from '../admission/webhook-client-validation.ts';
import { deepEqual } from '../object.ts';
import { PathError, resolveFieldPath } from './field-path.ts';
import { schemaErrors } from './schema-rules.ts';

const label = (errors: FieldErrorList, at: FieldPath, text: string | undefined, prefix = ''): void => {
  const wrong = text ? isDns1035Label(prefix ? text.toLowerCase() : text) : [];
  if (wrong.length > 0) errors.push(invalid(at, text, prefix + wrong.join(',')));
};

/** Errors of a definition, new or in place of `old`. */
export function validateDefinition(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldErrorList {
  const { spec, metadata } = definition;
  const errors: FieldErrorList = [];
  const at = path('spec');
  if (!old && metadata.name !== `${spec.names.plural}.${spec.group}`)
    errors.push(invalid(path('metadata', 'name'), metadata.name, 'must be spec.names.plural+"."+spec.group'));
  validateGroup(errors, at.child('group'), spec.group);
  if (!spec.scope) errors.push(required(at.child('scope')));
  else if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster')
    errors.push(notSupported(at.child('scope'), spec.scope, ['Cluster', 'Namespaced']));
  for (const [i, version] of (spec.versions ?? []).entries())
    if (!version.schema?.openAPIV3Schema)
      errors.push(required(at.child('versions').index(i).child('schema', 'openAPIV3Schema')));
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields)
    errors.push(
      invalid(
        at.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  validateVersions(errors, at, definition, old);
  const { names } = spec;
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const)
    if (!names[field]) errors.push(required(at.child('names', field)));
  validateNames(errors, at.child('names'), names);
  validateConversion(errors, at.child('conversion'), spec.conversion);
  validateApproval(errors, definition, old);
  if (old) {
    const established = old.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
    const fixed: [FieldPath, unknown, unknown][] = [
      ...(established
        ? ([
            [at.child('scope'), spec.scope, old.spec.scope],
            [at.child('names', 'kind'), names.kind, old.spec.names.kind],
          ] as [FieldPath, unknown, unknown][])
        : []),
      [at.child('group'), spec.group, old.spec.group],
      [at.child('names', 'plural'), names.plural, old.spec.names.plural],
    ];
    for (const [where, value, before] of fixed)
      if (value !== before) errors.push(invalid(where, value, 'field is immutable'));
    validateStoredVersions(errors, definition);
  }
  return errors;
}

function validateGroup(errors: FieldErrorList, at: FieldPath, group: string): void {
  if (!group) return void errors.push(required(at));
  const wrong = isDns1123Subdomain(group);
  if (wrong.length > 0) errors.push(invalid(at, group, wrong.join(',')));
  else if (!group.includes('.')) errors.push(invalid(at, group, 'should be a domain with at least one dot'));
}

function validateVersions(
  errors: FieldErrorList,
  at: FieldPath,
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  const versions = spec.versions ?? [];
  for (const [i, version] of versions.entries()) {
    const here = at.child('versions').index(i);
    label(errors, here.child('name'), version.name);
    const before = old?.spec.versions.find(({ name }) => name === version.name);
    validateVersion(errors, here, version, before);
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalid(at.child('versions'), versions, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalid(at.child('versions'), versions, 'must have exactly one version marked as storage version'));
}

function validateVersion(
  errors: FieldErrorList,
  at: FieldPath,
  version: CustomResourceDefinitionVersion,
  before: CustomResourceDefinitionVersion | undefined,
): void {
  const { deprecated, deprecationWarning, schema, subresources, additionalPrinterColumns, selectableFields } = version;
  if (deprecationWarning !== undefined) {
    const wrong = !deprecated
      ? 'can only be set for deprecated versions'
      : deprecationWarning.length > 256
        ? 'must be <= 256 characters long'
        : deprecationWarning === ''
          ? 'must not be an empty string'
          : undefined;
    if (wrong) errors.push(invalid(at.child('deprecationWarning'), deprecationWarning, wrong));
  }
  const root = schema?.openAPIV3Schema as JSONSchemaProps | undefined;
  if (root && !(before && deepEqual(before.schema, schema)))
    errors.push(...schemaErrors(root, at.child('schema', 'openAPIV3Schema'), subresources?.status !== undefined));
  validateSubresources(errors, at.child('subresources'), subresources);
  for (const [i, column] of (additionalPrinterColumns ?? []).entries())
    validateColumn(errors, at.child('additionalPrinterColumns').index(i), column);
  if (root && selectableFields) validateSelectable(errors, at.child('selectableFields'), selectableFields, root);
}

function simplePath(errors: FieldErrorList, at: FieldPath, text: string): boolean {
  if (text.startsWith('.')) return true;
  errors.push(invalid(at, text, 'must be a simple json path starting with .'));
  return false;
}

function validateSubresources(
  errors: FieldErrorList,
  at: FieldPath,
  subresources: CustomResourceSubresources | undefined,
): void {
  const scale = subresources?.scale;
  if (!scale) return;
  const check = (field: 'specReplicasPath' | 'statusReplicasPath', under: string) => {
    const where = at.child(`scale.${field}`);
    const text = scale[field];
    if (!text) errors.push(required(where));
    else if (simplePath(errors, where, text) && !text.startsWith(`${under}.`))
      errors.push(invalid(where, text, `should be a json path under ${under}`));
  };
  check('specReplicasPath', '.spec');
  check('statusReplicasPath', '.status');
  const selector = scale.labelSelectorPath;
  const where = at.child('scale.labelSelectorPath');
  if (selector && simplePath(errors, where, selector) && !/^\.(spec|status)\./.test(selector))
    errors.push(invalid(where, selector, 'should be a json path under either .spec or .status'));
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = 'byte,date,date-time,double,float,int32,int64,password'.split(',');

function validateColumn(errors: FieldErrorList, at: FieldPath, column: CustomResourceColumnDefinition): void {
  const oneOf = `must be one of ${columnTypes.join(',')}`;
  if (!column.name) errors.push(required(at.child('name')));
  if (!column.type) errors.push(required(at.child('type'), oneOf));
  else if (!columnTypes.includes(column.type)) errors.push(invalid(at.child('type'), column.type, oneOf));
  if (column.format && !columnFormats.includes(column.format))
    errors.push(invalid(at.child('format'), column.format, `must be one of ${columnFormats.join(',')}`));
  if (!column.jsonPath) errors.push(required(at.child('JSONPath')));
  else simplePath(errors, at.child('JSONPath'), column.jsonPath);
}

function validateSelectable(
  errors: FieldErrorList,
  at: FieldPath,
  fields: readonly SelectableField[],
  root: JSONSchemaProps,
): void {
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const here = at.index(i).child('jsonPath');
    if (!jsonPath) {
      errors.push(required(here));
      continue;
    }
    try {
      const { steps, schema } = resolveFieldPath(jsonPath, withMeta(root), false);
      if (steps[0]?.name === 'metadata') errors.push(invalid(here, jsonPath, 'must not point to fields in metadata'));
      if (!['string', 'boolean', 'integer'].includes(schema.type ?? ''))
        errors.push(
          invalid(
            here,
            jsonPath,
            'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
          ),
        );
      const name = steps.map((step) => step.name).join('.');
      if (seen.has(name)) errors.push(duplicate(here, jsonPath));
      seen.add(name);
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
      errors.push(invalid(here, jsonPath, `is an invalid path: ${error.message}`));
    }
  }
  if (seen.size > 8) errors.push(tooMany(at, seen.size, 8));
}

const withMeta = (root: JSONSchemaProps): JSONSchemaProps => ({ ...root, properties: root.properties ?? {} });

function validateNames(errors: FieldErrorList, at: FieldPath, names: CustomResourceDefinitionNames): void {
  const mixed = 'may have mixed case, but should otherwise match: ';
  label(errors, at.child('plural'), names.plural);
  label(errors, at.child('singular'), names.singular);
  label(errors, at.child('kind'), names.kind, mixed);
  label(errors, at.child('listKind'), names.listKind, mixed);
  for (const [i, name] of (names.shortNames ?? []).entries()) label(errors, at.child('shortNames').index(i), name);
  if (names.kind && names.kind === names.listKind)
    errors.push(invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
  for (const [i, name] of (names.categories ?? []).entries()) label(errors, at.child('categories').index(i), name);
}

function validateConversion(
  errors: FieldErrorList,
  at: FieldPath,
  conversion: CustomResourceConversion | undefined,
): void {
  if (!conversion) return;
  const { strategy, webhook } = conversion;
  if (!strategy) errors.push(required(at.child('strategy')));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported(at.child('strategy'), strategy, ['None', 'Webhook']));
  const client = at.child('webhookClientConfig');
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig) errors.push(forbidden(client, 'should not be set when strategy is not set to Webhook'));
    if (webhook?.conversionReviewVersions?.length)
      errors.push(
        forbidden(at.child('conversionReviewVersions'), 'should not be set when strategy is not set to Webhook'),
      );
    return;
  }
  if (!webhook?.clientConfig) errors.push(required(client, 'required when strategy is set to Webhook'));
  else errors.push(...validateWebhookClient(webhook.clientConfig, client));
  const where = at.child('conversionReviewVersions');
  const versions = webhook?.conversionReviewVersions ?? [];
  if (versions.length === 0) errors.push(required(where));
  else if (!versions.some((version) => version === 'v1' || version === 'v1beta1'))
    errors.push(invalid(where, versions, 'must include at least one of v1, v1beta1'));
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(invalid(where.index(i), version, 'duplicate version'));
    else for (const wrong of isDns1035Label(version)) errors.push(invalid(where.index(i), version, wrong));
  }
}

const approval = 'api-approved.kubernetes.io';

/** Groups of Kubernetes' own need a word of approval. */
function validateApproval(
  errors: FieldErrorList,
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return;
  const given = metadata.annotations?.[approval];
  if (old && old.metadata.annotations?.[approval] === given) return;
  const at = path('metadata', 'annotations').key(approval);
  if (given === undefined)
    errors.push(
      required(
        at,
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    );
  else if (!given.startsWith('unapproved') && !/^https?:\/\/[^/]+/.test(given))
    errors.push(
      invalid(
        at,
        given,
        'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    );
}

function validateStoredVersions(errors: FieldErrorList, { spec, status }: CustomResourceDefinition): void {
  const stored = status?.storedVersions;
  if (!stored) return;
  const at = path('status', 'storedVersions');
  const names = spec.versions.map(({ name }) => name);
  for (const [i, name] of stored.entries())
    if (!names.includes(name))
      errors.push(
        invalid(
          at.index(i),
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      );
}
