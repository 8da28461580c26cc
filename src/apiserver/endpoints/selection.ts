// Which objects a list or watch wants: label and field selector as one test.

import {
  checkFieldSelector,
  type FieldSelector,
  fieldSelectorMatches,
  requiresExactMatch,
  selectableFields,
} from '../../api/fields.ts';
import { type Selector, selectorMatches } from '../../api/labels.ts';
import { qualifiedResource } from '../../api/status.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';

export interface Selection {
  /** Selects everything: nothing needs to be parsed. */
  all: boolean;
  /** The one name that is selected, if the selector demands one. */
  name: string | undefined;
  /** The same for selections that select the same of a resource. */
  readonly key: string;
  matches(object: KubeObject): boolean;
}

/** Throws BadRequest when the field selector names a field that this resource does not offer. */
export function selectionOf(
  resource: ResourceInfo,
  strategy: Strategy,
  labelSelector: Selector,
  fieldSelector: FieldSelector,
): Selection {
  const resourceName = qualifiedResource(resource.groupResource);
  const extra = resource.selectableFields;
  checkFieldSelector(resourceName, fieldSelector, extra, resource.custom);
  const onlyMetadata = fieldSelector.every(({ field }) => field.startsWith('metadata.'));
  return {
    all: labelSelector.length === 0 && fieldSelector.length === 0,
    name: requiresExactMatch(fieldSelector, 'metadata.name'),
    get key() {
      return JSON.stringify([labelSelector, fieldSelector]);
    },
    matches(object) {
      if (labelSelector.length > 0 && !selectorMatches(labelSelector, object.metadata.labels)) return false;
      if (fieldSelector.length === 0) return true;
      const { name, namespace } = object.metadata;
      const fields = onlyMetadata
        ? { 'metadata.name': name, 'metadata.namespace': namespace ?? '' }
        : { ...selectableFields(resourceName, object), ...strategy.fields?.(object) };
      return fieldSelectorMatches(fieldSelector, fields);
    },
  };
}
