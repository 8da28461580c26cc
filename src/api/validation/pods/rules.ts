// Rules of pods and what is made of pod templates alone.

import type { RulesByType } from '../rules.ts';
import { validatePod, validatePodUpdate } from './pods.ts';

export const podRules: RulesByType = {
  Pod: { create: validatePod, update: validatePodUpdate, changesOnly: true },
};
