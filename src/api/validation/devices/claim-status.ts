// Validation of the status of ResourceClaims: what was allocated, for whom, and what drivers say of it.

import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../field-error.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../generated/types.ts';
import { formatIp, parseCidrBlock } from '../../ip.ts';
import { immutable, semanticEqual, statusPath } from '../common.ts';
import { validateConditions } from '../conditions.ts';
import { checkNodeSelector } from '../node-selector.ts';
import { checkDriverName } from '../volume-sources.ts';
import * as common from './common.ts';
import { checkRequestRef, checkRequestRefs, type RequestNames, requestNames } from './requests.ts';

const maxReservedFor = 256;
const maxResults = 32;
const maxConditions = 8;
const maxData = 10 * 1024;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;
const maxIps = 16;

type DeviceId = Pick<DeviceRequestAllocationResult, 'driver' | 'pool' | 'device' | 'shareID'>;
const idOf = ({ driver, pool, device, shareID }: DeviceId) =>
  [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/');

export function validateResourceClaimStatus(
  { metadata, spec, status }: ResourceClaim,
  old: ResourceClaim,
): FieldErrorList {
  const errors: FieldErrorList = [];
  const { reservedFor = [], devices, allocation } = status ?? {};
  const reservedPath = statusPath.child('reservedFor');
  common.checkSet(errors, reservedPath, reservedFor, maxReservedFor, checkConsumer, ({ uid }) => uid);
  const allocated = new Set((allocation?.devices?.results ?? []).map(idOf));
  const device = (_: FieldErrorList, at: FieldPath, each: AllocatedDeviceStatus) =>
    checkDeviceStatus(errors, at, each, allocated);
  common.checkSet(errors, statusPath.child('devices'), devices, Number.POSITIVE_INFINITY, device, idOf);

  const before = old.status?.reservedFor ?? [];
  if (reservedFor.length > 0 && !allocation)
    errors.push(forbidden(reservedPath, 'may not be specified when `allocated` is not set'));
  else if (metadata.deletionTimestamp && reservedFor.some((each) => !before.some((had) => semanticEqual(each, had))))
    errors.push(
      forbidden(
        reservedPath,
        'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
      ),
    );

  const at = statusPath.child('allocation');
  if (allocation && old.status?.allocation) immutable(errors, at, allocation, old.status.allocation);
  else if (allocation) checkAllocation(errors, at, allocation, requestNames(spec ?? {}));
  return errors;
}

function checkConsumer(errors: FieldErrorList, at: FieldPath, consumer: ResourceClaimConsumerReference): void {
  for (const field of ['resource', 'name', 'uid'] as const)
    if (!consumer[field]) errors.push(required(at.child(field)));
}

function checkAllocation(
  errors: FieldErrorList,
  at: FieldPath,
  allocation: AllocationResult,
  names: RequestNames,
): void {
  const { results, config } = allocation.devices ?? {};
  const where = at.child('devices');
  common.checkList(errors, where.child('results'), results, maxResults, (_, each, result) =>
    checkResult(errors, each, result, names),
  );
  common.checkList(errors, where.child('config'), config, 2 * common.maxConfig, (_, each, item) => {
    const sources = ['FromClaim', 'FromClass'];
    if (!item.source) errors.push(required(each.child('source')));
    else if (!sources.includes(item.source)) errors.push(notSupported(each.child('source'), item.source, sources));
    checkRequestRefs(errors, each.child('requests'), item.requests, names);
    common.checkOpaque(errors, each.child('opaque'), item.opaque);
  });
  if (allocation.nodeSelector) checkNodeSelector(errors, at.child('nodeSelector'), allocation.nodeSelector);
}

function checkResult(
  errors: FieldErrorList,
  at: FieldPath,
  result: DeviceRequestAllocationResult,
  names: RequestNames,
): void {
  checkRequestRef(errors, at.child('request'), result.request ?? '', names);
  checkDevice(errors, at, result);
  common.checkBinding(errors, at, result);
  common.checkTolerations(errors, at.child('tolerations'), result.tolerations);
  if (result.shareID !== undefined) common.checkUuid(errors, at.child('shareID'), result.shareID);
}

function checkDevice(errors: FieldErrorList, at: FieldPath, { driver, pool, device }: DeviceId): void {
  checkDriverName(errors, at.child('driver'), driver);
  common.checkPoolName(errors, at.child('pool'), pool);
  common.checkDeviceName(errors, at.child('device'), device ?? '');
}

function checkDeviceStatus(
  errors: FieldErrorList,
  at: FieldPath,
  device: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
): void {
  checkDevice(errors, at, device);
  if (device.shareID !== undefined) common.checkUuid(errors, at.child('shareID'), device.shareID);
  if (!allocated.has(idOf(device))) errors.push(invalid(at, idOf(device), 'must be an allocated device in the claim'));
  const { conditions = [], data, networkData } = device;
  const where = at.child('conditions');
  if (conditions.length > maxConditions) errors.push(tooMany(where, conditions.length, maxConditions));
  validateConditions(errors, conditions, where);
  if (data !== undefined) common.checkRawObject(errors, at.child('data'), data, maxData);
  if (networkData) checkNetworkData(errors, at.child('networkData'), networkData);
}

function checkNetworkData(
  errors: FieldErrorList,
  at: FieldPath,
  { interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData,
): void {
  if (interfaceName.length > maxInterfaceName) errors.push(tooLong(at.child('interfaceName'), maxInterfaceName));
  if (hardwareAddress.length > maxHardwareAddress)
    errors.push(tooLong(at.child('hardwareAddress'), maxHardwareAddress));
  common.checkSet(errors, at.child('ips'), ips, maxIps, checkInterfaceAddress, common.itself);
}

/** An address with the length of its network, as an interface has it. */
function checkInterfaceAddress(errors: FieldErrorList, at: FieldPath, value: string): void {
  const block = parseCidrBlock(value);
  if (!block) {
    const message = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    return void errors.push(invalid(at, value, message));
  }
  const canonical = `${formatIp(block.ip)}/${block.bits}`;
  if (canonical !== value) errors.push(invalid(at, value, `must be in canonical form (${JSON.stringify(canonical)})`));
}
