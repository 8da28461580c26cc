// CertificateApproval and CertificateSigning: who decides on a certificate request, or signs it, needs the verb "approve" or "sign" on its signer
// (plugin/pkg/admission/certificates/approval and signing).

import type { CertificateSigningRequest } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import type { Authorizer } from '../../auth/authorizer.ts';
import { deepEqual } from '../../object.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

const group = 'certificates.k8s.io';

function isUpdate({ operation, resource, subresource }: AdmissionAttributes, of: string): boolean {
  const { group: its, resource: plural } = resource;
  return operation === 'UPDATE' && its === group && plural === 'certificatesigningrequests' && subresource === of;
}

/** Asks for the signer itself, then for all signers of its domain. Throws Forbidden. */
function demand(authorizer: Authorizer, attributes: AdmissionAttributes, verb: 'approve' | 'sign'): void {
  const { user, resource, name, old } = attributes;
  const { signerName } = (old as unknown as CertificateSigningRequest).spec;
  const common = { user, verb, isResource: true, namespace: '', group, version: '*', subresource: '', path: '' };
  const may = (signer: string) =>
    authorizer.authorize({ ...common, resource: 'signers', name: signer }).decision === 'allow';
  if (may(signerName) || may(`${signerName.split('/')[0]}/*`)) return;
  throw newForbidden(
    resource.groupResource,
    name,
    `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`,
  );
}

export const certificateApproval = (authorizer: () => Authorizer): AdmissionPlugin => ({
  name: 'CertificateApproval',
  validate(attributes) {
    if (isUpdate(attributes, 'approval')) demand(authorizer(), attributes, 'approve');
  },
});

export const certificateSigning = (authorizer: () => Authorizer): AdmissionPlugin => ({
  name: 'CertificateSigning',
  validate(attributes) {
    if (!isUpdate(attributes, 'status')) return;
    const now = (attributes.object as unknown as CertificateSigningRequest).status;
    const before = (attributes.old as unknown as CertificateSigningRequest).status;
    if (now?.certificate === before?.certificate && deepEqual(now?.conditions ?? [], before?.conditions ?? [])) return;
    demand(authorizer(), attributes, 'sign');
  },
});
