// The strategy of each built-in resource. Kinds that are not named here have the generic one.

import type { ApiServerConfig } from '../config.ts';
import { flowControlStrategies } from '../flowcontrol/strategy.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { Store } from '../storage/store.ts';
import { accessStrategies } from './access.ts';
import { coreStrategies } from './core.ts';
import { deviceStrategies } from './devices.ts';
import { podStrategy } from './pod.ts';
import { withoutDisabledFields } from './pod-fields.ts';
import { makesPods, templateWarnings } from './pod-warnings.ts';
import { serviceStrategy } from './service.ts';
import { workloadStrategies } from './workloads.ts';

/** Finds the strategy for a resource. Some keep books of what they gave out, so each server has its own. */
export function builtInStrategies(store: Store, config: ApiServerConfig): (resource: ResourceInfo) => Strategy {
  const own: Record<string, Strategy> = {
    ...coreStrategies,
    ...workloadStrategies,
    ...accessStrategies,
    ...deviceStrategies,
    ...flowControlStrategies,
    pods: podStrategy,
    services: serviceStrategy(store, config),
  };
  return ({ group, resource, subresources }) => {
    const key = group === '' ? resource : `${resource}.${group}`;
    return {
      hasStatus: subresources.some(({ name }) => name === 'status'),
      ...templateWarnings(key),
      ...(makesPods(key) ? withoutDisabledFields(key, own[key]) : own[key]),
    };
  };
}
