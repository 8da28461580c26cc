// The review kinds: who am I, who is this token, may they (pkg/registry/authentication, pkg/registry/authorization).

import type { PolicyRule } from '../../api/generated/types.ts';
import { newBadRequest, newInvalid } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { AuthorizationAttributes, Verdict } from '../auth/authorizer.ts';
import type { KubeObject } from '../object.ts';
import type { Served } from '../registry/served.ts';
import type { RequestContext, UserInfo } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { negotiate } from '../server/negotiate.ts';
import { jsonResponse } from '../server/respond.ts';
import { readReview } from '../server/review.ts';
import { admissionOf } from './admission.ts';
import { type AccessSpec, reviewErrors } from './review-validation.ts';

function userInfo({ name, uid, groups, extra }: UserInfo) {
  return {
    username: name,
    ...(uid && { uid }),
    groups,
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function attributesOf(
  user: UserInfo,
  { resourceAttributes: resource, nonResourceAttributes: plain }: AccessSpec,
): AuthorizationAttributes {
  return {
    user,
    verb: resource?.verb ?? plain?.verb ?? '',
    isResource: resource !== undefined,
    namespace: resource?.namespace ?? '',
    group: resource?.group ?? '',
    version: resource?.version ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    name: resource?.name ?? '',
    path: plain?.path ?? '',
  };
}

const statusOf = ({ decision, reason }: Verdict) => ({
  allowed: decision === 'allow',
  ...(decision === 'deny' && { denied: true }),
  ...(reason && { reason }),
});

function answer(core: Core, context: RequestContext, group: string, kind: string, rest: object): Response {
  const metadata = { creationTimestamp: rfc3339(core.env.clock.now()) };
  return jsonResponse(
    { kind, apiVersion: `${group}/v1`, metadata, ...rest },
    201,
    negotiate(context.request, context.url),
  );
}

const authorization = 'authorization.k8s.io';
const authentication = 'authentication.k8s.io';

/** The body as a review of this kind, as admission wants it: asking is creating. Throws BadRequest and what admission refuses with. */
async function admitted(core: Core, context: RequestContext, served: Served, kind: string): Promise<KubeObject> {
  const gate = admissionOf(core, context, served, 'CREATE');
  const review = await gate.mutate(await readReview(context, served.resource.group, 'v1', kind));
  await gate.validate(review);
  return review;
}

function accessReview(
  kind: 'SubjectAccessReview' | 'LocalSubjectAccessReview' | 'SelfSubjectAccessReview',
): SpecialHandler {
  return (core, context, served) => {
    if (context.info.verb !== 'create') return undefined;
    return (async () => {
      const review = await admitted(core, context, served, kind);
      const spec = (review['spec'] ?? {}) as AccessSpec;
      const errors = reviewErrors(kind, review, context.info.namespace);
      // Upstream looks for the kind where it no longer is.
      if (errors.length > 0) throw newInvalid({ group: authorization, kind: '' }, '', errors);
      const { user: name = '', uid = '', groups = [], extra = {} } = spec;
      const user = kind === 'SelfSubjectAccessReview' ? context.user : { name, uid, groups, extra };
      const verdict = core.authorizer.authorize(attributesOf(user, spec));
      return answer(core, context, authorization, kind, { spec, status: statusOf(verdict) });
    })();
  };
}

export const subjectAccessReview = accessReview('SubjectAccessReview');
export const localSubjectAccessReview = accessReview('LocalSubjectAccessReview');
export const selfSubjectAccessReview = accessReview('SelfSubjectAccessReview');

export const selfSubjectRulesReview: SpecialHandler = (core, context, served) => {
  if (context.info.verb !== 'create') return undefined;
  return (async () => {
    const review = await admitted(core, context, served, 'SelfSubjectRulesReview');
    const spec = (review['spec'] ?? {}) as { namespace?: string };
    if (!spec.namespace) throw newBadRequest('no namespace on request');
    const rules = core.rulesFor(context.user, spec.namespace);
    const resourceRules = rules
      .filter(({ resources }) => resources)
      .map(({ verbs, apiGroups, resources, resourceNames }: PolicyRule) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames && { resourceNames }),
      }));
    const nonResourceRules = rules
      .filter(({ nonResourceURLs }) => nonResourceURLs)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
    return answer(core, context, authorization, 'SelfSubjectRulesReview', {
      spec: {},
      status: { resourceRules, nonResourceRules, incomplete: false },
    });
  })();
};

export const selfSubjectReview: SpecialHandler = (core, context, served) => {
  if (context.info.verb !== 'create') return undefined;
  return (async () => {
    await admitted(core, context, served, 'SelfSubjectReview');
    return answer(core, context, authentication, 'SelfSubjectReview', {
      status: { userInfo: userInfo(context.user) },
    });
  })();
};

export const tokenReview: SpecialHandler = (core, context, served) => {
  if (context.info.verb !== 'create') return undefined;
  return (async () => {
    const review = await admitted(core, context, served, 'TokenReview');
    const spec = (review['spec'] ?? {}) as { token?: string; audiences?: string[] };
    if (!spec.token) throw newBadRequest('token is required for TokenReview in authentication');
    const wanted = spec.audiences?.length ? spec.audiences : core.tokens.defaultAudiences;
    const own = await core.tokens.verify(spec.token, wanted);
    const known = own ?? (await core.authenticator.identify(spec.token));
    // Tokens that name no audience are for the server itself.
    const meant = own ? core.tokens.audiencesOf(spec.token) : core.tokens.defaultAudiences;
    const audiences = wanted.filter((audience) => meant.includes(audience));
    const status =
      known && audiences.length > 0
        ? { authenticated: true, user: userInfo(known), audiences }
        : { user: {}, error: '[invalid bearer token]' };
    return answer(core, context, authentication, 'TokenReview', { spec, status });
  })();
};
