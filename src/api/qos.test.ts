import { expect, test } from 'vitest';
import type { PodSpec } from './generated/types.ts';
import { qosClass } from './qos.ts';

const both = { cpu: '1', memory: '1Gi' };
const container = (resources?: object) => ({ name: 'c', image: 'i', ...(resources && { resources }) });

test.each<[object, string]>([
  [{ containers: [container()] }, 'BestEffort'],
  [{ containers: [container({ requests: { cpu: '0' } })] }, 'BestEffort'],
  [{ containers: [container({ requests: { 'ephemeral-storage': '1Gi' } })] }, 'BestEffort'],
  [{ containers: [container({ requests: { cpu: '1' } })] }, 'Burstable'],
  [{ containers: [container({ limits: both })] }, 'Guaranteed'],
  [{ containers: [container({ limits: both, requests: { cpu: '1000m' } })] }, 'Guaranteed'],
  [{ containers: [container({ limits: both, requests: { cpu: '500m' } })] }, 'Burstable'],
  [{ containers: [container({ limits: both }), container()] }, 'Burstable'],
  [{ initContainers: [container()], containers: [container({ limits: both })] }, 'Burstable'],
  // What the pod says as a whole takes the place of what its containers say.
  [{ resources: { limits: both, requests: both }, containers: [container()] }, 'Guaranteed'],
  [{ resources: { requests: { cpu: '1' } }, containers: [container({ limits: both })] }, 'Burstable'],
  [{ resources: { requests: { 'hugepages-2Mi': '2Mi' } }, containers: [container({ limits: both })] }, 'BestEffort'],
  [{ resources: {}, containers: [container({ limits: both })] }, 'Guaranteed'],
])('%j is %s', (spec, expected) => {
  expect(qosClass(spec as PodSpec)).toBe(expected);
});
