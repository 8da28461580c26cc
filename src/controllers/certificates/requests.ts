// What the certificate controllers share: the resource, and what a request's conditions say.

import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import type { Resource } from '../../client/index.ts';
import { findCondition } from '../shared/conditions.ts';

export const requests: Resource<CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  namespaced: false,
};

/** Whether a request has a condition of this type ("Approved", "Denied", "Failed"). */
export const has = ({ status }: CertificateSigningRequest, type: string): boolean =>
  findCondition(status?.conditions, type) !== undefined;
