// What a CustomResourceDefinition must be (apiextensions-apiserver/pkg/apis/apiextensions/validation): names, versions, columns, subresources, conversion.
// Its schemas are checked in schema-rules.ts and structural-rules.ts.

import { type FieldErrorList, type FieldPath, invalid, notSupported, path, required } from '../../api/field-error.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../api/generated/types.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../api/names.ts';
import { deepEqual } from '../object.ts';
import { isEstablished, validateConversion } from './conversion-validation.ts';
import { schemaErrors } from './schema-rules.ts';
import { maxSelectable, validateColumn, validateSelectable, validateSubresources } from './version-parts.ts';

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
  const { names } = spec;
  const errors: FieldErrorList = [];
  const at = path('spec');
  if (!old && metadata.name !== `${names.plural}.${spec.group}`)
    errors.push(invalid(path('metadata', 'name'), metadata.name, 'must be spec.names.plural+"."+spec.group'));
  validateGroup(errors, at.child('group'), spec.group);
  if (!spec.scope) errors.push(required(at.child('scope')));
  else if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster')
    errors.push(notSupported(at.child('scope'), spec.scope, ['Cluster', 'Namespaced']));
  for (const [i, version] of (spec.versions ?? []).entries())
    if (!version.schema?.openAPIV3Schema)
      errors.push(required(at.child('versions').index(i).child('schema', 'openAPIV3Schema')));
  validateVersions(errors, at, definition, old);
  if (spec.preserveUnknownFields && spec.conversion && spec.conversion.strategy !== 'None')
    errors.push(
      invalid(
        at.child('conversion', 'strategy'),
        spec.conversion.strategy,
        'must be None if spec.preserveUnknownFields is true',
      ),
    );
  validateConversion(errors, at.child('conversion'), spec.conversion, old);
  if (old) validateFixed(errors, at, definition, old);
  validateStatusNames(errors, definition);
  validateStoredVersions(errors, definition);
  validateApproval(errors, definition, old);
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields)
    errors.push(
      invalid(
        at.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return errors;
}

/** Errors of a change of the status alone. */
export function validateDefinitionStatus(definition: CustomResourceDefinition): FieldErrorList {
  const errors: FieldErrorList = [];
  validateStatusNames(errors, definition);
  return errors;
}

function validateStatusNames(errors: FieldErrorList, { status }: CustomResourceDefinition): void {
  if (status?.acceptedNames) validateNames(errors, path('status', 'acceptedNames'), status.acceptedNames);
}

/** What objects are stored by. */
function validateFixed(
  errors: FieldErrorList,
  at: FieldPath,
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition,
): void {
  const fixed = (where: FieldPath, value: unknown, before: unknown) => {
    if (value !== before) errors.push(invalid(where, value, 'field is immutable'));
  };
  if (isEstablished(old)) {
    fixed(at.child('scope'), spec.scope, old.spec.scope);
    fixed(at.child('names', 'kind'), spec.names.kind, old.spec.names.kind);
  }
  fixed(at.child('group'), spec.group, old.spec.group);
  fixed(at.child('names', 'plural'), spec.names.plural, old.spec.names.plural);
}

function validateGroup(errors: FieldErrorList, at: FieldPath, group: string): void {
  if (!group) return void errors.push(required(at));
  const wrong = isDns1123Subdomain(group);
  if (wrong.length > 0) errors.push(invalid(at, group, wrong.join(',')));
  else if (!group.includes('.')) errors.push(invalid(at, group, 'should be a domain with at least one dot'));
}

type Part = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';

/** What all versions say alike is judged once, as the definition's own. */
const common = (versions: readonly CustomResourceDefinitionVersion[], part: Part): boolean =>
  versions.every((version) => deepEqual(version[part] ?? null, versions[0]?.[part] ?? null));

function validateVersions(
  errors: FieldErrorList,
  at: FieldPath,
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  const versions = spec.versions ?? [];
  const [first] = versions;
  const shared = {
    schema: common(versions, 'schema'),
    subresources: common(versions, 'subresources'),
    additionalPrinterColumns: common(versions, 'additionalPrinterColumns'),
    selectableFields: common(versions, 'selectableFields'),
  };
  const beforeOf = ({ name }: CustomResourceDefinitionVersion) =>
    old?.spec.versions.find((version) => version.name === name);
  for (const [i, version] of versions.entries()) {
    const here = at.child('versions').index(i);
    label(errors, here.child('name'), version.name);
    for (const wrong of deprecationProblems(version))
      errors.push(invalid(here.child('deprecationWarning'), version.deprecationWarning, wrong));
    const own = { ...version };
    for (const part of Object.keys(shared) as Part[]) if (shared[part]) delete own[part];
    const hasStatus = version.subresources?.status !== undefined;
    validateParts(errors, here, here.child('schema'), own, version, beforeOf(version), hasStatus);
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalid(at.child('versions'), shownVersions(versions, shared), 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(
      invalid(
        at.child('versions'),
        shownVersions(versions, shared),
        'must have exactly one version marked as storage version',
      ),
    );
  if (first) label(errors, at.child('version'), first.name);
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const)
    if (!spec.names[field]) errors.push(required(at.child('names', field)));
  validateNames(errors, at.child('names'), spec.names);
  if (!first) return;
  const own = { ...first };
  for (const part of Object.keys(shared) as Part[]) if (!shared[part]) delete own[part];
  const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
  validateParts(errors, at, at.child('validation'), own, first, beforeOf(first), hasStatus);
}

/** As upstream's errors show them: its internal type, without what all have alike. */
const shownVersions = (versions: readonly CustomResourceDefinitionVersion[], shared: Record<Part, boolean>) =>
  versions.map((version) => ({
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: (shared.schema ? undefined : version.schema) ?? null,
    Subresources: (shared.subresources ? undefined : version.subresources) ?? null,
    AdditionalPrinterColumns: (shared.additionalPrinterColumns ? undefined : version.additionalPrinterColumns) ?? null,
    SelectableFields: (shared.selectableFields ? undefined : version.selectableFields) ?? null,
  }));

function deprecationProblems({ deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion): string[] {
  if (text === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const problems: string[] = [];
  if (new TextEncoder().encode(text).length > 256) problems.push('must be <= 256 characters long');
  if (text === '') problems.push('must not be an empty string');
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (odd) {
    const index = new TextEncoder().encode(text.slice(0, odd.index)).length;
    problems.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
  return problems;
}

/** `part` has what is to be judged here, `whole` all that the version says. */
function validateParts(
  errors: FieldErrorList,
  at: FieldPath,
  schemaAt: FieldPath,
  part: Partial<CustomResourceDefinitionVersion>,
  whole: CustomResourceDefinitionVersion,
  before: CustomResourceDefinitionVersion | undefined,
  hasStatus: boolean,
): void {
  const root = part.schema?.openAPIV3Schema as JSONSchemaProps | undefined;
  if (root && !(before && deepEqual(before.schema, part.schema)))
    errors.push(...schemaErrors(root, schemaAt.child('openAPIV3Schema'), hasStatus));
  validateSubresources(errors, at.child('subresources'), part.subresources);
  for (const [i, column] of (part.additionalPrinterColumns ?? []).entries())
    validateColumn(errors, at.child('additionalPrinterColumns').index(i), column);
  const { selectableFields: fields } = part;
  const schema = whole.schema?.openAPIV3Schema as JSONSchemaProps | undefined;
  const asMany = (before?.selectableFields ?? []).length > maxSelectable && deepEqual(before?.selectableFields, fields);
  if (schema && fields) validateSelectable(errors, at.child('selectableFields'), fields, schema, asMany);
}

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

const approval = 'api-approved.kubernetes.io';

function approvalState(given: string | undefined): 'missing' | 'bypassed' | 'approved' | 'invalid' {
  if (!given) return 'missing';
  if (given.startsWith('unapproved')) return 'bypassed';
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]+/.test(given) ? 'approved' : 'invalid';
}

/** Groups of Kubernetes' own need a word of approval. */
function validateApproval(
  errors: FieldErrorList,
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return;
  const given = metadata.annotations?.[approval];
  if (old && approvalState(old.metadata.annotations?.[approval]) === approvalState(given)) return;
  const at = path('metadata', 'annotations').key(approval);
  if (!given)
    errors.push(
      required(
        at,
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    );
  else if (approvalState(given) === 'invalid')
    errors.push(
      invalid(
        at,
        given,
        'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    );
}

function validateStoredVersions(errors: FieldErrorList, { spec, status }: CustomResourceDefinition): void {
  const stored = status?.storedVersions ?? [];
  const at = path('status', 'storedVersions');
  if (stored.length === 0)
    return void errors.push(
      invalid(at, status?.storedVersions?.length ? stored : null, 'must have at least one stored version'),
    );
  const versions = spec.versions ?? [];
  for (const { name, storage } of versions)
    if (storage && !stored.includes(name)) errors.push(invalid(at, stored, `must have the storage version ${name}`));
  for (const [i, name] of stored.entries())
    if (!versions.some((version) => version.name === name))
      errors.push(
        invalid(
          at.index(i),
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      );
}
