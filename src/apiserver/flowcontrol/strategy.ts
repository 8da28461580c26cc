// "exempt" and "catch-all" are as they are: nobody may define them away (pkg/apis/flowcontrol/validation, mandatory objects).

import { type FieldErrorList, invalid, path } from '../../api/field-error.ts';
import type { PriorityLevelConfigurationSpec } from '../../api/generated/types.ts';
import { deepEqual, type KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import { flowSchemas, mandatory, priorityLevels } from './defaults.ts';

function fixed(object: KubeObject): FieldErrorList {
  const { name } = object.metadata;
  if (!mandatory.has(name)) return [];
  const all = object.kind === 'FlowSchema' ? flowSchemas : priorityLevels;
  const wanted = all.find(({ metadata }) => metadata?.name === name);
  // How much the exempt may borrow and lend is for the cluster to say.
  const own = object.kind !== 'FlowSchema' && name === 'exempt';
  const compared = (spec: unknown) => (own ? { ...(spec as PriorityLevelConfigurationSpec), exempt: undefined } : spec);
  if (deepEqual(compared(object['spec']), compared(wanted?.spec))) return [];
  const what = own ? `spec of '${name}' except the 'spec.exempt' field` : `spec of '${name}'`;
  return [invalid(path('spec'), object['spec'], `${what} must equal the fixed value`)];
}

const strategy: Strategy = { generation: true, validate: fixed, validateUpdate: fixed };

/** By "plural.group". */
export const flowControlStrategies: Record<string, Strategy> = {
  'flowschemas.flowcontrol.apiserver.k8s.io': strategy,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': strategy,
};
