import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment } from '../generated/types.ts';
import { applyConfiguration, extractApplied, FieldSet, updateManagedFields } from './index.ts';

const at = (second: number) => `2026-11-21T09:00:0${second}Z`;
const apply = (config: unknown, live: Deployment | undefined, manager = 'a', force = false, second = 1) =>
  applyConfiguration<Deployment>(config as Deployment, live, { type: 'Deployment', manager, time: at(second), force });
const web = (spec: object, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'd', ...metadata },
  spec,
});
const containers = (...list: object[]) => ({ template: { spec: { containers: list } } });

test('what a manager applied', () => {
  const object = apply(
    web(
      {
        replicas: 2,
        selector: { matchLabels: { a: '1' } },
        ...containers({ name: 'c', image: 'i', ports: [{ containerPort: 80 }], args: ['x'] }),
      },
      { labels: { l: '1' } },
    ),
    undefined,
  );
  expect(object.metadata.managedFields).toEqual([
    {
      manager: 'a',
      operation: 'Apply',
      apiVersion: 'apps/v1',
      time: at(1),
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:l': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"c"}': {
                  '.': {},
                  'f:args': {},
                  'f:image': {},
                  'f:name': {},
                  'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
                },
              },
            },
          },
        },
      },
    },
  ]);
  expect(extractApplied(object, 'Deployment', 'a')).toMatchObject({
    metadata: { name: 'web', labels: { l: '1' } },
    spec: { replicas: 2 },
  });
});

describe('conflicts', () => {
  const first = apply(web({ replicas: 2, paused: true }), undefined);
  test('another value is refused', () => {
    expect(() => apply(web({ replicas: 3 }), first, 'b')).toThrow(
      'Apply failed with 1 conflict: conflict with "a": .spec.replicas',
    );
    expect(() => apply(web({ replicas: 3, paused: false }), first, 'b')).toThrow(
      'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.paused\n- .spec.replicas',
    );
  });
  test('the same value is shared, force takes it over', () => {
    expect(apply(web({ replicas: 2 }), first, 'b').metadata.managedFields?.map((m) => m.manager)).toEqual(['a', 'b']);
    const forced = apply(web({ replicas: 3 }), first, 'b', true, 2);
    expect(forced.spec.replicas).toBe(3);
    expect(forced.metadata.managedFields?.[0]?.fieldsV1).toEqual({ 'f:spec': { 'f:paused': {} } });
  });
  test('with an updater, time and version are told', () => {
    const scaled = updateManagedFields({ ...first, spec: { ...first.spec, replicas: 5 } }, first, {
      type: 'Deployment',
      manager: 'kubectl-scale',
      time: at(3),
    });
    expect(() => apply(web({ replicas: 2, paused: true }), scaled, 'a')).toThrow(
      `Apply failed with 1 conflict: conflict with "kubectl-scale" using apps/v1 at ${at(3)}: .spec.replicas`,
    );
  });
});

describe('taking away', () => {
  test('fields and items that are no longer applied go; what others own stays', () => {
    const one = apply(
      web(
        { replicas: 2, ...containers({ name: 'c', image: 'i' }, { name: 'd', image: 'j' }) },
        { labels: { x: '1', y: '2' } },
      ),
      undefined,
    );
    const two = apply(web(containers({ name: 'd', env: [{ name: 'E', value: '1' }] })), one, 'b');
    const three = apply(web(containers({ name: 'e', image: 'k' }), { labels: { y: '2' } }), two, 'a', false, 2);
    expect(three.spec.replicas).toBeUndefined();
    expect(three.metadata.labels).toEqual({ y: '2' });
    expect(three.spec.template.spec?.containers).toEqual([
      { name: 'd', env: [{ name: 'E', value: '1' }] },
      { name: 'e', image: 'k' },
    ]);
  });
  test('fields nobody applied survive', () => {
    const one = apply(web({ replicas: 2 }), undefined);
    const defaulted = { ...one, spec: { ...one.spec, revisionHistoryLimit: 10 } };
    expect(apply(web({ replicas: 3 }), defaulted).spec).toEqual({ replicas: 3, revisionHistoryLimit: 10 });
  });
});

describe('other writes', () => {
  const created = updateManagedFields(web({ replicas: 1 }) as unknown as Deployment, undefined, {
    type: 'Deployment',
    manager: 'm',
    time: at(1),
  });
  test('a create owns what it set', () => {
    expect(created.metadata.managedFields?.[0]).toMatchObject({
      manager: 'm',
      operation: 'Update',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
  });
  test('nothing changes when nothing changes', () => {
    expect(updateManagedFields(created, created, { type: 'Deployment', manager: 'm', time: at(5) })).toEqual(created);
    const applied = apply(web({ replicas: 1 }), undefined);
    expect(apply(web({ replicas: 1 }), applied, 'a', false, 5)).toEqual(applied);
  });
  test('status is owned through its subresource', () => {
    const after = updateManagedFields({ ...created, status: { replicas: 1 } }, created, {
      type: 'Deployment',
      manager: 'kcm',
      time: at(2),
      subresource: 'status',
      resetFields: ['spec'],
    });
    expect(after.metadata.managedFields?.[1]).toMatchObject({
      manager: 'kcm',
      subresource: 'status',
      fieldsV1: { 'f:status': { '.': {}, 'f:replicas': {} } },
    });
  });
  test('at most ten updaters', () => {
    let object = created;
    for (let i = 2; i < 14; i++)
      object = updateManagedFields(
        {
          ...object,
          spec: { ...object.spec, replicas: i, [`minReadySeconds`]: i } as Deployment['spec'],
          metadata: { ...object.metadata, labels: { ...object.metadata.labels, [`l${i}`]: 'x' } },
        },
        object,
        { type: 'Deployment', manager: `m${i}`, time: `2026-11-21T09:00:${10 + i}Z` },
      );
    expect(object.metadata.managedFields?.length).toBe(10);
    expect(object.metadata.managedFields?.[0]?.manager).toBe('ancient-changes');
  });
  test('the first apply after a client without ownership sees what was there', () => {
    expect(() => apply(web({ replicas: 4 }), web({ replicas: 1 }) as unknown as Deployment)).toThrow(
      'conflict with "before-first-apply" using apps/v1',
    );
  });
});

test('sets obey the laws of sets', () => {
  const set = fc
    .array(fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}'), { minLength: 1, maxLength: 3 }), { maxLength: 6 })
    .map((paths) =>
      paths.reduce(
        (out, path) => out.union(path.reduceRight((child, key) => FieldSet.of(false, [[key, child]]), FieldSet.leaf)),
        FieldSet.none,
      ),
    );
  fc.assert(
    fc.property(set, set, (a, b) => {
      expect(FieldSet.fromJson(a.toJson()).equals(a)).toBe(true);
      expect(a.difference(b).union(a.intersection(b)).equals(a)).toBe(true);
      expect(a.difference(b).intersection(b).empty).toBe(true);
      expect(a.union(b).equals(b.union(a))).toBe(true);
    }),
  );
});
