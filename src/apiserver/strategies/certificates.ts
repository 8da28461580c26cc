// CertificateSigningRequests: the requester is who asks, approvers write conditions, signers the certificate
// (pkg/registry/certificates/certificates/strategy.go). What they must be: certificate-validation.ts.

import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { deepCopy, type KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { RequestContext } from '../server/context.ts';
import { validateRequest, validateRequestUpdate } from './certificate-validation.ts';

const asRequest = (object: KubeObject) => object as unknown as CertificateSigningRequest;

/** Gives conditions the times that they lack. */
function stamp(conditions: CertificateSigningRequestCondition[], old: CertificateSigningRequest, now: string): void {
  for (const condition of conditions) {
    const before = old.status?.conditions?.find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && lastTransitionTime !== undefined,
    );
    condition.lastUpdateTime ??= now;
    condition.lastTransitionTime ??= before?.lastTransitionTime ?? now;
  }
}

const timeOf = (context: RequestContext) => rfc3339(context.env.clock.now());

/** Decisions are not for signers: as many as there were are as they were. */
function preserveDecisions(now: CertificateSigningRequestCondition[], old: CertificateSigningRequest): void {
  for (const decision of ['Approved', 'Denied']) {
    const mine = ({ type }: CertificateSigningRequestCondition) => type === decision;
    const before = (old.status?.conditions ?? []).filter(mine);
    if (now.filter(mine).length !== before.length) continue;
    for (const [i, condition] of now.entries())
      if (mine(condition)) now[i] = deepCopy(before.shift() as CertificateSigningRequestCondition);
  }
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
  validate: (object) => validateRequest(asRequest(object), undefined),
  validateUpdate: (object, old) => validateRequestUpdate(asRequest(object), asRequest(old), 'main'),
  subresources: {
    approval: {
      prepare(object, old, context) {
        const conditions = asRequest(object).status?.conditions ?? [];
        stamp(conditions, asRequest(old), timeOf(context));
        object['spec'] = deepCopy(old['spec']);
        const { conditions: _, ...status } = asRequest(old).status ?? {};
        object['status'] = { ...deepCopy(status), ...(conditions.length > 0 && { conditions }) };
      },
      validate: (object, old) => validateRequestUpdate(asRequest(object), asRequest(old), 'approval'),
    },
    status: {
      prepare(object, old, context) {
        object['spec'] = deepCopy(old['spec']);
        const conditions = asRequest(object).status?.conditions ?? [];
        preserveDecisions(conditions, asRequest(old));
        stamp(conditions, asRequest(old), timeOf(context));
      },
      validate: (object, old) => validateRequestUpdate(asRequest(object), asRequest(old), 'status'),
    },
  },
};
