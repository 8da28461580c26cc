// Everything that a custom resource is checked for before it is stored: its schema, its rules, the numbers that its scale subresource reads
// (apiextensions-apiserver/pkg/registry/customresource).

import { type FieldErrorList, FieldPath, invalid, path } from '../../api/field-error.ts';
import type { CustomResourceDefinitionVersion, JSONSchemaProps } from '../../api/generated/types.ts';
import { isQualifiedName } from '../../api/names.ts';
import type { KubeObject } from '../object.ts';
import { type RuleOutcome, ruleCheck } from './rules.ts';
import { validateSchema } from './structural.ts';

export interface ObjectCheck {
  (object: KubeObject, old: KubeObject | undefined): FieldErrorList;
  /** Of a write of the status: the rest is as it was. */
  status(object: KubeObject, old: KubeObject): FieldErrorList;
  warnings(object: KubeObject, old: KubeObject | undefined): string[];
}

/** Errors after which rules are not run: the object is not what they expect. */
const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
const root = new FieldPath();

export function objectCheck(
  version: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps | undefined,
): ObjectCheck {
  const rules = ruleCheck(schema);
  const warned = new WeakMap<KubeObject, RuleOutcome>();
  const statusSchema = schema?.properties?.['status'];
  const complete = (errors: FieldErrorList, object: KubeObject, old: KubeObject | undefined): FieldErrorList => {
    if (!rules) return errors;
    if (errors.some(({ type }) => blocking.has(type))) return [...errors, invalid(root, null, unchecked)];
    const outcome = rules(object, old, root);
    warned.set(object, outcome);
    return [...errors, ...outcome.errors];
  };
  const check = (object: KubeObject, old: KubeObject | undefined): FieldErrorList => {
    const { scale } = version.subresources ?? {};
    const paths = scale ? [scale.specReplicasPath, scale.statusReplicasPath] : [];
    return complete([...validateSchema(object, schema, root, old), ...scaleErrors(object, paths)], object, old);
  };
  return Object.assign(check, {
    status(object: KubeObject, old: KubeObject): FieldErrorList {
      const { scale } = version.subresources ?? {};
      const found = validateSchema(object['status'], statusSchema, path('status'), old['status']);
      const errors = object['status'] === undefined ? [] : found;
      return complete([...errors, ...scaleErrors(object, scale ? [scale.statusReplicasPath] : [])], object, old);
    },
    warnings: (object: KubeObject, old: KubeObject | undefined) => [
      ...finalizerWarnings(object, old),
      ...(warned.get(object)?.warnings ?? []),
    ],
  });
}

/** The numbers at these paths, which a Scale will show. */
function scaleErrors(object: KubeObject, paths: readonly string[]): FieldErrorList {
  return paths.flatMap((where) => {
    const value = where
      .split('.')
      .filter((part) => part !== '')
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], object);
    if (typeof value !== 'number') return [];
    if (value < 0) return [invalid(path(where), value, 'should be a non-negative integer')];
    return value > 2 ** 31 - 1 ? [invalid(path(where), value, `should be less than or equal to ${2 ** 31 - 1}`)] : [];
  });
}

const standardFinalizers = ['orphan', 'foregroundDeletion', 'kubernetes'];

function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const added = (metadata.finalizers ?? []).filter((name) => !old?.metadata.finalizers?.includes(name));
  return added.sort().flatMap((name) => {
    const start = `metadata.finalizers: ${JSON.stringify(name)}: `;
    const out = isQualifiedName(name).map((message) => start + message);
    if (name.includes('/') || standardFinalizers.includes(name)) return out;
    const how = name.includes('.') ? ' including a path (/)' : '';
    return [
      ...out,
      `${start}prefer a domain-qualified finalizer name${how} to avoid accidental conflicts with other finalizer writers`,
    ];
  });
}
