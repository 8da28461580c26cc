// The default profile: which plugins run, in upstream's order and with upstream's score weights. Upstream: apis/config/v1 default plugins.

import type { Pod } from '../api/generated/types.ts';
import { Framework } from './framework/framework.ts';
import type { Handle } from './framework/types.ts';
import { defaultBinder } from './plugins/defaultbinder/index.ts';
import { defaultPreemption } from './plugins/defaultpreemption/index.ts';
import { imageLocality } from './plugins/imagelocality/index.ts';
import { interPodAffinity } from './plugins/interpodaffinity/index.ts';
import { nodeAffinity } from './plugins/nodeaffinity/index.ts';
import { nodeName } from './plugins/nodename/index.ts';
import { nodePorts } from './plugins/nodeports/index.ts';
import { nodeResourcesBalancedAllocation } from './plugins/noderesources/balanced-allocation.ts';
import { nodeResourcesFit } from './plugins/noderesources/fit.ts';
import { nodeUnschedulable } from './plugins/nodeunschedulable/index.ts';
import { podTopologySpread } from './plugins/podtopologyspread/index.ts';
import { prioritySort } from './plugins/prioritysort/index.ts';
import { schedulingGates } from './plugins/schedulinggates/index.ts';
import { taintToleration } from './plugins/tainttoleration/index.ts';

export interface ProfileActions {
  bind: (pod: Pod, nodeName: string) => Promise<void>;
  evict: (victim: Pod, preemptor: Pod, nodeName: string) => Promise<void>;
}

export function defaultProfile(handle: Handle, actions: ProfileActions): Framework {
  const framework: Framework = new Framework([
    { plugin: schedulingGates() },
    { plugin: prioritySort() },
    { plugin: nodeUnschedulable() },
    { plugin: nodeName() },
    { plugin: taintToleration(), weight: 3 },
    { plugin: nodeAffinity(), weight: 2 },
    { plugin: nodePorts() },
    { plugin: nodeResourcesFit(), weight: 1 },
    { plugin: podTopologySpread(handle), weight: 2 },
    { plugin: interPodAffinity(handle), weight: 2 },
    { plugin: defaultPreemption({ handle, evict: actions.evict, framework: () => framework }) },
    { plugin: nodeResourcesBalancedAllocation(), weight: 1 },
    { plugin: imageLocality(handle), weight: 1 },
    { plugin: defaultBinder(actions.bind) },
  ]);
  return framework;
}
