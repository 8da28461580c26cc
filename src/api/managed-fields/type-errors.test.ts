import { expect, test } from 'vitest';
import type { JSONSchemaProps } from '../generated/types.ts';
import { typeErrors, viewFor } from './index.ts';

const container = { name: 'c', image: 'i' };
const deployment = (spec: object, metadata: object = { name: 'd' }) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec,
});
const pods = (...containers: unknown[]) => ({ template: { spec: { containers } } });
const list = '.spec.template.spec.containers';

test.each<[string, unknown, string[]]>([
  ['what fits', deployment({ replicas: 2, ...pods({ ...container, ports: [{ containerPort: 80 }] }) }), []],
  ['nulls fit everywhere', deployment({ replicas: null, template: null }, { name: 'd', labels: null }), []],
  ['a field that is not there', deployment({ replica: 1 }), ['.spec.replica: field not declared in schema']],
  ['one of metadata', deployment({}, { name: 'd', label: {} }), ['.metadata.label: field not declared in schema']],
  ['text for a number', deployment({ replicas: 'x' }), ['.spec.replicas: expected numeric (int or float), got string']],
  [
    'a number for text',
    deployment({}, { name: 'd', labels: { a: 1 } }),
    ['.metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}'],
  ],
  [
    'a list for text',
    deployment({}, { name: ['d'] }),
    ['.metadata.name: expected string, got &value.valueUnstructured{Value:[]interface {}{"d"}}'],
  ],
  ['text for a boolean', deployment({ paused: 'yes' }), ['.spec.paused: expected boolean, got &{yes}']],
  ['text for an object', deployment({ selector: 'x' }), ['.spec.selector: expected map, got &{x}']],
  [
    'an object for a list',
    deployment({ template: { spec: { containers: { a: 1 } } } }),
    [`${list}: expected list, got &{map[a:1]}`],
  ],
  [
    'an object for a quantity',
    deployment(pods({ ...container, resources: { limits: { cpu: {}, memory: 1 } } })),
    [`${list}[name="c"].resources.limits.cpu: expected any scalar, got &{map[]}`],
  ],
  ['an item twice', deployment(pods(container, container)), [`${list}: duplicate entries for key [name="c"]`]],
  [
    'a port twice, by its default',
    deployment(pods({ ...container, ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] })),
    [`${list}[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]`],
  ],
  [
    'an item without its key',
    deployment(pods({ image: 'i' })),
    [
      `${list}: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
    ],
  ],
  [
    'items that are no objects',
    deployment(pods(null, 'c')),
    [
      `${list}: element 0: associative list with keys may not have a null element`,
      `${list}: element 1: associative list with keys may not have non-map elements`,
    ],
  ],
  [
    'a finalizer twice, and one that is none',
    deployment({}, { name: 'd', finalizers: ['a/b', 'a/b', {}] }),
    [
      '.metadata.finalizers: duplicate entries for key [="a/b"]',
      ".metadata.finalizers: element 2: associative list without keys has an element that's a map type",
    ],
  ],
  [
    'an item of an atomic list',
    deployment(pods({ ...container, args: ['a', 1] })),
    [`${list}[name="c"].args[1]: expected string, got &value.valueUnstructured{Value:1}`],
  ],
])('%s', (_, value, errors) => expect(typeErrors(viewFor({ type: 'Deployment' }), value)).toEqual(errors));

test('a custom resource, by its schema', () => {
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          size: { type: 'integer' },
          port: { 'x-kubernetes-int-or-string': true },
          tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  };
  const errors = (spec: object) =>
    typeErrors(viewFor({ type: '', schema }), { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'a' }, spec });
  expect(errors({ size: 1, port: 'http', tags: ['a'], labels: { x: 'y' }, free: { any: [1] } })).toEqual([]);
  expect(errors({ sise: 1 })).toEqual(['.spec.sise: field not declared in schema']);
  expect(errors({ size: '1', port: [], tags: ['a', 'a'], labels: { x: 1 } })).toEqual([
    '.spec.size: expected numeric (int or float), got string',
    '.spec.port: expected any scalar, got &{[]}',
    '.spec.tags: duplicate entries for key [="a"]',
    '.spec.labels.x: expected string, got &value.valueUnstructured{Value:1}',
  ]);
});
