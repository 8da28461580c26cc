// Rules of pods and what is made of pod templates alone.

import type { PodTemplate } from '../../generated/types.ts';
import type { RulesByType } from '../rules.ts';
import { validatePod, validateTemplateObject } from './pods.ts';
import { validatePodStatusUpdate } from './status.ts';
import { validatePodUpdate } from './update.ts';

export const podRules: RulesByType = {
  Pod: { create: validatePod, update: validatePodUpdate, changesOnly: true, status: validatePodStatusUpdate },
  PodTemplate: {
    create: (object: PodTemplate) => validateTemplateObject(object),
    update: validateTemplateObject,
    changesOnly: true,
  },
};
