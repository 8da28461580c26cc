// What a version of a CustomResourceDefinition has beside its schema: subresources, printer columns, selectable fields
// (apiextensions-apiserver/pkg/apis/apiextensions/validation).

import { duplicate, type FieldErrorList, type FieldPath, invalid, required, tooMany } from '../../api/field-error.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from '../../api/generated/types.ts';
import { PathError, resolveFieldPath } from './field-path.ts';

export const maxSelectable = 8;

function simplePath(errors: FieldErrorList, at: FieldPath, text: string): boolean {
  if (text.startsWith('.')) return true;
  errors.push(invalid(at, text, 'must be a simple json path starting with .'));
  return false;
}

export function validateSubresources(
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

export function validateColumn(errors: FieldErrorList, at: FieldPath, column: CustomResourceColumnDefinition): void {
  const oneOf = `must be one of ${columnTypes.join(',')}`;
  if (!column.name) errors.push(required(at.child('name')));
  if (!column.type) errors.push(required(at.child('type'), oneOf));
  else if (!columnTypes.includes(column.type)) errors.push(invalid(at.child('type'), column.type, oneOf));
  if (column.format && !columnFormats.includes(column.format))
    errors.push(invalid(at.child('format'), column.format, `must be one of ${columnFormats.join(',')}`));
  if (!column.jsonPath) errors.push(required(at.child('JSONPath')));
  else simplePath(errors, at.child('JSONPath'), column.jsonPath);
}

export function validateSelectable(
  errors: FieldErrorList,
  at: FieldPath,
  fields: readonly SelectableField[],
  root: JSONSchemaProps,
  anyNumber: boolean,
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
  if (seen.size > maxSelectable && !anyNumber) errors.push(tooMany(at, seen.size, maxSelectable));
}

const withMeta = (root: JSONSchemaProps): JSONSchemaProps => ({ ...root, properties: root.properties ?? {} });
