// Approves the client certificates that kubelets ask for, if the requester may have such a one without being asked.
// Upstream: pkg/controller/certificates/approver.
//
// Invariants: who may is the authorizer's word (SubjectAccessReview for "create" on certificatesigningrequests/selfnodeclient or /nodeclient), asked with the
// requester's identity as the API server recorded it; a request that is decided already is left alone; nothing is ever denied.

import type { CertificateSigningRequest, SubjectAccessReview } from '../../api/generated/types.ts';
import {
  causeOf,
  isNotFound,
  keyOf,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import { rfc3339 } from '../../env/clock.ts';
import { messageOf } from '../../env/errors.ts';
import type { InitController } from '../shared/context.ts';
import { has, requests } from './requests.ts';
import { type RequestedCertificate, signers } from './signer-policy.ts';

const name = 'certificatesigningrequest-approving-controller';
const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet';
const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** Worth trying again later, not worth telling anybody. */
class NotPermitted extends Error {}

interface Recognizer {
  subresource: string;
  message: string;
  recognizes(request: CertificateSigningRequest, certificate: RequestedCertificate): boolean;
}

const isNodeClient: Recognizer['recognizes'] = ({ spec }, certificate) =>
  spec.signerName === kubeletClient && signers[kubeletClient]?.(certificate, spec.usages ?? []) === undefined;

const recognizers: readonly Recognizer[] = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    recognizes: (request, certificate) =>
      request.spec.username === certificate.commonName && isNodeClient(request, certificate),
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    recognizes: isNodeClient,
  },
];

const undecided = (request: CertificateSigningRequest): boolean =>
  !request.status?.certificate && !has(request, 'Approved') && !has(request, 'Denied');

export const initCsrApprovingController: InitController = ({ env, client, informers, config, onError }) => {
  // Requests are read by who holds the authority. Where nobody does, nothing would be signed either.
  const reader = config.certificateSigner;
  if (!reader) return { run: async () => {} };
  const queue = new WorkQueue({ clock: env.clock });
  const informer = informers.of(requests);
  const enqueue = (request: CertificateSigningRequest) => {
    if (undecided(request)) queue.add(keyOf(request), causeOf(request));
  };
  informer.addHandler({ onAdd: enqueue, onUpdate: (_, request) => enqueue(request) });

  async function isAllowed(
    { spec }: CertificateSigningRequest,
    subresource: string,
    { trace }: ReconcileContext,
  ): Promise<boolean> {
    const { username: user, uid, groups, extra } = spec;
    const resource = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', subresource };
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, uid, groups, extra, resourceAttributes: { ...resource, verb: 'create' } },
    };
    const review = await client.request<SubjectAccessReview>('POST', reviews, { body, trace });
    return review.status?.allowed === true;
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const request = informer.lister.getByKey(key);
    if (!request || !undecided(request)) return {};
    let certificate: RequestedCertificate;
    try {
      certificate = await (reader as NonNullable<typeof reader>).read(atob(request.spec.request));
    } catch (error) {
      throw new Error(`unable to parse csr ${JSON.stringify(key)}: ${messageOf(error)}`);
    }
    const tried: string[] = [];
    for (const { subresource, message, recognizes } of recognizers) {
      if (!recognizes(request, certificate)) continue;
      tried.push(subresource);
      if (!(await isAllowed(request, subresource, context))) continue;
      await context.plan({
        subject: referenceTo(request),
        saw: { signer: request.spec.signerName, requester: request.spec.username ?? '' },
        will: `approve CertificateSigningRequest ${key}: its requester may create certificatesigningrequests/${subresource}`,
      });
      const now = rfc3339(env.clock.now());
      const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message, lastUpdateTime: now };
      const status = { ...request.status, conditions: [...(request.status?.conditions ?? []), approved] };
      const update = client.updateSubresource(requests, { ...request, status }, 'approval', { trace: context.trace });
      await update.catch((error) => {
        if (!isNotFound(error)) throw error;
      });
      return {};
    }
    if (tried.length > 0)
      throw new NotPermitted(
        `recognized csr ${JSON.stringify(key)} as [${tried.join(' ')}] but subject access review was not approved`,
      );
    return {};
  }

  const report = onError(name);
  const onFailure = (key: string, error: unknown) => {
    if (!(error instanceof NotPermitted)) report(key, error);
  };
  return newController({ env, name, queue, reconcile, onError: onFailure });
};
