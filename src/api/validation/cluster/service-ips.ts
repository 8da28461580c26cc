// A Service's cluster IPs and IP families, and how they may change (pkg/apis/core/validation: ValidateServiceClusterIPsRelatedFields,
// validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies).

import { duplicate, type FieldErrorList, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type { Service } from '../../generated/types.ts';
import { isIpv6Address, parseIp } from '../../ip.ts';
import { oneOf, specPath } from '../common.ts';
import { checkIp } from '../ip.ts';

const ipsPath = specPath.child('clusterIPs');
const familiesPath = specPath.child('ipFamilies');
const policyPath = specPath.child('ipFamilyPolicy');
const changed = 'may not change once set';

/** What a Service has of these; lists are never undefined. */
const fieldsOf = ({ spec }: Service) => ({
  type: spec.type,
  ip: spec.clusterIP ?? '',
  ips: spec.clusterIPs ?? [],
  families: spec.ipFamilies ?? [],
  policy: spec.ipFamilyPolicy,
});

/** A list as an error shows it: an empty one is Go's nil. */
const shown = (list: readonly string[]) => (list.length > 0 ? list : null);

export const isHeadless = ({ spec }: Service): boolean =>
  spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';

export const familyOf = (address: string): 'IPv4' | 'IPv6' => {
  const ip = parseIp(address);
  return ip && isIpv6Address(ip) ? 'IPv6' : 'IPv4';
};

export function notForExternalName(errors: FieldErrorList, service: Service): void {
  const { ips, families, policy } = fieldsOf(service);
  const message = 'may not be set for ExternalName services';
  if (ips.length > 0) errors.push(forbidden(ipsPath, message));
  if (families.length > 0) errors.push(forbidden(familiesPath, message));
  if (policy !== undefined) errors.push(forbidden(policyPath, message));
}

export function checkClusterIps(errors: FieldErrorList, service: Service, old?: Service): void {
  const { type, ip, ips, families, policy } = fieldsOf(service);
  if (type === 'ExternalName') return;
  if (ip !== '') {
    if (ips.length === 0) errors.push(required(ipsPath));
    else if (ips[0] !== ip) errors.push(invalid(ipsPath, ips, 'first value must match `clusterIP`'));
  } else if (ips.length > 0) {
    errors.push(invalid(ipsPath, ips, 'must be empty when `clusterIP` is not specified'));
  }
  for (const [i, family] of families.entries()) {
    if (family !== 'IPv4' && family !== 'IPv6')
      errors.push(notSupported(familiesPath.index(i), family, ['IPv4', 'IPv6']));
    if (families.indexOf(family) < i) errors.push(duplicate(familiesPath.index(i), family));
  }
  oneOf(errors, policyPath, policy, ['PreferDualStack', 'RequireDualStack', 'SingleStack']);
  if (!checkAddresses(errors, ips, old?.spec.clusterIPs)) return;
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < 2)
    errors.push(invalid(ipsPath, ips, 'may specify no more than one IP for each IP family'));
  if (isHeadless(service)) return;
  for (const [i, family] of families.entries()) {
    const address = ips[i];
    if (address !== undefined && (family === 'IPv4' || family === 'IPv6') && familyOf(address) !== family)
      errors.push(
        invalid(ipsPath.index(i), address, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``),
      );
  }
}

/** Whether each is an address, or the only one "None". */
function checkAddresses(errors: FieldErrorList, ips: readonly string[], old: readonly string[] | undefined): boolean {
  let good = true;
  for (const [i, address] of ips.entries()) {
    if (i === 0 && address === 'None') {
      if (ips.length === 1) continue;
      errors.push(invalid(ipsPath, ips, "'None' must be the first and only value"));
      good = false;
      continue;
    }
    if (!checkIp(errors, ipsPath.index(i), address, old)) good = false;
  }
  if (ips.length > 2) errors.push(invalid(ipsPath, ips, 'may only hold up to 2 values'));
  return good;
}

export function checkClusterIpsChange(errors: FieldErrorList, service: Service, old: Service): void {
  const { type, ips, policy } = fieldsOf(service);
  const before = fieldsOf(old);
  if (type === 'ExternalName' || before.type === 'ExternalName' || (isHeadless(old) && isHeadless(service))) return;
  if (before.ips.length === ips.length) {
    for (const [i, address] of before.ips.entries())
      if (address !== ips[i]) errors.push(invalid(ipsPath.index(i), ips, changed));
    return;
  }
  if (ips.length === 0) errors.push(invalid(ipsPath.index(0), null, 'primary clusterIP can not be unset'));
  else if (before.ips.length > 0 && ips[0] !== before.ips[0]) errors.push(invalid(ipsPath.index(0), ips, changed));
  if (before.ips.length > ips.length && ips.length === 1 && policy !== 'SingleStack')
    errors.push(
      invalid(policyPath, policy ?? null, "must be set to 'SingleStack' when releasing the secondary clusterIP"),
    );
}

export function checkFamiliesChange(errors: FieldErrorList, service: Service, old: Service): void {
  const { type, ips, families, policy } = fieldsOf(service);
  const before = fieldsOf(old);
  if (type === 'ExternalName' || before.type === 'ExternalName' || isHeadless(service) || isHeadless(old)) return;
  const first = familiesPath.index(0);
  if (before.families.length === families.length) {
    for (const [i, family] of before.families.entries())
      if (family !== families[i]) errors.push(invalid(first, families, changed));
    return;
  }
  const fewer = before.families.length > families.length;
  if (fewer && ips.length === 0) errors.push(invalid(first, shown(families), 'primary ipFamily can not be unset'));
  if (families.length > 0 && before.families.length > 0 && families[0] !== before.families[0])
    errors.push(invalid(first, shown(ips), changed));
  if (fewer && families.length === 1 && policy !== 'SingleStack')
    errors.push(
      invalid(policyPath, policy ?? null, "must be set to 'SingleStack' when releasing the secondary ipFamily"),
    );
}
