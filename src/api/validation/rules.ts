// What one area of kinds brings to validation: a table of rules by schema type.

import type { FieldErrorList } from '../field-error.ts';

export interface Rules {
  /** Errors of the object as it is. */
  create?: (object: never) => FieldErrorList;
  /** Errors of the change, reported beside those of `create` when an object is replaced through its main endpoint. */
  update?: (object: never, old: never) => FieldErrorList;
  /** An update is judged by `update` alone: most of a running object may no longer be judged as a new one would be. */
  changesOnly?: true;
  /** Errors of a change through the status endpoint. */
  status?: (object: never, old: never) => FieldErrorList;
}

export type RulesByType = Record<string, Rules>;
