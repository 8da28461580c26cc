// CertificateSigningRequests: the requester is who asks, approvers write conditions, signers the certificate
// (pkg/registry/certificates/certificates/strategy.go, pkg/apis/certificates/validation).

import { type FieldErrorList, forbidden, invalid, path, required } from '../../api/field-error.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { deepCopy, deepEqual, type KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { RequestContext } from '../server/context.ts';

const asRequest = (object: KubeObject) => object as unknown as CertificateSigningRequest;
const decisions = new Set(['Approved', 'Denied']);
const at = path('status', 'conditions');

function stamp(conditions: CertificateSigningRequestCondition[], old: CertificateSigningRequest, now: string): void {
  for (const condition of conditions) {
    const before = old.status?.conditions?.find(({ type }) => type === condition.type);
    condition.lastUpdateTime ??= now;
    if (condition.lastTransitionTime === undefined)
      condition.lastTransitionTime =
        before && before.status === condition.status ? (before.lastTransitionTime ?? now) : now;
  }
}

/** Keeps of the new object's status what this endpoint writes. */
function prepare(object: KubeObject, old: KubeObject, context: RequestContext, approving: boolean): void {
  const now = asRequest(object);
  const before = asRequest(old);
  now.spec = deepCopy(before.spec);
  const mine = ({ type }: CertificateSigningRequestCondition) => decisions.has(type) === approving;
  const conditions = [
    ...(before.status?.conditions ?? []).filter((condition) => !mine(condition)),
    ...(now.status?.conditions ?? []).filter(mine),
  ];
  stamp(conditions, before, rfc3339(context.env.clock.now()));
  const certificate = approving ? before.status?.certificate : now.status?.certificate;
  now.status = {
    ...(certificate !== undefined && { certificate }),
    ...(conditions.length > 0 && { conditions }),
  };
}

function conditionErrors(object: KubeObject, old: KubeObject): FieldErrorList {
  const errors: FieldErrorList = [];
  const conditions = asRequest(object).status?.conditions ?? [];
  const seen = new Set<string>();
  for (const [i, { type, status }] of conditions.entries()) {
    if (!type) errors.push(required(at.index(i).child('type')));
    if (!status) errors.push(required(at.index(i).child('status')));
    else if (decisions.has(type) && status !== 'True')
      errors.push(
        invalid(at.index(i).child('status'), status, `Approved, Denied and Failed conditions must have status "True"`),
      );
    if (decisions.has(type) && [...seen].some((other) => decisions.has(other) && other !== type))
      errors.push(invalid(at.index(i).child('type'), type, 'Approved and Denied conditions are mutually exclusive'));
    seen.add(type);
  }
  for (const { type } of asRequest(old).status?.conditions ?? [])
    if (decisions.has(type) && !seen.has(type))
      errors.push(forbidden(at, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  return errors;
}

function requestErrors({ request, signerName, usages }: CertificateSigningRequest['spec']): FieldErrorList {
  const errors: FieldErrorList = [];
  const spec = path('spec');
  let text = '';
  try {
    text = atob(request ?? '');
  } catch {
    // not base64: not a request either
  }
  if (!/-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.test(text))
    errors.push(invalid(spec.child('request'), request ?? '', 'PEM block type must be CERTIFICATE REQUEST'));
  if ((usages ?? []).length === 0) errors.push(required(spec.child('usages'), ''));
  const seen = new Set<string>();
  for (const [i, usage] of (usages ?? []).entries()) {
    if (seen.has(usage)) errors.push({ ...invalid(spec.child('usages').index(i), usage, 'duplicate') });
    seen.add(usage);
  }
  if (!signerName) errors.push(required(spec.child('signerName')));
  else if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/\S+$/.test(signerName))
    errors.push(
      invalid(
        spec.child('signerName'),
        signerName,
        'must be a fully qualified domain and path of the form "example.com/signer-name"',
      ),
    );
  return errors;
}

export const certificateRequest: Strategy = {
  prepareForCreate(object, { user }) {
    const it = asRequest(object);
    it.spec.username = user.name;
    if (user.uid) it.spec.uid = user.uid;
    else delete it.spec.uid;
    it.spec.groups = user.groups;
    if (Object.keys(user.extra).length > 0) it.spec.extra = user.extra;
    else delete it.spec.extra;
    object['status'] = {};
  },
  prepareForUpdate(object, old) {
    object['spec'] = old['spec'];
  },
  validate: (object) => requestErrors(asRequest(object).spec),
  subresources: {
    approval: {
      prepare: (object, old, context) => prepare(object, old, context, true),
      validate: conditionErrors,
    },
    status: {
      prepare: (object, old, context) => prepare(object, old, context, false),
      validate(object, old) {
        const errors = conditionErrors(object, old);
        const before = asRequest(old).status?.certificate;
        if (before && !deepEqual(asRequest(object).status?.certificate, before))
          errors.push(forbidden(path('status', 'certificate'), 'updates may not modify a certificate once it is set'));
        return errors;
      },
    },
  },
};
