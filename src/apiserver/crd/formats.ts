// Formats that schemas name and nobody checks (apiextensions-apiserver/pkg/apiserver/validation/formats.go).

import type { CustomResourceDefinition, JSONSchemaProps } from '../../api/generated/types.ts';

const ofStrings = new Set(
  'bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor rgbcolor byte password date duration datetime k8sshortname k8slongname'.split(
    ' ',
  ),
);
const ofNumbers: Record<string, readonly string[]> = { integer: ['int32', 'int64'], number: ['float', 'double'] };

const isKnown = (type: string | undefined, format: string): boolean =>
  !type || type === 'string' ? ofStrings.has(format.replaceAll('-', '')) : (ofNumbers[type]?.includes(format) ?? false);

/** Each as often as it is named, version by version. */
export function unknownFormats({ spec }: CustomResourceDefinition): string[] {
  const out: string[] = [];
  const schemas = (spec.versions ?? []).map(({ schema }) => schema?.openAPIV3Schema);
  const alike = schemas.every((schema) => JSON.stringify(schema) === JSON.stringify(schemas[0]));
  for (const schema of alike ? schemas.slice(0, 1) : schemas) collect(schema, out);
  return out;
}

function collect(value: unknown, out: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  const schema = value as JSONSchemaProps;
  if (schema.format && !isKnown(schema.type, schema.format)) out.push(schema.format);
  for (const part of [schema.items, schema.not, schema.additionalProperties]) collect(part, out);
  for (const list of [schema.allOf, schema.anyOf, schema.oneOf]) for (const part of list ?? []) collect(part, out);
  for (const part of Object.values(schema.properties ?? {})) collect(part, out);
}
