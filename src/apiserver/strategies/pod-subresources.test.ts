// What writes to pods/resize and pods/ephemeralcontainers are refused for.

import { expect, test } from 'vitest';
import { renderError } from '../../api/field-error.ts';
import { container, type Part, podOf } from '../../api/validation/testing/pod-errors.ts';
import { ephemeralContainers, resize } from './pod-subresources.ts';

const mirror = { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } };
const windows = { os: { name: 'windows' } };
const sized = (requests: object, limits: object = {}) => ({ ...container, resources: { requests, limits } });
const cpu = (value: string) => sized({ cpu: value });

function errorsOf({ prepare, validate }: typeof resize, old: Part, now: Part): string[] {
  const before = podOf(old);
  const object = podOf(now) as never;
  prepare(object, before as never, undefined as never);
  return (validate?.(object, before as never) ?? []).map(renderError);
}

const spec = (more: object): Part => ({ spec: { containers: [cpu('1')], ...more } });
const quality = (old: string) => `spec: Invalid value: "${old}": Pod QOS Class may not change as a result of resizing`;

test.each<[Part, Part, string[]]>([
  [spec({}), spec({ containers: [cpu('2')] }), []],
  [{ ...spec({}), ...mirror }, spec({}), [': Forbidden: static pods cannot be resized']],
  [spec(windows), spec(windows), [': Forbidden: windows pods cannot be resized']],
  [
    spec({}),
    spec({ containers: [container] }),
    [quality('Burstable'), 'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'],
  ],
  [spec({}), spec({ containers: [sized({ cpu: '1', memory: '1Mi' })] }), []],
  [
    spec({}),
    spec({ containers: [sized({ cpu: '1', 'ephemeral-storage': '1Mi' })] }),
    ['spec: Forbidden: only cpu and memory resources are mutable'],
  ],
  // Anything else of a container stays as it was.
  [spec({}), spec({ containers: [{ ...cpu('2'), image: 'other' }] }), []],
  [
    spec({}),
    spec({ containers: [cpu('1'), { ...cpu('1'), name: 'd' }] }),
    ['spec.containers: Forbidden: containers may not be added or removed on resize'],
  ],
  [
    spec({}),
    spec({ containers: [{ ...cpu('1'), name: 'd' }] }),
    ['spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize'],
  ],
  [
    spec({ initContainers: [{ ...cpu('1'), name: 'i' }] }),
    spec({ initContainers: [{ ...cpu('2'), name: 'i' }] }),
    ['spec: Forbidden: resources for non-sidecar init containers are immutable'],
  ],
  [
    spec({ initContainers: [{ ...cpu('1'), name: 'i', restartPolicy: 'Always' }] }),
    spec({ initContainers: [{ ...cpu('2'), name: 'i', restartPolicy: 'Always' }] }),
    [],
  ],
  [
    spec({ initContainers: [{ ...cpu('1'), name: 'i', restartPolicy: 'Always' }] }),
    spec({ initContainers: [{ ...sized({ memory: '1Mi' }), name: 'i', restartPolicy: 'Always' }] }),
    ['spec.initContainers[0].resources.requests: Forbidden: resource requests cannot be removed'],
  ],
  // The pod as a whole.
  [spec({}), spec({ resources: { requests: { cpu: '3' } } }), []],
  [
    spec({ resources: { requests: { cpu: '3', memory: '1Gi' } } }),
    spec({ resources: { requests: { cpu: '4' } } }),
    ['spec.resources.requests: Forbidden: pod-level resource requests cannot be removed'],
  ],
  [
    spec({ resources: { requests: { cpu: '3' } } }),
    spec({}),
    ['spec.resources: Forbidden: pod-level resources cannot be removed'],
  ],
  [
    spec({ resources: { requests: { cpu: '3' } } }),
    spec({ resources: { requests: { cpu: '3', 'hugepages-2Mi': '2Mi' }, limits: { 'hugepages-2Mi': '2Mi' } } }),
    ['spec: Forbidden: only cpu and memory resources are mutable at pod-level'],
  ],
])('resize: %j to %j', (old, now, expected) => {
  expect(errorsOf(resize, old, now)).toEqual(expected);
});

const helper = { name: 'e', image: 'i', terminationMessagePolicy: 'File', imagePullPolicy: 'Always' };
const helped = (...list: object[]): Part => ({ spec: { ephemeralContainers: list } });
const at = 'spec.ephemeralContainers[0]';

test.each<[Part, Part, string[]]>([
  [{}, helped(helper), []],
  [mirror, helped(helper), [': Forbidden: static pods do not support ephemeral containers']],
  [{}, helped({ ...helper, targetContainerName: 'c' }), []],
  [{}, helped({ ...helper, targetContainerName: 'x' }), [`${at}.targetContainerName: Not found: "x"`]],
  [{}, helped({ ...helper, name: 'c' }), [`${at}.name: Duplicate value: "c"`]],
  [
    {},
    helped({ ...helper, ports: [{ containerPort: 1 }], resources: { limits: { cpu: '1' } } }),
    [
      `${at}.ports: Forbidden: cannot be set for an Ephemeral Container`,
      `${at}.resources: Forbidden: cannot be set for an Ephemeral Container`,
    ],
  ],
  [
    { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
    helped({ ...helper, volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 's' }] }),
    [`${at}.volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container`],
  ],
  // Only these are taken from what is sent.
  [{}, { spec: { ...helped(helper).spec, hostNetwork: true } }, []],
  [
    helped(helper),
    helped(),
    ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed\n'],
  ],
])('ephemeral containers: %j to %j', (old, now, expected) => {
  expect(errorsOf(ephemeralContainers, old, now)).toEqual(expected);
});

test('an ephemeral container is not changed: how is told', () => {
  const [text = ''] = errorsOf(ephemeralContainers, helped(helper), helped({ ...helper, image: 'other' }));
  expect(text).toContain('existing ephemeral containers "e" may not be changed\n');
  expect(text).toMatch(/-.*"i"[\s\S]*\+.*"other"/);
});
