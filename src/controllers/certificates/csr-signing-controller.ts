// Signs approved certificate requests of the cluster's own signers; says on the request why it will not. Upstream: pkg/controller/certificates/signer.

import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import {
  causeOf,
  isConflict,
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
import { type CertificateSigner, signers } from './signer-policy.ts';

const name = 'certificatesigningrequest-signing-controller';
/** --cluster-signing-duration */
const longest = 365 * 86_400;
const shortest = 600;

/** Whether a request waits for its certificate. */
function waiting(request: CertificateSigningRequest): boolean {
  if (!Object.hasOwn(signers, request.spec.signerName) || request.status?.certificate) return false;
  return has(request, 'Approved') && !has(request, 'Denied') && !has(request, 'Failed');
}

export const initCsrSigningController: InitController = ({ env, client, informers, config, onError }) => {
  // Without the authority's key upstream does not start it either.
  if (!config.certificateSigner) return { run: async () => {} };
  const signer: CertificateSigner = config.certificateSigner;
  const queue = new WorkQueue({ clock: env.clock });
  const informer = informers.of(requests);
  const enqueue = (request: CertificateSigningRequest) => {
    if (waiting(request)) queue.add(keyOf(request), causeOf(request));
  };
  informer.addHandler({ onAdd: enqueue, onUpdate: (_, request) => enqueue(request) });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const request = informer.lister.getByKey(key);
    if (!request || !waiting(request)) return {};
    const { spec } = request;
    const usages = spec.usages ?? [];
    const text = atob(spec.request);
    const now = rfc3339(env.clock.now());
    let problem: string | undefined;
    try {
      problem = signers[spec.signerName]?.(await signer.read(text), usages);
    } catch (error) {
      problem = `unable to parse csr ${JSON.stringify(request.metadata.name)}: ${messageOf(error)}`;
    }
    await context.plan({
      subject: referenceTo(request),
      saw: { signer: spec.signerName },
      will: problem ? `refuse CertificateSigningRequest ${key}: ${problem}` : `sign CertificateSigningRequest ${key}`,
    });
    const status = { ...request.status };
    if (problem) {
      const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: problem };
      status.conditions = [...(status.conditions ?? []), { ...failed, lastUpdateTime: now }];
    } else {
      const seconds = Math.min(longest, Math.max(shortest, spec.expirationSeconds ?? longest));
      const certificate = await signer.sign(text, usages, env.clock.now(), seconds);
      status.certificate = btoa(certificate);
    }
    try {
      await client.updateStatus(requests, { ...request, status }, { trace: context.trace });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    return {};
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};
