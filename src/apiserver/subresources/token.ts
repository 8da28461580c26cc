// POST serviceaccounts/<name>/token (TokenRequest).

import { invalid, path } from '../../api/field-error.ts';
import type { AuthenticationV1TokenRequest } from '../../api/generated/types.ts';
import { newBadRequest, newConflict, newInvalid, newNotFound, quote } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { BoundObject } from '../auth/service-account-tokens.ts';
import type { SpecialHandler } from '../server/core.ts';
import { negotiate } from '../server/negotiate.ts';
import { jsonResponse } from '../server/respond.ts';
import { readReview } from '../server/review.ts';
import { admissionOf } from './admission.ts';

const resources = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' } as const;

/** Throws Invalid, in the name of the account. */
function mustMatch(value: string | undefined, wanted: string, field: 'name' | 'namespace', account: string): void {
  if (!value || value === wanted) return;
  const detail = `must match the service account ${field} if specified`;
  throw newInvalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, account, [
    invalid(path('metadata', field), value, detail),
  ]);
}

export const serviceAccountToken: SpecialHandler = (core, context, served) => {
  const { info } = context;
  if (info.verb !== 'create') return undefined;
  return (async () => {
    const sent = await readReview(context, 'authentication.k8s.io', 'v1', 'TokenRequest');
    sent['spec'] ??= { audiences: [] };
    mustMatch(sent.metadata.name, info.name, 'name', info.name);
    mustMatch(sent.metadata.namespace, info.namespace, 'namespace', info.name);
    const gate = admissionOf(core, context, served, 'CREATE');
    const review = await gate.mutate(sent);
    const account = (await core.catalog.registry('', 'serviceaccounts').get(info.namespace, info.name)).object;
    const { spec } = review as unknown as AuthenticationV1TokenRequest;
    const seconds = spec.expirationSeconds ?? 3600;
    const refuse = (detail: string) =>
      newInvalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
        invalid(path('spec', 'expirationSeconds'), seconds, detail),
      ]);
    if (seconds < 600) throw refuse('may not specify a duration less than 10 minutes');
    if (seconds > 2 ** 32) throw refuse('may not specify a duration larger than 2^32 seconds');
    const { name: itsName, namespace } = account.metadata;
    const metadata = { ...review.metadata, name: review.metadata.name || itsName, namespace: namespace as string };
    await gate.validate({ ...review, metadata });
    const reference = spec.boundObjectRef;
    let bound: BoundObject | undefined;
    let node: { name: string; uid: string } | undefined;
    if (reference) {
      const kind = reference.kind as BoundObject['kind'];
      const { name } = reference;
      const [version = '', group = ''] = (reference.apiVersion ?? '').split('/').reverse();
      if (group !== '' || !Object.hasOwn(resources, kind))
        throw newBadRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind ?? ''}`);
      const resource = resources[kind];
      if (!name) throw newBadRequest('Name parameter required.');
      const found = await core.catalog.registry('', resource).find(kind === 'Node' ? '' : info.namespace, name);
      if (!found) throw newNotFound({ group: '', resource }, name);
      const uid = found.object.metadata.uid as string;
      const owner = (found.object['spec'] as { serviceAccountName?: string } | undefined)?.serviceAccountName;
      if (kind === 'Pod' && owner !== info.name)
        throw newBadRequest(
          `cannot bind token for serviceaccount ${quote(info.name)} to pod running with different serviceaccount name.`,
        );
      if (reference.uid && reference.uid !== uid)
        throw newConflict(
          { group: '', resource: kind },
          name,
          `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
        );
      bound = { kind, name, uid };
      const nodeName = kind === 'Pod' ? (found.object['spec'] as { nodeName?: string }).nodeName : undefined;
      const nodeEntry = nodeName && (await core.catalog.registry('', 'nodes').find('', nodeName));
      if (nodeEntry) node = { name: nodeEntry.object.metadata.name, uid: nodeEntry.object.metadata.uid as string };
    }
    const audiences = spec.audiences?.length ? spec.audiences : core.tokens.defaultAudiences;
    const { token, expires } = await core.tokens.issue({
      namespace: info.namespace,
      name: info.name,
      uid: account.metadata.uid as string,
      audiences,
      expirationSeconds: seconds,
      ...(bound && { bound }),
      ...(node && { node }),
    });
    const answer = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: info.name, namespace: info.namespace, creationTimestamp: rfc3339(core.env.clock.now()) },
      spec: { audiences, expirationSeconds: seconds, ...(reference && { boundObjectRef: reference }) },
      status: { token, expirationTimestamp: rfc3339(expires) },
    };
    return jsonResponse(answer, 201, negotiate(context.request, context.url));
  })();
};
