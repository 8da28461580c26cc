// Validation of what a ResourceClaim asks for, and of the templates of claims.

import { type FieldErrorList, type FieldPath, invalid, notSupported, required } from '../../field-error.ts';
import type {
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceV1ResourceClaim as ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '../../generated/types.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { check, immutable, specPath, validateAnnotations, validateLabels } from '../common.ts';
import * as common from './common.ts';

const maxConstraints = 32;
const maxAlternatives = 8;

/** Names of the requests, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, readonly string[]>;

export const requestNames = ({ devices }: ResourceClaimSpec): RequestNames =>
  new Map(
    (devices?.requests ?? []).map(({ name, firstAvailable }) => [name, (firstAvailable ?? []).map((sub) => sub.name)]),
  );

function validateClaimSpec(errors: FieldErrorList, at: FieldPath, spec: ResourceClaimSpec): void {
  const { requests, constraints, config } = spec.devices ?? {};
  const where = at.child('devices');
  const names = requestNames(spec);
  common.checkSet(errors, where.child('requests'), requests, common.maxRequests, checkRequest, ({ name }) => name);
  common.checkList(errors, where.child('constraints'), constraints, maxConstraints, (_, each, constraint) =>
    checkConstraint(errors, each, constraint, names),
  );
  common.checkList(errors, where.child('config'), config, common.maxConfig, (_, each, item) => {
    checkRequestRefs(errors, each.child('requests'), item.requests, names);
    common.checkOpaque(errors, each.child('opaque'), item.opaque);
  });
}

function checkRequest(errors: FieldErrorList, at: FieldPath, { name, exactly, firstAvailable }: DeviceRequest): void {
  common.checkRequestName(errors, at.child('name'), name);
  const alternatives = (firstAvailable ?? []).length > 0;
  const oneOf = 'exactly one of `exactly` or `firstAvailable` is required';
  if (!exactly && !alternatives) errors.push(required(at, oneOf));
  else if (exactly && alternatives) errors.push(invalid(at, null, `${oneOf}, but multiple fields are set`));
  else if (exactly) checkAsked(errors, at.child('exactly'), exactly);
  else {
    const sub = (_: FieldErrorList, where: FieldPath, request: DeviceSubRequest) => {
      common.checkRequestName(errors, where.child('name'), request.name);
      checkAsked(errors, where, request);
    };
    common.checkSet(errors, at.child('firstAvailable'), firstAvailable, maxAlternatives, sub, (each) => each.name);
  }
}

function checkAsked(errors: FieldErrorList, at: FieldPath, request: ExactDeviceRequest | DeviceSubRequest): void {
  const { deviceClassName, selectors, allocationMode = '', count = 0, tolerations } = request;
  if (!deviceClassName) errors.push(required(at.child('deviceClassName')));
  else check(errors, at.child('deviceClassName'), deviceClassName, isDns1123Subdomain);
  common.checkSelectors(errors, at.child('selectors'), selectors);
  if (allocationMode === 'All') {
    if (count !== 0)
      errors.push(invalid(at.child('count'), count, "must not be specified when allocationMode is 'All'"));
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(at.child('count'), count, 'must be greater than zero'));
  } else errors.push(notSupported(at.child('allocationMode'), allocationMode, ['All', 'ExactCount']));
  common.checkTolerations(errors, at.child('tolerations'), tolerations);
}

function checkConstraint(
  errors: FieldErrorList,
  at: FieldPath,
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  names: RequestNames,
): void {
  checkRequestRefs(errors, at.child('requests'), requests, names);
  if (matchAttribute !== undefined) common.checkFullAttributeName(errors, at.child('matchAttribute'), matchAttribute);
  else if (distinctAttribute !== undefined)
    common.checkFullAttributeName(errors, at.child('distinctAttribute'), distinctAttribute);
  else
    errors.push(
      required(at, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'),
    );
}

export function checkRequestRefs(
  errors: FieldErrorList,
  at: FieldPath,
  requests: readonly string[] | undefined,
  names: RequestNames,
): void {
  const item = (_: FieldErrorList, where: FieldPath, name: string) => checkRequestRef(errors, where, name, names);
  common.checkSet(errors, at, requests, common.maxRequests, item, common.itself);
}

/** "request", or "request/alternative". */
export function checkRequestRef(errors: FieldErrorList, at: FieldPath, name: string, names: RequestNames): void {
  const unknown = invalid(
    at,
    name,
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
  );
  const [request = '', alternative, ...more] = name.split('/');
  if (more.length > 0) return void errors.push(unknown);
  common.checkRequestName(errors, at, request);
  if (alternative !== undefined) common.checkRequestName(errors, at, alternative);
  const alternatives = names.get(request);
  if (!alternatives || (alternative !== undefined && !alternatives.includes(alternative))) errors.push(unknown);
}

export function validateResourceClaim({ spec }: ResourceClaim): FieldErrorList {
  const errors: FieldErrorList = [];
  validateClaimSpec(errors, specPath, spec ?? {});
  return errors;
}

export function validateClaimTemplate({ spec }: ResourceClaimTemplate): FieldErrorList {
  const errors: FieldErrorList = [];
  validateAnnotations(errors, spec?.metadata?.annotations, specPath.child('metadata', 'annotations'));
  validateLabels(errors, spec?.metadata?.labels, specPath.child('metadata', 'labels'));
  validateClaimSpec(errors, specPath.child('spec'), spec?.spec ?? {});
  return errors;
}

/** For both: what is asked for stays. */
export function validateSpecStays(
  { spec }: ResourceClaim | ResourceClaimTemplate,
  old: ResourceClaim | ResourceClaimTemplate,
): FieldErrorList {
  const errors: FieldErrorList = [];
  immutable(errors, specPath, spec, old.spec);
  return errors;
}
