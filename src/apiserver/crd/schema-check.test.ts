import { describe, expect, test } from 'vitest';
import { path, renderError } from '../../api/field-error.ts';
import type { JSONSchemaProps } from '../../api/generated/types.ts';
import { schemaErrors } from './schema-check.ts';
import { formatOf } from './string-formats.ts';
import { validateSchema } from './structural.ts';

const spec = (properties: object, more: object = {}) =>
  ({ type: 'object', properties: { spec: { type: 'object', properties, ...more } } }) as unknown as JSONSchemaProps;
const found = (schema: JSONSchemaProps, value: unknown, old?: unknown) =>
  schemaErrors({ spec: value }, schema, path(), old === undefined ? undefined : { spec: old }).map(renderError);

describe('a value of the wrong type is named by what it is', () => {
  test.each<[object, unknown, string]>([
    [{ type: 'integer' }, 'x', 'Invalid value: "string": spec.a in body must be of type integer: "string"'],
    [{ type: 'string' }, 1, 'Invalid value: "integer": spec.a in body must be of type string: "integer"'],
    [{ type: 'integer' }, 1.5, 'Invalid value: "number": spec.a in body must be of type integer: "number"'],
    [{ type: 'string' }, null, 'Invalid value: "null": spec.a in body must be of type string: "null"'],
    [{ type: 'boolean' }, {}, 'Invalid value: "object": spec.a in body must be of type boolean: "object"'],
    [{ type: 'string' }, [], 'Invalid value: "array": spec.a in body must be of type string: "array"'],
    [
      { 'x-kubernetes-int-or-string': true },
      true,
      'Invalid value: "boolean": spec.a in body must be of type integer,string: "boolean"',
    ],
    [
      { type: 'integer', format: 'int32' },
      1.5,
      'Invalid value: "double": spec.a in body must be of type int32: "double"',
    ],
    [{ type: 'string', format: 'date-time' }, 'x', 'Invalid value: "x": spec.a in body must be of type date-time: "x"'],
  ])('%j holds %j', (schema, value, message) => {
    expect(found(spec({ a: schema }), { a: value })).toEqual([`spec.a: ${message}`]);
  });
  test('and its enum is looked at too', () => {
    expect(found(spec({ a: { type: 'string', enum: ['x'] } }), { a: 1 })).toEqual([
      'spec.a: Invalid value: "integer": spec.a in body must be of type string: "integer"',
      'spec.a: Unsupported value: 1: supported values: "x"',
    ]);
  });
  test('values of maps have dotted names', () => {
    expect(found(spec({ m: { type: 'object', additionalProperties: { type: 'string' } } }), { m: { k: 1 } })).toEqual([
      'spec.m.k: Invalid value: "integer": spec.m.k in body must be of type string: "integer"',
    ]);
  });
  test('a value at the base has no name', () => {
    const where = path('spec', 'default');
    expect(schemaErrors('x', { type: 'integer' } as JSONSchemaProps, where).map(renderError)).toEqual([
      'spec.default: Invalid value: "string":  in body must be of type integer: "string"',
    ]);
  });
});

describe('alternatives', () => {
  const both = { properties: { x: { type: 'integer' }, z: { type: 'integer' } }, type: 'object' };
  const one = spec({ oo: { ...both, oneOf: [{ required: ['x'] }, { required: ['z'] }] } });
  test('none of oneOf holds: the best is explained', () => {
    expect(found(one, { oo: {} })).toEqual([
      '<nil>: Invalid value: "": "spec.oo" must validate one and only one schema (oneOf). Found none valid',
      'spec.oo.x: Required value',
    ]);
  });
  test('several of oneOf hold', () => {
    expect(found(one, { oo: { x: 1, z: 1 } })).toEqual([
      '<nil>: Invalid value: "": "spec.oo" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ]);
  });
  test('anyOf, allOf, not', () => {
    const schema = spec({
      any: { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 2 }] },
      all: { type: 'integer', allOf: [{ minimum: 5 }, { maximum: 9 }] },
      not: { type: 'integer', not: { enum: [3] } },
    });
    expect(found(schema, { any: 4, all: 1, not: 3 })).toEqual([
      '<nil>: Invalid value: "": "spec.any" must validate at least one schema (anyOf)',
      'spec.any: Invalid value: 4: spec.any in body should be greater than or equal to 5',
      'spec.all: Invalid value: 1: spec.all in body should be greater than or equal to 5',
      '<nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf)',
      '<nil>: Invalid value: "": "spec.not" must not validate the schema (not)',
    ]);
    expect(found(schema, { any: 1, all: 6, not: 4 })).toEqual([]);
  });
});

test('of a string one thing is said, of a number everything, of an object its size alone', () => {
  const schema = spec({
    s: { type: 'string', minLength: 2, pattern: '^[a-z]+$' },
    n: { type: 'integer', minimum: 1, maximum: 10, multipleOf: 2 },
    f: { type: 'number', multipleOf: 0.1 },
    m: { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
    l: { type: 'array', maxItems: 1, items: { type: 'string' } },
  });
  expect(found(schema, { s: 'A', n: 11, f: 0.3, m: { a: 1, b: 2 }, l: [1, 'a'] })).toEqual([
    'spec.s: Invalid value: "A": spec.s in body should be at least 2 chars long',
    'spec.n: Invalid value: 11: spec.n in body should be a multiple of 2',
    'spec.n: Invalid value: 11: spec.n in body should be less than or equal to 10',
    'spec.m: Too many: 2: must have at most 1 item',
    'spec.l[0]: Invalid value: "integer": spec.l[0] in body must be of type string: "integer"',
    'spec.l: Too many: 2: must have at most 1 item',
  ]);
});

test('metadata that the schema speaks of is checked, and what was wrong before is let be', () => {
  const schema = {
    type: 'object',
    properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 3 } } } },
  } as unknown as JSONSchemaProps;
  const named = (name: string) => ({ apiVersion: 'v1', kind: 'K', metadata: { name } });
  expect(schemaErrors(named('long'), schema, path()).map(renderError)).toEqual([
    'metadata.name: Too long: may not be more than 3 bytes',
  ]);
  expect(schemaErrors({ ...named('long'), spec: 1 }, schema, path(), named('long'))).toEqual([]);
});

test('embedded objects and unique lists', () => {
  const schema = {
    type: 'object',
    properties: {
      emb: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      map: {
        type: 'array',
        items: { type: 'object', properties: { k: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
    },
  } as unknown as JSONSchemaProps;
  const value = {
    emb: { apiVersion: '', kind: 'A_b', metadata: { name: 'a/b', labels: { a: '?' } } },
    set: ['a', 'a', 'a'],
    map: [{ k: 'x' }, { k: 'x' }],
  };
  const errors = (given: unknown, old?: unknown) => validateSchema(given, schema, path(), old).map(renderError);
  expect(errors(value)).toEqual([
    'emb.apiVersion: Invalid value: "": must not be empty',
    expect.stringContaining(
      'emb.kind: Invalid value: "A_b": may have mixed case, but should otherwise match: a DNS-1035 label',
    ),
    `emb.metadata.name: Invalid value: "a/b": may not contain '/'`,
    expect.stringContaining('emb.metadata.labels'),
    'set[1]: Duplicate value: "a"',
    'map[1]: Duplicate value: {"k":"x"}',
  ]);
  expect(errors({ emb: {} })).toEqual(['emb.apiVersion: Required value', 'emb.kind: Required value']);
  expect(errors({ set: ['b', 'b'] }, { set: ['a', 'a'] })).toEqual([]);
});

test.each([
  ['date-time', '2026-11-22T00:00:00Z', '2026-11-22'],
  ['date', '2024-02-29', '2023-02-29'],
  ['duration', '1h30m', '1 fortnight'],
  ['duration', '22 ns', '1x'],
  ['ipv4', '10.0.0.1', '10.0.0.01'],
  ['ipv6', '2001:db8::1', '10.0.0.1'],
  ['cidr', '10.0.0.0/8', '10.0.0.0'],
  ['mac', '00:11:22:aa:bb:cc', '00:11:22'],
  ['mac', '0011.22aa.bbcc', '0011.22aa'],
  ['hostname', 'a-b.example.com', '-a.example.com'],
  ['uri', 'https://example.com/x', 'example.com'],
  ['email', 'a@b.c', 'a.b.c'],
  ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
  ['uuid4', '123e4567-e89b-42d3-a456-426614174000', '123e4567-e89b-12d3-a456-426614174000'],
  ['hexcolor', '#ffF', '#ff'],
  ['rgbcolor', 'rgb(1, 2, 255)', 'rgb(1,2,256)'],
  ['isbn', '978-0321751041', '978-0321751042'],
  ['isbn10', '0321751043', '0321751044'],
  ['creditcard', '4111 1111 1111 1111', '4111 1111 1111 1112'],
  ['byte', 'aGk=', 'aGk'],
  ['k8s-short-name', 'a-b', 'a.b'],
  ['k8s-long-name', 'a.b', 'a_b'],
])('format %s: %s, not %s', (name, good, bad) => {
  expect([formatOf(name)?.(good), formatOf(name)?.(bad)]).toEqual([true, false]);
});
