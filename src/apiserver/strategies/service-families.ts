// IP families of a Service, inferred from its addresses and from what the cluster has: IPv4 (pkg/registry/core/service/storage/alloc.go: initIPFamilyFields).

import { type FieldErrorList, invalid, path } from '../../api/field-error.ts';
import type { Service } from '../../api/generated/types.ts';
import { newInvalid } from '../../api/status.ts';
import { checkClusterIps, familyOf } from '../../api/validation/cluster/service-ips.ts';
import { deepEqual } from '../object.ts';

const clusterFamilies: readonly string[] = ['IPv4'];
const ipsPath = path('spec', 'clusterIPs');
const familiesPath = path('spec', 'ipFamilies');
const policyPath = path('spec', 'ipFamilyPolicy');

/** Fills `ipFamilies` and `ipFamilyPolicy`. Throws Invalid for what this cluster cannot give. */
export function initFamilies(service: Service, old: Service | undefined): void {
  const { spec } = service;
  if (spec.type === 'ExternalName') return;
  const selectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (selectorless ? 'RequireDualStack' : 'SingleStack');
  const errors: FieldErrorList = [];
  const refuseIfAny = () => {
    if (errors.length > 0) throw newInvalid({ group: '', kind: 'Service' }, service.metadata.name, errors);
  };
  checkClusterIps(errors, service, old);
  refuseIfAny();
  if (old) checkReduction(errors, service, old);
  checkPolicy(errors, service);
  inferFamilies(errors, service);
  refuseIfAny();
  if (selectorless) {
    completeSelectorless(service);
    return;
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack')
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  for (const [i, family] of (spec.ipFamilies ?? []).entries())
    if (!clusterFamilies.includes(family))
      errors.push(invalid(familiesPath.index(i), family, 'not configured on this cluster'));
  refuseIfAny();
  if ((spec.ipFamilies ?? []).length === 0) spec.ipFamilies = [...clusterFamilies];
}

/** A second address or family is given up by the policy SingleStack only. */
function checkReduction(errors: FieldErrorList, { spec }: Service, old: Service): void {
  for (const [field, what] of [
    ['clusterIPs', 'cluster IP'],
    ['ipFamilies', 'IP family'],
  ] as const) {
    const now = spec[field] ?? [];
    const before = old.spec[field] ?? [];
    if (spec.ipFamilyPolicy === 'SingleStack') {
      if (now.length > 1 && deepEqual(now, before)) spec[field] = now.slice(0, 1);
    } else if (now.length > 0 && now.length < before.length) {
      errors.push(invalid(policyPath, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`));
    }
  }
}

function checkPolicy(errors: FieldErrorList, { spec }: Service): void {
  if (spec.ipFamilyPolicy !== 'SingleStack') return;
  const refuse = (what: string) =>
    errors.push(
      invalid(
        policyPath,
        spec.ipFamilyPolicy,
        `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
      ),
    );
  if (spec.clusterIPs?.length === 2) refuse('cluster IPs');
  if (spec.ipFamilies?.length === 2) refuse('IP families');
}

function inferFamilies(errors: FieldErrorList, { spec }: Service): void {
  const ips = spec.clusterIPs ?? [];
  for (const [i, ip] of ips.entries()) {
    if (ip === 'None') return;
    if (i < (spec.ipFamilies ?? []).length) continue;
    const family = familyOf(ip);
    if (clusterFamilies.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else errors.push(invalid(ipsPath.index(i), ips, `${family} is not configured on this cluster`));
  }
}

/** Headless and without a selector: whoever makes its endpoints may make them of both families. */
function completeSelectorless({ spec }: Service): void {
  const families = spec.ipFamilies ?? [];
  const [first = 'IPv4'] = families;
  if (families.length > 1) return;
  spec.ipFamilies = spec.ipFamilyPolicy === 'SingleStack' ? [first] : [first, first === 'IPv4' ? 'IPv6' : 'IPv4'];
}
