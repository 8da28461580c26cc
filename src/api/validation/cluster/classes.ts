// Validation of the classes that name a controller or a driver (pkg/apis/{networking,storage}/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  path,
  required,
  tooLong,
} from '../../field-error.ts';
import type { IngressClass, StorageClass, TopologySelectorTerm, VolumeAttributesClass } from '../../generated/types.ts';
import { isDns1123Label, isQualifiedName } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { check, domainPrefixedPath, immutable, oneOf, requiredOneOf, specPath, unique } from '../common.ts';
import { checkReference } from './ingresses.ts';

const controller = specPath.child('controller');
const parametersPath = specPath.child('parameters');
const maxController = 250;

export function validateIngressClass(object: IngressClass): FieldErrorList {
  const errors: FieldErrorList = [];
  const name = object.spec?.controller ?? '';
  if (name === '') errors.push(required(controller));
  else {
    if (name.length > maxController) errors.push(tooLong(controller, maxController));
    domainPrefixedPath(errors, controller, name);
  }
  checkParameters(errors, object);
  return errors;
}

function checkParameters(errors: FieldErrorList, { spec }: IngressClass): void {
  const parameters = spec?.parameters;
  if (!parameters) return;
  checkReference(errors, parametersPath, parameters);
  const { scope, namespace } = parameters;
  const at = parametersPath.child('namespace');
  if (scope === undefined) errors.push(required(parametersPath.child('scope')));
  oneOf(errors, parametersPath.child('scope'), scope, ['Cluster', 'Namespace']);
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    else check(errors, at, namespace, isDns1123Label);
  }
  if (scope === 'Cluster' && namespace !== undefined)
    errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
}

export function validateIngressClassUpdate(object: IngressClass, old: IngressClass): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, controller, object.spec?.controller, old.spec?.controller);
  errors.push(...validateIngressClass(object));
  return errors;
}

function checkProvisioner(errors: FieldErrorList, at: FieldPath, name = ''): void {
  if (name === '') errors.push(required(at));
  else check(errors, at, name.toLowerCase(), isQualifiedName);
}

const limits = { parameters: 512, size: 256 * 1024 };

function checkClassParameters(errors: FieldErrorList, parameters: Record<string, string> = {}, needed = false): void {
  const at = path('parameters');
  const entries = Object.entries(parameters);
  if (entries.length > limits.parameters) {
    errors.push(tooLong(at, limits.parameters));
    return;
  }
  if (Object.hasOwn(parameters, '')) errors.push(invalid(at, '', 'field can not be empty.'));
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size > limits.size) errors.push(tooLong(at, limits.size));
  if (needed && entries.length === 0) errors.push(required(at, 'must contain at least one key/value pair'));
}

export function validateStorageClass(object: StorageClass): FieldErrorList {
  const errors: FieldErrorList = [];
  checkProvisioner(errors, path('provisioner'), object.provisioner);
  checkClassParameters(errors, object.parameters);
  oneOf(errors, path('reclaimPolicy'), object.reclaimPolicy || undefined, ['Delete', 'Retain']);
  requiredOneOf(errors, path('volumeBindingMode'), object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
  checkTopologies(errors, object.allowedTopologies ?? []);
  return errors;
}

function checkTopologies(errors: FieldErrorList, topologies: readonly TopologySelectorTerm[]): void {
  const seen = new Set<string>();
  for (const [i, { matchLabelExpressions = [] }] of topologies.entries()) {
    const list = path('allowedTopologies').index(i).child('matchLabelExpressions');
    if (matchLabelExpressions.length === 0) errors.push(required(list));
    const keys = new Set<string>();
    for (const [j, { key, values = [] }] of matchLabelExpressions.entries()) {
      const at = list.index(j);
      if (values.length === 0) errors.push(required(at.child('values')));
      const used = new Set<string>();
      for (const [k, value] of values.entries()) unique(errors, used, at.child('values').index(k), value);
      check(errors, at.child('key'), key, isQualifiedName);
      unique(errors, keys, at.child('key'), key);
    }
    const same = JSON.stringify(
      matchLabelExpressions.map(({ key, values }) => [key, [...(values ?? [])].sort()].join('\n')).sort(),
    );
    if (seen.has(same)) errors.push(duplicate(list, ''));
    seen.add(same);
  }
}

export function validateStorageClassUpdate(object: StorageClass, old: StorageClass): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const name of ['parameters', 'provisioner', 'reclaimPolicy'] as const)
    if (!equalJson(object[name] ?? null, old[name] ?? null))
      errors.push(forbidden(path(name), `updates to ${name} are forbidden.`));
  immutable(errors, path('volumeBindingMode'), object.volumeBindingMode, old.volumeBindingMode);
  return errors;
}

export function validateAttributesClass({ driverName, parameters }: VolumeAttributesClass): FieldErrorList {
  const errors: FieldErrorList = [];
  checkProvisioner(errors, path('driverName'), driverName);
  checkClassParameters(errors, parameters, true);
  return errors;
}

export function validateAttributesClassUpdate(now: VolumeAttributesClass, old: VolumeAttributesClass): FieldErrorList {
  const errors: FieldErrorList = [];
  for (const field of ['driverName', 'parameters'] as const)
    if (!equalJson(now[field] ?? null, old[field] ?? null))
      errors.push(forbidden(path(field), `updates to ${field} are forbidden.`));
  errors.push(...validateAttributesClass(now));
  return errors;
}
