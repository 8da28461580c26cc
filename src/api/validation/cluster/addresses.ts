// Validation of IPAddresses and ServiceCIDRs (pkg/apis/networking/validation).

import { type FieldErrorList, invalid, required } from '../../field-error.ts';
import type { IPAddress, ServiceCIDR } from '../../generated/types.ts';
import { isIpv6Address, parseCidrBlock } from '../../ip.ts';
import { isDns1123Subdomain, isValidPathSegmentName } from '../../names.ts';
import { check, immutable, immutableMessage, specPath } from '../common.ts';
import { checkCanonicalCidr } from '../ip.ts';

const parentPath = specPath.child('parentRef');
const cidrsPath = specPath.child('cidrs');

export function validateIpAddress({ spec }: IPAddress): FieldErrorList {
  const parent = spec?.parentRef;
  if (!parent) return [required(parentPath)];
  const errors: FieldErrorList = [];
  if (parent.group) check(errors, parentPath.child('group'), parent.group, isDns1123Subdomain);
  for (const field of ['resource', 'name'] as const) {
    const value = parent[field];
    if (value) check(errors, parentPath.child(field), value, isValidPathSegmentName);
    else errors.push(required(parentPath.child(field)));
  }
  if (parent.namespace) check(errors, parentPath.child('namespace'), parent.namespace, isValidPathSegmentName);
  return errors;
}

export function validateIpAddressUpdate({ spec }: IPAddress, old: IPAddress): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, parentPath, spec?.parentRef, old.spec?.parentRef);
  return errors;
}

export function validateServiceCidr({ spec }: ServiceCIDR): FieldErrorList {
  const errors: FieldErrorList = [];
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(cidrsPath, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(cidrsPath, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  for (const [i, cidr] of cidrs.entries()) checkCanonicalCidr(errors, cidrsPath.index(i), cidr);
  const [first, second] = cidrs.map(parseCidrBlock);
  if (first && second && isIpv6Address(first.ip) === isIpv6Address(second.ip))
    errors.push(
      invalid(
        cidrsPath,
        cidrs,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    );
  return errors;
}

/** Blocks stay; a second one may be added to the first. */
export function validateServiceCidrUpdate(now: ServiceCIDR, old: ServiceCIDR): FieldErrorList {
  const before = old.spec?.cidrs ?? [];
  const after = now.spec?.cidrs ?? [];
  const added = before.length === 1 && after.length === 2;
  if (before.length !== after.length && !added)
    return [invalid(cidrsPath, after.length > 0 ? after : null, immutableMessage)];
  const errors: FieldErrorList = [];
  for (const [i, cidr] of before.entries())
    if (cidr !== after[i]) errors.push(invalid(cidrsPath.index(i), after[i], immutableMessage));
  if (added) errors.push(...validateServiceCidr(now));
  return errors;
}
