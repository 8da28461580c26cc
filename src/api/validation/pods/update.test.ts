// What an update of a pod may change.

import { expect, test } from 'vitest';
import { type Part, updateErrors } from '../testing/pod-errors.ts';

const limited = { activeDeadlineSeconds: 10, tolerations: [{ key: 'a', operator: 'Exists' }] };
const needing = (...keys: string[]) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: keys.map((key) => ({ key, operator: 'Exists' })) }],
    },
  },
});
const gated = { schedulingGates: [{ name: 'a' }, { name: 'b' }], nodeSelector: { a: 'b' }, affinity: needing('k') };
const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
const others =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n';
const appArmor = 'container.apparmor.security.beta.kubernetes.io/c';
const mirror = 'kubernetes.io/config.mirror';
const partial = { limits: { cpu: '1', 'hugepages-2Mi': '1Mi' }, requests: { 'hugepages-2Mi': '1Mi' } };
const wild = (value: string) => ({
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: [value] }] } },
    ],
  },
});

test.each<[string, Part, Part, string[]]>([
  ['nothing', { spec: limited }, { spec: limited }, []],
  ['an image', {}, { spec: { containers: [{ name: 'c', image: 'other' }] } }, []],
  [
    'to a padded image',
    {},
    { spec: { containers: [{ name: 'c', image: 'other ' }] } },
    [
      'spec.containers[0].image: Invalid value: "other ": must not have leading or trailing whitespace',
      'spec.containers[0].image: Invalid value: "other ": must not have leading or trailing whitespace',
    ],
  ],
  [
    'a deadline, later',
    { spec: limited },
    { spec: { ...limited, activeDeadlineSeconds: 11 } },
    ['spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value'],
  ],
  [
    'a deadline, away',
    { spec: limited },
    { spec: { tolerations: limited.tolerations } },
    ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
  ],
  ['a deadline, sooner', { spec: limited }, { spec: { ...limited, activeDeadlineSeconds: 5 } }, []],
  [
    'a toleration more',
    { spec: limited },
    { spec: { ...limited, tolerations: [...limited.tolerations, { key: 'b', operator: 'Exists' }] } },
    [],
  ],
  [
    'a toleration',
    { spec: limited },
    { spec: { ...limited, tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }] } },
    ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
  ],
  ['another field', {}, { spec: { hostname: 'x' } }, [`${others}+ hostname: "x"\n`]],
  [
    'grace that was negative',
    { spec: { terminationGracePeriodSeconds: -1 } },
    { spec: { terminationGracePeriodSeconds: 1 } },
    [],
  ],
  [
    'grace',
    { spec: { terminationGracePeriodSeconds: 5 } },
    { spec: { terminationGracePeriodSeconds: 1 } },
    [`${others}- terminationGracePeriodSeconds: 5\n+ terminationGracePeriodSeconds: 1\n`],
  ],
  [
    'to be gated',
    {},
    { spec: { schedulingGates: [{ name: 'a' }] } },
    ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'"],
  ],
  ['a gate less', { spec: gated }, { spec: { ...gated, schedulingGates: [{ name: 'b' }] } }, []],
  ['a gated selector, narrower', { spec: gated }, { spec: { ...gated, nodeSelector: { a: 'b', c: 'd' } } }, []],
  [
    'a gated selector',
    { spec: gated },
    { spec: { ...gated, nodeSelector: { a: 'c' } } },
    [
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ],
  ],
  ['a gated affinity, narrower', { spec: gated }, { spec: { ...gated, affinity: needing('k', 'l') } }, []],
  [
    'a gated affinity',
    { spec: gated },
    { spec: { ...gated, affinity: needing('l') } },
    [
      `${terms}[0]: Invalid value: {"MatchExpressions":[{"Key":"l","Operator":"Exists","Values":null}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`,
    ],
  ],
  [
    'a gated affinity, away',
    { spec: gated },
    { spec: { ...gated, affinity: {} } },
    [`${terms}: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed`],
  ],
  [
    'a first affinity while gated',
    { spec: { schedulingGates: gated.schedulingGates } },
    { spec: { schedulingGates: gated.schedulingGates, affinity: needing('k') } },
    [],
  ],
  [
    'annotations that stand for what the pod is',
    {},
    { metadata: { annotations: { [appArmor]: 'unconfined', [mirror]: 'x' } } },
    [
      `metadata.annotations[${mirror}]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set`,
      `metadata.annotations[${appArmor}]: Forbidden: may not add AppArmor annotations`,
      `metadata.annotations[${mirror}]: Forbidden: may not add mirror pod annotation`,
    ],
  ],
  [
    'them, away',
    { metadata: { annotations: { [appArmor]: 'unconfined', [mirror]: 'x' } } },
    {},
    [
      `metadata.annotations[${appArmor}]: Forbidden: may not remove or update AppArmor annotations`,
      `metadata.annotations[${mirror}]: Forbidden: may not remove or update mirror pod annotation`,
    ],
  ],
  [
    'nothing of what was accepted once: huge pages',
    { spec: { containers: [{ name: 'c', image: 'i', resources: partial }] } },
    { spec: { containers: [{ name: 'c', image: 'j', resources: partial }] } },
    [],
  ],
  [
    'nothing of what was accepted once: selectors',
    { spec: { affinity: wild('-') } },
    { spec: { affinity: wild('-') } },
    [],
  ],
  [
    'nothing of what was accepted once: the cost of deletion',
    { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+1' } } },
    { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '+2' } } },
    [],
  ],
])('an update changes %s', (_, old, now, errors) => expect(updateErrors(old, now)).toEqual(errors));
