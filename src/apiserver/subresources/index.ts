// Subresources and reviews that are more than reading and writing the object itself.

import type { ResourceInfo } from '../registry/resource.ts';
import type { SpecialHandler } from '../server/core.ts';
import { podBinding } from './binding.ts';
import { podEviction } from './eviction.ts';
import { podAttach, podExec, podLog, podPortForward } from './pod-streams.ts';
import { nodeProxy, podProxy, serviceProxy } from './proxy.ts';
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from './reviews.ts';
import { scale } from './scale.ts';
import { serviceAccountToken } from './token.ts';

const handlers: Record<string, SpecialHandler> = {
  'pods/binding': podBinding,
  bindings: podBinding,
  'pods/eviction': podEviction,
  'serviceaccounts/token': serviceAccountToken,
  'subjectaccessreviews.authorization.k8s.io': subjectAccessReview,
  'localsubjectaccessreviews.authorization.k8s.io': localSubjectAccessReview,
  'selfsubjectaccessreviews.authorization.k8s.io': selfSubjectAccessReview,
  'selfsubjectrulesreviews.authorization.k8s.io': selfSubjectRulesReview,
  'selfsubjectreviews.authentication.k8s.io': selfSubjectReview,
  'tokenreviews.authentication.k8s.io': tokenReview,
  'pods/log': podLog,
  'pods/exec': podExec,
  'pods/attach': podAttach,
  'pods/portforward': podPortForward,
  'pods/proxy': podProxy,
  'services/proxy': serviceProxy,
  'nodes/proxy': nodeProxy,
};

/** The handler of a subresource ('' for the resource itself), or undefined where the generic endpoints serve. */
export function findSpecial(resource: ResourceInfo, subresource: string): SpecialHandler | undefined {
  if (subresource === 'scale') return scale;
  const base = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
  const key = subresource === '' ? base : `${base}/${subresource}`;
  return Object.hasOwn(handlers, key) ? handlers[key] : undefined;
}
