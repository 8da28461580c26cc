import { describe, expect, test } from 'vitest';
import type { ConfigMap, ManagedFieldsEntry } from '../generated/types.ts';
import { applyConfiguration, managedFieldsProblem, updateManagedFields } from './index.ts';

type Map = ConfigMap & { apiVersion: string; kind: string; metadata: NonNullable<ConfigMap['metadata']> };
const at = (second: number) => `2026-11-22T09:00:${String(second).padStart(2, '0')}Z`;
const map = (data: Record<string, string>, metadata: object = {}): Map => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'm', ...metadata },
  data,
});
const write = (manager: string, second = 1, subresource = '') => ({
  type: 'ConfigMap',
  manager,
  time: at(second),
  subresource,
});
const update = (object: Map, old: Map | undefined, manager: string, second = 1, subresource = '') =>
  updateManagedFields(object, old, write(manager, second, subresource));
const apply = (config: Map, live: Map | undefined, manager: string, second = 1, force = false) =>
  applyConfiguration(config, live, { ...write(manager, second), force });
const names = ({ metadata }: Map) => (metadata.managedFields ?? []).map(({ manager }) => manager);
const entry: ManagedFieldsEntry = { manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' };

describe('who is not tracked', () => {
  const made = update(map({ a: '1' }), undefined, 'maker');
  test.each([[[]], [[{}]]])('a reset by %j forgets all, and updates after it track nothing', (managedFields) => {
    const reset = update(map({ a: '1' }, { managedFields }), made, 'other');
    expect(reset.metadata.managedFields).toBeUndefined();
    expect(update(map({ a: '2' }), reset, 'other').metadata.managedFields).toBeUndefined();
  });
  test('is tracked again from the first apply on', () => {
    const live = map({ a: '1' }, { uid: 'u' });
    expect(() => apply(map({ a: '2' }), live, 'me')).toThrow('conflict with "before-first-apply" using v1');
    expect(names(apply(map({ a: '2' }), live, 'me', 1, true))).toEqual(['me', 'before-first-apply']);
  });
});

describe('entries that come with a write', () => {
  const made = update(map({ a: '1' }), undefined, 'maker');
  test.each<[Partial<ManagedFieldsEntry>, string | undefined]>([
    [{}, undefined],
    [{ operation: 'Patch' }, 'operation must be `Apply` or `Update`'],
    [{ apiVersion: '' }, 'apiVersion must not be empty'],
    [{ fieldsType: '' }, 'missing fieldsType in managed fields entry 0'],
    [{ fieldsType: 'V2' }, 'invalid fieldsType "V2" in managed fields entry 0'],
  ])('%j: %s', (change, problem) => expect(managedFieldsProblem([{ ...entry, ...change }])).toBe(problem));
  test('those that cannot be read do not count', () => {
    const managedFields = [{ ...entry, operation: 'Patch' }];
    expect(names(update(map({ a: '1' }, { managedFields }), made, 'other'))).toEqual(['maker']);
  });
  test('nor do those of a subresource', () => {
    const managedFields = [{ ...entry, fieldsV1: { 'f:data': {} } }];
    expect(names(update(map({ a: '1' }, { managedFields }), made, 'other'))).toEqual(['x']);
    expect(names(update(map({ a: '1' }, { managedFields }), made, 'other', 1, 'status'))).toEqual(['maker']);
  });
});

test('applies come first, then the older', () => {
  let live = apply(map({ z: '1' }), undefined, 'late', 9);
  live = apply(map({ y: '1' }), live, 'zeal', 5);
  live = update({ ...live, data: { ...live.data, x: '1' } }, live, 'b', 2);
  live = update({ ...live, data: { ...live.data, w: '1' } }, live, 'a', 3);
  expect(names(live)).toEqual(['zeal', 'late', 'b', 'a']);
});

test('beyond ten who update, the oldest are one', () => {
  let live = update(map({ d0: '0' }), undefined, 'm0', 0);
  for (let i = 1; i <= 12; i++) {
    const next = map({ ...live.data, [`d${i}`]: '1' }, { managedFields: live.metadata.managedFields });
    live = update(next, live, `m${i}`, i, i % 2 ? 'status' : '');
  }
  expect(names(live)).toHaveLength(10);
  expect(live.metadata.managedFields?.[0]).toMatchObject({ manager: 'ancient-changes', apiVersion: 'v1' });
  expect(live.metadata.managedFields?.[0]?.fieldsV1).toEqual({
    'f:data': { '.': {}, 'f:d0': {}, 'f:d1': {}, 'f:d2': {}, 'f:d3': {} },
  });
});

describe('from client-side to server-side apply with kubectl', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const last = JSON.stringify({ ...map({ a: '1', b: '1' }), metadata: { name: 'm', annotations: {} } });
  const live = update(map({ a: '1', b: '2' }, { annotations: { [annotation]: last } }), undefined, 'client');

  test('what was applied and not changed since may be changed; the annotation follows', () => {
    const next = apply(map({ a: '9' }, { labels: { z: '1', y: '1' } }), live, 'kubectl');
    expect(next.data).toEqual({ a: '9', b: '2' });
    expect(next.metadata.annotations?.[annotation]).toBe(
      '{"apiVersion":"v1","data":{"a":"9"},"kind":"ConfigMap","metadata":{"labels":{"y":"1","z":"1"},"name":"m"}}\n',
    );
  });
  test('what was changed since is a conflict', () => {
    expect(() => apply(map({ a: '9', b: '9' }), live, 'kubectl')).toThrow(
      `Apply failed with 1 conflict: conflict with "client" using v1 at ${at(1)}: .data.b`,
    );
  });
  test('as is everything for other managers', () => {
    expect(() => apply(map({ a: '9' }), live, 'me')).toThrow('Apply failed with 1 conflict');
    expect(apply(map({ a: '9' }), live, 'me', 1, true).metadata.annotations?.[annotation]).toBe(last);
  });
});
