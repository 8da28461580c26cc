// APIServices: one without a service is served by this server, and so is always available (kube-aggregator's pkg/registry/apiservice and local availability
// controller).

import type { APIService } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';

const strategy: Strategy = {
  prepareForCreate(object, { env }) {
    const it = object as unknown as APIService;
    if (it.spec?.service) return;
    const condition = { type: 'Available', status: 'True', reason: 'Local' };
    const message = 'Local APIServices are always available';
    it.status = { conditions: [{ ...condition, message, lastTransitionTime: rfc3339(env.clock.now()) }] };
  },
};

/** What is particular to APIServices; nothing for any other resource. */
export const apiServiceStrategyFor = ({ group, resource }: ResourceInfo): Strategy =>
  group === 'apiregistration.k8s.io' && resource === 'apiservices' ? strategy : {};
