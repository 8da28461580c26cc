// CertificateApproval and CertificateSigning: who decides on a certificate request, or signs it, needs the verb "approve" or "sign" on its signer.
// CertificateSubjectRestriction: nobody becomes a system:masters by a certificate that he asked the cluster for (plugin/pkg/admission/certificates).

import { DerError, derChildren, derElement, pemBytes } from '../../../api/der.ts';
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

const clientSigner = 'kubernetes.io/kube-apiserver-client';
const masters = 'system:masters';
/** 2.5.4.10, organizationName */
const organizationName = '55040a';

/** The organizations in the subject of a PEM certificate request (RFC 2986, 4.1). Throws a DerError. */
function organizationsOf(pem: string): string[] {
  const bytes = pemBytes(pem, 'CERTIFICATE REQUEST');
  if (!bytes) throw new DerError('PEM block type must be CERTIFICATE REQUEST');
  const [info] = derChildren(bytes, derElement(bytes, 0));
  const [, subject] = info ? derChildren(bytes, info) : [];
  if (!subject) throw new DerError('malformed certificate request');
  const hex = (from: number, to: number) =>
    [...bytes.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const out: string[] = [];
  for (const names of derChildren(bytes, subject))
    for (const name of derChildren(bytes, names)) {
      const [type, value] = derChildren(bytes, name);
      if (type && value && hex(type.start, type.end) === organizationName)
        out.push(new TextDecoder().decode(bytes.subarray(value.start, value.end)));
    }
  return out;
}

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate({ operation, resource, subresource, name, object }) {
    if (operation !== 'CREATE' || resource.group !== group || subresource !== '' || !object) return;
    if (resource.resource !== 'certificatesigningrequests') return;
    const { signerName, request } = (object as unknown as CertificateSigningRequest).spec;
    if (signerName !== clientSigner) return;
    const refuse = (why: string) => newForbidden(resource.groupResource, name, why);
    let organizations: string[];
    try {
      organizations = organizationsOf(atob(request));
    } catch (error) {
      throw refuse(`failed to parse CSR: ${(error as Error).message}`);
    }
    if (organizations.includes(masters))
      throw refuse(`use of ${signerName} signer with ${masters} group is not allowed`);
  },
};
