import { expect, test } from 'vitest';
import { renderErrors } from '../../api/field-error.ts';
import type { CustomResourceDefinition } from '../../api/generated/types.ts';
import type { KubeObject } from '../object.ts';
import type { RequestContext } from '../server/context.ts';
import { definitionStrategy } from './definition-strategy.ts';
import { validateDefinition, validateDefinitionStatus } from './definition-validation.ts';

const schema = (properties: object = {}) => ({ openAPIV3Schema: { type: 'object', properties } });
const version = (more: object = {}) => ({ name: 'v1', served: true, storage: true, schema: schema(), ...more });
const v2 = (more: object = {}) => version({ name: 'v2', storage: false, ...more });
const names = { plural: 'foos', singular: 'foo', kind: 'Foo', listKind: 'FooList' };

function definition(spec: object = {}, status: object = {}, metadata: object = {}): CustomResourceDefinition {
  return {
    kind: 'CustomResourceDefinition',
    metadata: { name: 'foos.example.com', ...metadata },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [version()], ...spec },
    status: { storedVersions: ['v1'], acceptedNames: names, ...status },
  } as unknown as CustomResourceDefinition;
}
const webhook = (more: object = {}) => ({
  conversion: {
    strategy: 'Webhook',
    webhook: { clientConfig: { url: 'https://a/b' }, conversionReviewVersions: ['v1'], ...more },
  },
});
const established = { conditions: [{ type: 'Established', status: 'True' }] };
const protectedGroup = { group: 'x.k8s.io' };
const protectedName = (annotation?: string) => ({
  name: 'foos.x.k8s.io',
  ...(annotation !== undefined && { annotations: { 'api-approved.kubernetes.io': annotation } }),
});
const approval = 'metadata.annotations[api-approved.kubernetes.io]';
const shown = (more: object = {}) => ({
  Name: 'v1',
  Served: true,
  Storage: true,
  Deprecated: false,
  DeprecationWarning: null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
  ...more,
});

test.each<[CustomResourceDefinition, string]>([
  [definition(), '[]'],
  [definition({}, {}, { name: 'x' }), 'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group'],
  [definition({ scope: 'World' }), 'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"'],
  [
    definition({ versions: [version({ schema: undefined })] }),
    'spec.versions[0].schema.openAPIV3Schema: Required value',
  ],
  [
    definition({ versions: [version({ schema: schema({ a: {} }) })] }),
    'spec.validation.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
  ],
  [
    definition({ versions: [version(), v2({ schema: schema({ a: {} }) })] }),
    'spec.versions[1].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
  ],
  [
    definition({ versions: [version({ deprecationWarning: 'x' }), v2({ deprecated: true, deprecationWarning: '' })] }),
    '[spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions, spec.versions[1].deprecationWarning: Invalid value: "": must not be an empty string]',
  ],
  [
    definition({ versions: [version({ deprecated: true, deprecationWarning: 'é\n' })] }),
    'spec.versions[0].deprecationWarning: Invalid value: "é\\n": must only contain printable UTF-8 characters; non-printable character found at index 2',
  ],
  [
    definition({ versions: [version(), version()] }),
    `[spec.versions: Invalid value: ${JSON.stringify([shown(), shown()])}: must contain unique version names, spec.versions: Invalid value: ${JSON.stringify([shown(), shown()])}: must have exactly one version marked as storage version]`,
  ],
  [
    definition({ versions: [version(), v2({ additionalPrinterColumns: [{ name: 'a', type: 'b', jsonPath: '.c' }] })] }),
    'spec.versions[1].additionalPrinterColumns[0].type: Invalid value: "b": must be one of boolean,date,integer,number,string',
  ],
  [
    definition({ names: { plural: 'foos', kind: 'Foo', listKind: 'Foo', shortNames: ['F'] } }),
    expect.stringMatching(
      /^\[spec.names.singular: Required value, spec.names.shortNames\[0\]: Invalid value: "F": a DNS-1035 label .*, spec.names.listKind: Invalid value: "Foo": kind and listKind may not be the same\]$/,
    ),
  ],
  [definition(webhook()), '[]'],
  [
    definition(webhook({ conversionReviewVersions: ['v7', 'v7'] })),
    '[spec.conversion.conversionReviewVersions[1]: Invalid value: "v7": duplicate version, spec.conversion.conversionReviewVersions: Invalid value: ["v7","v7"]: must include at least one of v1, v1beta1]',
  ],
  [
    definition({ ...webhook(), preserveUnknownFields: true }),
    '[spec.conversion.strategy: Invalid value: "Webhook": must be None if spec.preserveUnknownFields is true, spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead]',
  ],
  [
    definition({}, { storedVersions: [] }),
    'status.storedVersions: Invalid value: null: must have at least one stored version',
  ],
  [
    definition({}, { storedVersions: ['v0'] }),
    expect.stringMatching(
      /^\[status.storedVersions: Invalid value: \["v0"\]: must have the storage version v1, status.storedVersions\[0\]: Invalid value: "v0": missing from spec.versions; /,
    ),
  ],
  [
    definition(protectedGroup, {}, protectedName()),
    `${approval}: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111`,
  ],
  [
    definition(protectedGroup, {}, protectedName('yes')),
    `${approval}: Invalid value: "yes": protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
  ],
  [definition(protectedGroup, {}, protectedName('unapproved, for a test')), '[]'],
])('%#', (it, message) => expect(renderErrors(validateDefinition(it, undefined))).toEqual(message));

const bundle = (text: string) => webhook({ clientConfig: { url: 'https://a/b', caBundle: btoa(text) } });
const cluster = { scope: 'Cluster', names: { ...names, kind: 'Bar', listKind: 'BarList' } };
test.each<[CustomResourceDefinition, CustomResourceDefinition, string]>([
  [definition(), definition(cluster), '[]'],
  [
    definition({}, established),
    definition(cluster),
    '[spec.scope: Invalid value: "Cluster": field is immutable, spec.names.kind: Invalid value: "Bar": field is immutable]',
  ],
  [definition(), definition({ group: 'other.com' }), 'spec.group: Invalid value: "other.com": field is immutable'],
  [definition(), definition(bundle('x')), '[]'],
  [
    definition({}, established),
    definition(bundle('x')),
    `spec.conversion.webhookClientConfig.caBundle: Invalid value: "${btoa('x')}": unable to load root certificates: data does not contain any valid RSA or ECDSA certificates`,
  ],
  [definition(bundle('x'), established), definition(bundle('y')), '[]'],
  [
    definition(webhook({ conversionReviewVersions: ['v7'] })),
    definition(webhook({ conversionReviewVersions: ['v8'] })),
    '[]',
  ],
  [definition(protectedGroup, {}, protectedName('no')), definition(protectedGroup, {}, protectedName('nay')), '[]'],
])('update %#', (old, now, message) => expect(renderErrors(validateDefinition(now, old))).toBe(message));

test('accepted names are names', () => {
  const wrong = definition({}, { acceptedNames: { plural: 'A', kind: 'A' } });
  expect(renderErrors(validateDefinitionStatus(wrong))).toMatch(/^status.acceptedNames.plural: Invalid value: "A"/);
});

test('a new storage version is one of those that were stored; formats that nobody checks are warned of once', () => {
  const object = (it: CustomResourceDefinition) => it as unknown as KubeObject;
  const properties = { a: { type: 'string', format: 'poem' }, b: { type: 'integer', format: 'int32' } };
  const spec = { versions: [version({ storage: false }), v2({ storage: true, schema: schema(properties) })] };
  const now = object(definition(spec));
  const old = object(definition());
  definitionStrategy.prepareForUpdate?.(now, old, {} as RequestContext);
  expect((now['status'] as { storedVersions: string[] }).storedVersions).toEqual(['v1', 'v2']);
  expect(definitionStrategy.warnings?.(now, old)).toEqual(['unrecognized format "poem"']);
  expect(definitionStrategy.warnings?.(now, now)).toEqual([]);
});
