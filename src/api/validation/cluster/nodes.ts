// Validation of Nodes (pkg/apis/core/validation: ValidateNode, ValidateNodeUpdate, which judges changes of status too).

import { duplicate, type FieldErrorList, type FieldPath, forbidden, invalid, path } from '../../field-error.ts';
import type { Node, Taint } from '../../generated/types.ts';
import { isIpv6Address, parseCidrBlock } from '../../ip.ts';
import { isQualifiedName, isValidLabelValue } from '../../names.ts';
import { check, metadataPath, requiredOneOf, specPath } from '../common.ts';
import { checkCidr } from '../ip.ts';
import { checkQuantityOf } from './resource-names.ts';

const cidrsPath = specPath.child('podCIDRs');
// that taints stand in the metadata is upstream's slip
const taintsPath = metadataPath.child('taints');
const addressesPath = path('status', 'addresses');

export function validateNode(node: Node): FieldErrorList {
  const errors: FieldErrorList = [];
  checkTaints(errors, taintsPath, node.spec?.taints ?? []);
  checkResources(errors, node);
  const cidrs = node.spec?.podCIDRs ?? [];
  for (const [i, cidr] of cidrs.entries()) checkCidr(errors, cidrsPath.index(i), cidr);
  if (cidrs.length < 2) return errors;
  const families = cidrs.map((cidr) => {
    const block = parseCidrBlock(cidr);
    return block && isIpv6Address(block.ip);
  });
  if (cidrs.length > 2 || families[0] === families[1])
    errors.push(invalid(cidrsPath, cidrs, 'may specify no more than one CIDR for each IP family'));
  for (const [i, cidr] of cidrs.entries())
    if (cidrs.indexOf(cidr) < i) errors.push(duplicate(cidrsPath.index(i), cidr));
  return errors;
}

export function validateNodeUpdate(node: Node, old: Node): FieldErrorList {
  const errors: FieldErrorList = [];
  checkResources(errors, node);
  const seen = new Set<string>();
  for (const [i, { type, address }] of (node.status?.addresses ?? []).entries()) {
    const key = `${type} ${address}`;
    if (seen.has(key)) errors.push(duplicate(addressesPath.index(i), { Type: type, Address: address }));
    seen.add(key);
  }
  const before = old.spec?.podCIDRs ?? [];
  const now = node.spec?.podCIDRs ?? [];
  const unchangeable = forbidden(cidrsPath, 'node updates may not change podCIDR except from "" to valid');
  if (before.length > 0 && before.length !== now.length) errors.push(unchangeable);
  else for (const [i, cidr] of before.entries()) if (cidr !== now[i]) errors.push(unchangeable);
  if (old.spec?.providerID && node.spec?.providerID !== old.spec.providerID)
    errors.push(
      forbidden(specPath.child('providerID'), 'node updates may not change providerID except from "" to valid'),
    );
  checkTaints(errors, taintsPath, node.spec?.taints ?? []);
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? ''))
    errors.push(forbidden(specPath.child('externalID'), 'may not be updated'));
  return errors;
}

function checkTaints(errors: FieldErrorList, list: FieldPath, taints: readonly Taint[]): void {
  const seen = new Set<string>();
  for (const [i, { key, value = '', effect, timeAdded }] of taints.entries()) {
    const at = list.index(i);
    check(errors, at.child('key'), key, isQualifiedName);
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(invalid(at.child('value'), value, messages.join(';')));
    requiredOneOf(errors, at.child('effect'), effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
    const pair = `${effect} ${key}`;
    if (seen.has(pair))
      errors.push({
        ...duplicate(at, { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null }),
        detail: 'taints must be unique by key and effect pair',
      });
    seen.add(pair);
  }
}

function checkResources(errors: FieldErrorList, { status }: Node): void {
  for (const field of ['capacity', 'allocatable'] as const)
    for (const [name, quantity] of Object.entries(status?.[field] ?? {}))
      checkQuantityOf(errors, path('status', field, name), name, quantity);
}
