import { describe, expect, test } from 'vitest';
import type { JSONSchemaProps } from '../../../api/generated/types.ts';
import { configurationProblem } from './configuration-check.ts';

const string = { type: 'string' };
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        set: { type: 'array', items: string, 'x-kubernetes-list-type': 'set' },
        whole: { type: 'object', properties: { a: string }, 'x-kubernetes-map-type': 'atomic' },
        plain: { type: 'array', items: string },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { a: string } } },
        ports: {
          type: 'array',
          items: { type: 'object', properties: { name: string } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
      },
    },
  },
} as unknown as JSONSchemaProps;
const problem = (spec: object, metadata: object = {}) =>
  configurationProblem({ type: '', schema }, { apiVersion: 'x/v1', kind: 'X', metadata, spec });
const undeclared = 'error applying patch: failed to convert patch object to typed object: ';
const atomic = 'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ';

describe('a configuration of a custom resource', () => {
  test('may set fields, sets, maps and items by key', () => {
    const spec = { set: ['a'], open: { b: [1] }, map: { any: { a: 'x' } }, ports: [{ name: 'http' }] };
    expect(problem(spec, { labels: { a: 'b' }, finalizers: ['f'] })).toBeUndefined();
  });

  test('may not set what can only be set as a whole', () => {
    expect(problem({ whole: { a: 'x' }, plain: ['y'] })).toBe(`${atomic}.spec.whole, .spec.plain`);
  });

  test('may not set what is not declared, at any depth', () => {
    expect(problem({ hat: 1 })).toBe(`${undeclared}.spec.hat: field not declared in schema`);
    expect(problem({ map: { any: { b: 'x' } }, ports: [{ name: 'http', size: 1 }] }, { label: {} })).toBe(
      `${undeclared}errors:
  .metadata.label: field not declared in schema
  .spec.map.any.b: field not declared in schema
  .spec.ports[name="http"].size: field not declared in schema`,
    );
  });

  test('is not checked where there is no schema', () => {
    expect(configurationProblem({ type: '' }, { spec: { a: [1] } })).toBeUndefined();
  });
});
