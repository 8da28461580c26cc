// Validation of ResourceSlices: where a driver's devices are, what they are like, which counters they share.

import { type FieldErrorList, type FieldPath, invalid, required } from '../../field-error.ts';
import type { CounterSet, Device, ResourceSlice, ResourceSliceSpec } from '../../generated/types.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { check, immutable, semanticEqual, specPath } from '../common.ts';
import { checkNodeSelector } from '../node-selector.ts';
import { checkDriverName } from '../volume-sources.ts';
import * as common from './common.ts';
import { checkCounters, checkDevice } from './device.ts';

const maxDevices = 128;
const maxAdvancedDevices = 64;
const maxCounterSets = 8;

export const validateResourceSlice = ({ spec }: ResourceSlice): FieldErrorList => validateSpec(spec);
export const validateResourceSliceUpdate = ({ spec }: ResourceSlice, old: ResourceSlice): FieldErrorList =>
  validateSpec(spec, old.spec);

function validateSpec(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldErrorList {
  const errors: FieldErrorList = [];
  checkDriverName(errors, specPath.child('driver'), spec.driver);
  const { name, resourceSliceCount = 0, generation = 0 } = spec.pool ?? {};
  const pool = specPath.child('pool');
  common.checkPoolName(errors, pool.child('name'), name);
  if (resourceSliceCount <= 0)
    errors.push(invalid(pool.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  if (generation < 0)
    errors.push(invalid(pool.child('generation'), generation, 'must be greater than or equal to zero'));
  if (old) {
    immutable(errors, pool.child('name'), name, old.pool?.name);
    immutable(errors, specPath.child('driver'), spec.driver, old.driver);
    immutable(errors, specPath.child('nodeName'), spec.nodeName, old.nodeName);
  }
  checkNodes(errors, spec);

  const { devices, sharedCounters, perDeviceNodeSelection } = spec;
  if (sharedCounters && devices)
    errors.push(invalid(specPath, '', 'only one of `sharedCounters` or `devices` is allowed'));
  const advanced = (devices ?? []).some((each) => each.taints?.length || each.consumesCounters?.length);
  const device = (_: FieldErrorList, at: FieldPath, each: Device) => {
    const before = old?.devices?.find((had) => had.name === each.name);
    checkDevice(errors, at, each, perDeviceNodeSelection === true, {
      capacity: before !== undefined && semanticEqual(each.capacity, before.capacity),
      taints: before !== undefined && semanticEqual(each.taints, before.taints),
    });
  };
  const limit = advanced ? maxAdvancedDevices : maxDevices;
  common.checkSet(errors, specPath.child('devices'), devices, limit, device, (each) => each.name);
  const counters = specPath.child('sharedCounters');
  common.checkSet(errors, counters, sharedCounters, maxCounterSets, checkCounterSet, (each) => each.name);
  return errors;
}

/** The nodes that have the devices, said in exactly one way. */
function checkNodes(errors: FieldErrorList, { nodeName, nodeSelector, ...flags }: ResourceSliceSpec): void {
  const set: string[] = [];
  if (nodeName !== undefined) {
    const at = specPath.child('nodeName');
    if (nodeName === '') errors.push(invalid(at, nodeName, 'must be either unset or set to a non-empty string'));
    else {
      set.push('`nodeName`');
      check(errors, at, nodeName, isDns1123Subdomain);
    }
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    const at = specPath.child('nodeSelector');
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    checkNodeSelector(errors, at, nodeSelector);
    if (terms.length !== 1)
      errors.push(invalid(at.child('nodeSelectorTerms'), terms, 'must have exactly one node selector term'));
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (flags[field]) set.push(`\`${field}\``);
    else if (flags[field] === false)
      errors.push(invalid(specPath.child(field), false, 'must be either unset or set to true'));
  }
  const oneOf = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (set.length === 0) errors.push(required(specPath, oneOf));
  else if (set.length > 1)
    errors.push(invalid(specPath, `{${set.join(', ')}}`, `${oneOf}, but multiple fields are set`));
}

function checkCounterSet(errors: FieldErrorList, at: FieldPath, { name, counters }: CounterSet): void {
  if (!name) errors.push(required(at.child('name')));
  else common.checkCounterName(errors, at.child('name'), name);
  checkCounters(errors, at.child('counters'), counters);
}
