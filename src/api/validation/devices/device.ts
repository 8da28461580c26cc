// Validation of a device in a ResourceSlice: attributes, taints, the counters that it consumes, its nodes.

import {
  type FieldErrorList,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../field-error.ts';
import type { Device, DeviceAttribute, DeviceCounterConsumption, DeviceTaint } from '../../generated/types.ts';
import { isDns1123Subdomain, isValidLabelValue } from '../../names.ts';
import { check } from '../common.ts';
import { checkNodeSelector } from '../node-selector.ts';
import { checkCapacity } from './capacity.ts';
import * as common from './common.ts';

const maxProperties = 32;
const maxTaints = 16;
const maxConsumptions = 2;
const maxCounters = 32;
const maxValue = 64;
const maxKey = 63 + 1 + 32;

/** `stays`: what an update leaves as it was, and is not judged again. */
export function checkDevice(
  errors: FieldErrorList,
  at: FieldPath,
  device: Device,
  selectsNodes: boolean,
  stays: { capacity: boolean; taints: boolean },
): void {
  const { attributes = {}, capacity = {} } = device;
  common.checkDeviceName(errors, at.child('name'), device.name ?? '');
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > maxProperties)
    errors.push(invalid(at, count, `the total number of attributes and capacities must not exceed ${maxProperties}`));
  for (const [key, attribute] of Object.entries(attributes)) {
    common.checkAttributeName(errors, at.child('attributes'), key);
    checkAttribute(errors, at.child('attributes').key(shortened(key)), attribute);
  }
  for (const [key, value] of stays.capacity ? [] : Object.entries(capacity)) {
    common.checkAttributeName(errors, at.child('capacity'), key);
    checkCapacity(errors, at.child('capacity').key(shortened(key)), value, device.allowMultipleAllocations === true);
  }
  if (!stays.taints) common.checkList(errors, at.child('taints'), device.taints, maxTaints, checkTaint);
  const consumed = at.child('consumesCounters');
  common.checkSet(errors, consumed, device.consumesCounters, maxConsumptions, checkConsumption, (e) => e.counterSet);
  if (selectsNodes) checkNodes(errors, at, device);
  else if (device.nodeName !== undefined || device.nodeSelector || device.allNodes !== undefined)
    errors.push(
      invalid(
        at,
        null,
        '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      ),
    );
  common.checkBinding(errors, at, device);
}

/** Keys that are too long lose their middle. */
const shortened = (key: string) =>
  key.length <= maxKey ? key : `${key.slice(0, (maxKey - 2) >> 1)}...${key.slice(key.length - ((maxKey - 3) >> 1))}`;

const number = '(0|[1-9]\\d*)';
const preRelease = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const build = '[0-9a-zA-Z-]+';
const version = new RegExp(
  `^${number}\\.${number}\\.${number}(-${preRelease}(\\.${preRelease})*)?(\\+${build}(\\.${build})*)?$`,
);

function checkAttribute(errors: FieldErrorList, at: FieldPath, attribute: DeviceAttribute): void {
  const { string: text, version: release } = attribute;
  if (text !== undefined && text.length > maxValue) errors.push(tooLong(at.child('string'), maxValue));
  if (release !== undefined) {
    const where = at.child('version');
    if (!version.test(release))
      errors.push(invalid(where, release, 'must be a string compatible with semver.org spec 2.0.0'));
    if (release.length > maxValue) errors.push(tooLong(where, maxValue));
  }
  const set = [attribute.bool, attribute.int, text, release].filter((value) => value !== undefined);
  if (set.length !== 1)
    errors.push(invalid(at, set.length === 0 ? '' : attribute, 'exactly one value must be specified'));
}

function checkTaint(errors: FieldErrorList, at: FieldPath, { key, value, effect }: DeviceTaint): void {
  common.checkLabelKey(errors, at.child('key'), key ?? '');
  if (value) check(errors, at.child('value'), value, isValidLabelValue);
  if (!effect) errors.push(required(at.child('effect')));
  else if (!common.taintEffects.includes(effect))
    errors.push(notSupported(at.child('effect'), effect, common.taintEffects));
}

function checkConsumption(
  errors: FieldErrorList,
  at: FieldPath,
  { counterSet, counters }: DeviceCounterConsumption,
): void {
  if (!counterSet) errors.push(required(at.child('counterSet')));
  else common.checkCounterName(errors, at.child('counterSet'), counterSet);
  checkCounters(errors, at.child('counters'), counters);
}

export function checkCounters(errors: FieldErrorList, at: FieldPath, counters: object | undefined): void {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) errors.push(required(at));
  else if (names.length > maxCounters) errors.push(tooMany(at, names.length, maxCounters));
  else for (const name of names) common.checkCounterName(errors, at, name);
}

function checkNodes(errors: FieldErrorList, at: FieldPath, { nodeName, nodeSelector, allNodes }: Device): void {
  const set: string[] = [];
  if (nodeName === '') errors.push(invalid(at.child('nodeName'), nodeName, 'must not be empty'));
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    check(errors, at.child('nodeName'), nodeName, isDns1123Subdomain);
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    checkNodeSelector(errors, at.child('nodeSelector'), nodeSelector);
  }
  if (allNodes) set.push('`allNodes`');
  else if (allNodes === false)
    errors.push(invalid(at.child('allNodes'), allNodes, 'must be either unset or set to true'));
  const oneOf =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (set.length === 0) errors.push(required(at, oneOf));
  else if (set.length > 1) errors.push(invalid(at, `{${set.join(', ')}}`, oneOf));
}
