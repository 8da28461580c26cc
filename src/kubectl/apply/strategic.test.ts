import { describe, expect, test } from 'vitest';
import { type Schema, SchemaNode } from '../rest/openapi.ts';
import { threeWayMergePatch, threeWayStrategicPatch, twoWayStrategicPatch } from './strategic.ts';

const container: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    image: { type: 'string' },
    args: { type: 'array', items: { type: 'string' } },
    env: {
      type: 'array',
      items: { type: 'object', properties: {} },
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    },
  },
};
const schema = new SchemaNode(
  { components: { schemas: { Container: container } } },
  {
    type: 'object',
    properties: {
      containers: {
        type: 'array',
        items: { $ref: '#/components/schemas/Container' },
        'x-kubernetes-patch-merge-key': 'name',
        'x-kubernetes-patch-strategy': 'merge',
      },
      finalizers: { type: 'array', items: { type: 'string' }, 'x-kubernetes-patch-strategy': 'merge' },
      strategy: {
        type: 'object',
        properties: { type: {}, rollingUpdate: {} },
        'x-kubernetes-patch-strategy': 'retainKeys',
      },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
);

describe('three-way strategic patch', () => {
  test('nothing to do when live has what the file says and more', () => {
    const file = { containers: [{ name: 'a', image: 'x' }], labels: { a: '1' } };
    const live = {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'sidecar', image: 'y' },
      ],
      labels: { a: '1', other: '2' },
    };
    expect(threeWayStrategicPatch(file, file, live, schema)).toEqual({
      '$setElementOrder/containers': [{ name: 'a' }],
    });
    expect(threeWayStrategicPatch(file, file, { ...live, containers: live.containers.slice(0, 1) }, schema)).toEqual(
      {},
    );
  });

  test('an item is changed by its key', () => {
    const patch = threeWayStrategicPatch(
      { containers: [{ name: 'a', image: 'x' }] },
      { containers: [{ name: 'a', image: 'y' }] },
      { containers: [{ name: 'a', image: 'x', args: ['1'] }] },
      schema,
    );
    expect(patch).toEqual({ containers: [{ name: 'a', image: 'y' }], '$setElementOrder/containers': [{ name: 'a' }] });
  });

  test('what the last file had and this one has not is deleted; what others added stays', () => {
    const patch = threeWayStrategicPatch(
      { containers: [{ name: 'a' }, { name: 'b' }], labels: { gone: '1', kept: '1' } },
      { containers: [{ name: 'a' }], labels: { kept: '1' } },
      { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], labels: { gone: '1', kept: '1', other: '1' } },
      schema,
    );
    expect(patch).toEqual({
      containers: [{ $patch: 'delete', name: 'b' }],
      '$setElementOrder/containers': [{ name: 'a' }],
      labels: { gone: null },
    });
  });

  test('lists of plain values say what is deleted from them', () => {
    const patch = threeWayStrategicPatch(
      { finalizers: ['a', 'b'] },
      { finalizers: ['a'] },
      { finalizers: ['a', 'b', 'c'] },
      schema,
    );
    expect(patch['$deleteFromPrimitiveList/finalizers']).toEqual(['b']);
  });

  test('retainKeys names the fields of a union that stay', () => {
    const patch = twoWayStrategicPatch(
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
      { strategy: { type: 'Recreate' } },
      schema,
    );
    expect(patch).toEqual({ strategy: { $retainKeys: ['type'], type: 'Recreate', rollingUpdate: null } });
  });

  test('without a schema lists are replaced whole', () => {
    const patch = threeWayMergePatch({ list: [1] }, { list: [1, 2] }, { list: [1], other: true });
    expect(patch).toEqual({ list: [1, 2] });
  });
});
