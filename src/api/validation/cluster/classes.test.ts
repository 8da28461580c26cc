import { describe, expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const many = (n: number, value = 'v') => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, value]));
const controller = 'example.com/c';

describe('IngressClasses', () => {
  const parameters = { kind: 'K', name: 'n' };
  test.each<[object, string]>([
    [{ controller }, ''],
    [{}, 'spec.controller: Required value'],
    [
      { controller: 'plain' },
      'spec.controller: Invalid value: "plain": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [{ controller: `a.io/${'b'.repeat(250)}` }, 'spec.controller: Too long: may not be more than 250 bytes'],
    [
      { controller: 'a.io/b c' },
      "spec.controller: Invalid value: \"b c\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
    ],
    [{ controller, parameters: { ...parameters, namespace: 'n', scope: 'Namespace' } }, ''],
    [
      { controller, parameters: { kind: '', name: 'a%', namespace: 'n' } },
      "[spec.parameters.kind: Required value, spec.parameters.name: Invalid value: \"a%\": may not contain '%', spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster']",
    ],
    [
      { controller, parameters: { ...parameters, scope: 'Namespace' } },
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
    [
      { controller, parameters: { ...parameters, scope: 'World' } },
      'spec.parameters.scope: Unsupported value: "World": supported values: "Cluster", "Namespace"',
    ],
  ])('%j', (spec, message) => expect(created('IngressClass', { spec })).toBe(message));
  test('keep their controller', () => {
    expect(updated('IngressClass', { spec: { controller } }, { spec: { controller: 'b.io/c' } })).toBe(
      'spec.controller: Invalid value: "b.io/c": field is immutable',
    );
  });
});

describe('StorageClasses', () => {
  const provisioner = 'D.io/p';
  const topology = (...matchLabelExpressions: object[]) => ({
    provisioner,
    allowedTopologies: [{ matchLabelExpressions }],
  });
  const where = 'allowedTopologies[0].matchLabelExpressions';
  test.each<[string, object, string]>([
    ['a plain one', { provisioner, parameters: { a: 'b' } }, ''],
    ['no provisioner', {}, 'provisioner: Required value'],
    [
      'a bad provisioner',
      { provisioner: 'a/b/c' },
      expect.stringMatching(/^provisioner: Invalid value: "a\/b\/c": a qualified name must consist/),
    ],
    [
      'too many parameters',
      { provisioner, parameters: many(513) },
      'parameters: Too long: may not be more than 512 bytes',
    ],
    [
      'too long parameters',
      { provisioner, parameters: many(512, 'v'.repeat(512)) },
      'parameters: Too long: may not be more than 262144 bytes',
    ],
    ['no name', { provisioner, parameters: { '': 'v' } }, 'parameters: Invalid value: "": field can not be empty.'],
    [
      'a policy of volumes',
      { provisioner, reclaimPolicy: 'Recycle' },
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    ],
    [
      'a binding that is none',
      { provisioner, volumeBindingMode: 'Later' },
      'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
    ['a topology', topology({ key: 'zone', values: ['a', 'b'] }), ''],
    ['no topology', topology(), `${where}: Required value`],
    ['no values', topology({ key: 'zone' }), `${where}[0].values: Required value`],
    [
      'a value and a key twice',
      topology({ key: 'zone', values: ['a', 'a'] }, { key: 'zone', values: ['b'] }),
      `[${where}[0].values[1]: Duplicate value: "a", ${where}[1].key: Duplicate value: "zone"]`,
    ],
    [
      'a topology twice',
      {
        provisioner,
        allowedTopologies: [
          ['a', 'b'],
          ['b', 'a'],
        ].map((values) => ({ matchLabelExpressions: [{ key: 'zone', values }] })),
      },
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    ],
  ])('%s', (_, object, message) => expect(created('StorageClass', object)).toEqual(message));

  test.each<[object, string]>([
    [{ allowVolumeExpansion: true }, ''],
    [{ parameters: { a: 'c' } }, 'parameters: Forbidden: updates to parameters are forbidden.'],
    [{ provisioner: 'other' }, 'provisioner: Forbidden: updates to provisioner are forbidden.'],
    [{ reclaimPolicy: 'Retain' }, 'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.'],
    [
      { volumeBindingMode: 'WaitForFirstConsumer' },
      'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ],
  ])('a change to %j', (change, message) => {
    const old = { provisioner, parameters: { a: 'b' } };
    expect(updated('StorageClass', old, { ...old, ...change })).toBe(message);
  });
});

describe('VolumeAttributesClasses', () => {
  const good = { driverName: 'd', parameters: { a: '1' } };
  test.each<[object, string]>([
    [good, ''],
    [
      { driverName: '' },
      '[driverName: Required value, parameters: Required value: must contain at least one key/value pair]',
    ],
  ])('%j', (object, message) => expect(created('VolumeAttributesClass', object)).toBe(message));
  test.each<[object, string]>([
    [{ parameters: { a: '2' } }, 'parameters: Forbidden: updates to parameters are forbidden.'],
    [{ driverName: 'e' }, 'driverName: Forbidden: updates to driverName are forbidden.'],
  ])('a change to %j', (change, message) => {
    expect(updated('VolumeAttributesClass', good, { ...good, ...change })).toBe(message);
  });
});
