import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../generated/types.ts';
import { realKubectl } from '../testing/real-kubectl.ts';
import {
  applyJsonPatch,
  applyMergePatch,
  applyPatch,
  applyStrategicMergePatch,
  createMergePatch,
  createThreeWayJsonMergePatch,
  equalJson,
  patchTypes,
} from './index.ts';

describe('JSON patch', () => {
  const document = { a: [1, 2, 3], b: { c: 'x' }, 'd/e': 1 };
  test.each([
    [[{ op: 'add', path: '/a/1', value: 9 }], { ...document, a: [1, 9, 2, 3] }],
    [[{ op: 'add', path: '/a/-', value: 4 }], { ...document, a: [1, 2, 3, 4] }],
    [[{ op: 'remove', path: '/d~1e' }], { a: [1, 2, 3], b: { c: 'x' } }],
    [[{ op: 'replace', path: '/b/c', value: null }], { ...document, b: { c: null } }],
    [[{ op: 'move', from: '/b/c', path: '/a/0' }], { ...document, a: ['x', 1, 2, 3], b: {} }],
    [
      [
        { op: 'copy', from: '/b', path: '/f' },
        { op: 'test', path: '/f/c', value: 'x' },
      ],
      { ...document, f: { c: 'x' } },
    ],
  ])('%j', (operations, expected) => expect(applyJsonPatch(document, operations)).toEqual(expected));
  test.each([
    [{ op: 'remove', path: '/x' }, 'Unable to remove nonexistent key: x'],
    [
      { op: 'replace', path: '/x/y', value: 1 },
      'replace operation does not apply: doc is missing path: "/x/y": missing value',
    ],
    [{ op: 'test', path: '/b/c', value: 'y' }, 'testing value /b/c failed: test failed'],
    [{ op: 'add', path: '/a/9', value: 1 }, 'Unable to access invalid index: 9'],
    [{ op: 'fly', path: '/a' }, 'Unexpected kind: fly'],
  ])('%j fails', (operation, message) => expect(() => applyJsonPatch(document, [operation])).toThrow(message));
  test('does not reach prototypes', () => {
    expect(() => applyJsonPatch({}, [{ op: 'add', path: '/__proto__/x', value: 1 }])).toThrow('missing path');
    expect(() => applyJsonPatch({}, [{ op: 'add', path: '/constructor/prototype/x', value: 1 }])).toThrow(
      'missing path',
    );
  });
  test('the server answers 422 and 400', () => {
    expect(() => applyPatch(patchTypes.json, 'Pod', {}, '[{"op":"remove","path":"/x"}]')).toThrow(
      'the server rejected our request due to an error in our request',
    );
    expect(() => applyPatch(patchTypes.merge, 'Pod', {}, '{')).toThrow(
      'error decoding patch: unexpected end of JSON input',
    );
  });
});

test('a created merge patch, applied, gives the target', () => {
  const { object } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 })),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('object'))),
  }));
  fc.assert(
    fc.property(object, object, (from, to) => equalJson(applyMergePatch(from, createMergePatch(from, to)), to)),
  );
  expect(createThreeWayJsonMergePatch({ a: 1, b: 2 }, { a: 3 }, { a: 1, b: 2, c: 4 })).toEqual({ a: 3, b: null });
});

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { a: '1', b: '2' }, finalizers: ['x', 'y'] },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'a',
            image: 'a:1',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
            args: ['p', 'q'],
          },
          { name: 'b', image: 'b:1', ports: [{ containerPort: 80, protocol: 'TCP' }] },
          { name: 'c', image: 'c:1' },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
        tolerations: [{ key: 'k', operator: 'Exists' }],
      },
    },
  },
};
const inContainers = (containers: unknown[], more: object = {}) => ({
  spec: { template: { spec: { containers, ...more } } },
});
const patches: [string, object][] = [
  ['labels merge', { metadata: { labels: { b: null, c: '3' } } }],
  ['a container by name', inContainers([{ name: 'b', image: 'b:2' }])],
  ['a new container', inContainers([{ name: 'd', image: 'd:1' }])],
  ['delete a container', inContainers([{ name: 'a', $patch: 'delete' }])],
  [
    'delete one, change another, add a third',
    inContainers([
      { name: 'c', image: 'c:2' },
      { name: 'a', $patch: 'delete' },
      { name: 'e', image: 'e' },
    ]),
  ],
  ['replace the list', inContainers([{ $patch: 'replace' }, { name: 'z', image: 'z' }])],
  [
    'env inside',
    inContainers([
      {
        name: 'a',
        env: [
          { name: 'Y', value: '9' },
          { name: 'Z', value: '3' },
        ],
      },
    ]),
  ],
  ['atomic lists are replaced', inContainers([{ name: 'a', args: ['r'] }], { tolerations: [{ key: 'n' }] })],
  [
    'order',
    inContainers([{ name: 'n', image: 'n' }], {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'n' }, { name: 'a' }],
    }),
  ],
  [
    'order alone',
    { spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }] } } } },
  ],
  ['retain keys', { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }],
  [
    'volumes retain keys',
    {
      spec: {
        template: { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'cm' } }] } },
      },
    },
  ],
  ['replace a map', { spec: { strategy: { $patch: 'replace', type: 'Recreate' } } }],
  ['delete a map', { spec: { strategy: { $patch: 'delete' } } }],
  ['primitive merge', { metadata: { finalizers: ['z', 'x'] } }],
  [
    'primitive delete and order',
    {
      metadata: {
        '$deleteFromPrimitiveList/finalizers': ['x'],
        '$setElementOrder/finalizers': ['q', 'y'],
        finalizers: ['q'],
      },
    },
  ],
  ['null removes a list', { spec: { template: { spec: { volumes: null } } } }],
  [
    'ports by containerPort',
    inContainers([{ name: 'b', ports: [{ containerPort: 80, name: 'http' }, { containerPort: 443 }] }]),
  ],
];

describe('strategic merge', () => {
  test('containers merge by name and keep their order', () => {
    const out = applyStrategicMergePatch('Deployment', web as unknown as Deployment, patches[1]![1]);
    expect(out.spec.template.spec?.containers.map((c) => [c.name, c.image])).toEqual(
      [
        ['b', 'b:2'],
        ['a', 'a:1'],
        ['c', 'c:1'],
      ].sort(),
    );
    expect(web.spec.template.spec.containers[1]?.image).toBe('b:1');
  });
  test('errors', () => {
    expect(() => applyStrategicMergePatch('Deployment', web, inContainers([{ image: 'x' }]))).toThrow(
      'map: map[image:x] does not contain declared merge key: name',
    );
    expect(() => applyStrategicMergePatch('Deployment', web, { spec: { $patch: 'melt' } })).toThrow(
      'unknown patch type: melt in map: map[$patch:melt]',
    );
  });

  const kubectl = realKubectl();
  describe.skipIf(!kubectl)('as the real kubectl does', () => {
    test.each(patches)('%s', (_name, patch) => {
      const file = join(mkdtempSync(join(tmpdir(), 'smp-')), 'web.json');
      writeFileSync(file, JSON.stringify(web));
      const theirs = execFileSync(
        kubectl as string,
        ['patch', '--local', '--type=strategic', '-f', file, '-p', JSON.stringify(patch), '-o', 'json'],
        { encoding: 'utf8' },
      );
      expect(applyStrategicMergePatch('Deployment', web, patch)).toEqual(JSON.parse(theirs));
    });
  });
});
