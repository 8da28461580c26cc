// What a change of a pod's status may say.

import { expect, test } from 'vitest';
import { type Part, statusErrors } from '../testing/pod-errors.ts';

const spec = (restartPolicy: string, more: object = {}) => ({
  restartPolicy,
  nodeName: 'n',
  initContainers: [{ name: 'i', image: 'x' }],
  ...more,
});
const ended = (exitCode: number) => ({ terminated: { exitCode } });
const running = { running: {} };
const one = (name: string, state: object) => [{ name, image: '', imageID: '', ready: false, restartCount: 0, state }];
const rules = (action: string) => ({
  containers: [
    {
      name: 'c',
      image: 'x',
      restartPolicy: 'Never',
      restartPolicyRules: [{ action, exitCodes: { operator: 'In', values: [3] } }],
    },
  ],
});
const back = 'state: Forbidden: may not be transitioned to non-terminated state';

test.each<[string, Part['spec'], object, object, string[]]>([
  ['Never', spec('Never'), ended(1), running, [`status.containerStatuses[0].${back}`]],
  ['OnFailure, after success', spec('OnFailure'), ended(0), running, [`status.containerStatuses[0].${back}`]],
  ['OnFailure', spec('OnFailure'), ended(1), running, []],
  ['Always', spec('Always'), ended(0), running, []],
  ['Never, still ended', spec('Never'), ended(0), ended(0), []],
  ['a rule', spec('Never', rules('Restart')), ended(3), running, []],
  [
    'a rule for another code',
    spec('Never', rules('Restart')),
    ended(4),
    running,
    [`status.containerStatuses[0].${back}`],
  ],
  ['a rule that restarts all', spec('Never', rules('RestartAllContainers')), ended(0), running, []],
])('a container comes back: %s', (_, of, before, after, errors) =>
  expect(
    statusErrors(
      { spec: of as object, status: { containerStatuses: one('c', before) } },
      { spec: of as object, status: { containerStatuses: one('c', after) } },
    ),
  ).toEqual(errors),
);

test('init containers and ephemeral ones do not come back', () => {
  const status = (state: object) => ({
    initContainerStatuses: one('i', state),
    ephemeralContainerStatuses: one('e', state),
  });
  expect(
    statusErrors({ spec: spec('Never'), status: status(ended(0)) }, { spec: spec('Never'), status: status(running) }),
  ).toEqual([`status.initContainerStatuses[0].${back}`, `status.ephemeralContainerStatuses[0].${back}`]);
});

const user = (uid: number, gid: number) => ({ user: { linux: { uid, gid } } });
const status = (more: object) => ({ containerStatuses: [{ ...one('c', running)[0], ...more }] });

test.each<[object, string[]]>([
  [
    { observedGeneration: -1, conditions: [{ type: 'a b', status: 'True', observedGeneration: -1 }] },
    [
      'status.conditions[0].observedGeneration: Invalid value: -1: must be a non-negative integer',
      'status.conditions[0].Type: Invalid value: "a b": <qualified>',
      'status.observedGeneration: Invalid value: -1: must be a non-negative integer',
    ],
  ],
  [
    { nominatedNodeName: 'X' },
    [
      'status.nominatedNodeName: Invalid value: "X": <subdomain>',
      'status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node',
    ],
  ],
  [{ qosClass: 'Guaranteed' }, ['status.qosClass: Invalid value: "Guaranteed": field is immutable']],
  [{ podIPs: [{ ip: '10.244.1.2' }, { ip: 'fd00::2' }], podIP: '10.244.1.2' }, []],
  [
    { podIPs: [{ ip: '10.244.1.2' }, { ip: '10.244.1.3' }] },
    [
      'status.podIPs: Invalid value: [{"IP":"10.244.1.2"},{"IP":"10.244.1.3"}]: may specify no more than one IP for each IP family',
    ],
  ],
  [
    { podIPs: [{ ip: 'x' }] },
    ['status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    { hostIP: '172.18.0.2', hostIPs: [{ ip: '172.18.0.3' }] },
    ['status.hostIPs[0].ip: Invalid value: "172.18.0.3": must be equal to `hostIP`'],
  ],
  [
    { resourceClaimStatuses: [{ name: 'a' }, { name: 'a' }] },
    [
      'status.resourceClaimStatuses[0].name: Invalid value: "a": must match the name of an entry in `spec.resourceClaims`',
      'status.resourceClaimStatuses[1].name: Invalid value: "a": must match the name of an entry in `spec.resourceClaims`',
      'status.resourceClaimStatuses[1].name: Duplicate value: "a"',
    ],
  ],
  [
    status(user(-1, 2147483648)),
    [
      'status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 4294967295, inclusive',
      'status.containerStatuses[0].user.linux.gid: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
    ],
  ],
  [
    status({ allocatedResourcesStatus: [{ name: 'x.io/gpu', resources: [{ resourceID: 'a', health: 'Fine' }] }] }),
    [
      'status.containerStatuses[0].allocatedResourcesStatus[0].name: Invalid value: "x.io/gpu": must match one of the container\'s resource requests',
      'status.containerStatuses[0].allocatedResourcesStatus[0].resources[0].health: Unsupported value: "Fine": supported values: "Healthy", "Unhealthy", "Unknown"',
    ],
  ],
  [
    { extendedResourceClaimStatus: { requestMappings: [], resourceClaimName: '' } },
    [
      'status.extendedResourceClaimStatus.requestMappings: Required value: at least one request mapping is required',
      'status.extendedResourceClaimStatus.resourceClaimName: Required value',
    ],
  ],
])('a status says %j', (after, errors) =>
  expect(statusErrors({ spec: spec('Always') }, { spec: spec('Always'), status: after })).toEqual(errors),
);
