// What definitions may say, and what the CEL rules in them do.

import { beforeAll, describe, expect, test } from 'vitest';
import { crds, named, object, refused, until, withSpec } from './testing/definitions.ts';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});

describe('a definition is refused', () => {
  const at = 'spec.validation.openAPIV3Schema';
  const rule = (text: string, more: object = {}) =>
    withSpec(object({ replicas: { type: 'integer' } }, { 'x-kubernetes-validations': [{ rule: text, ...more }] }));
  test('with a name that is not plural.group', async () => {
    const definition = named('foos', 'Foo', object({}));
    definition.metadata.name = 'foo.example.com';
    expect(await refused(api, definition)).toBe(
      'CustomResourceDefinition.apiextensions.k8s.io "foo.example.com" is invalid: metadata.name: Invalid value: "foo.example.com": must be spec.names.plural+"."+spec.group',
    );
  });
  test('without a schema, or with two storage versions', async () => {
    const definition = named('foos', 'Foo', object({}));
    const [version] = definition.spec.versions;
    const { schema: _, ...bare } = version as { schema: object };
    expect(await refused(api, { ...definition, spec: { ...definition.spec, versions: [bare] } })).toContain(
      'spec.versions[0].schema.openAPIV3Schema: Required value',
    );
    const two = { ...definition.spec, versions: [version, { ...version, name: 'v2' }] };
    expect(await refused(api, { ...definition, spec: two })).toContain(
      'must have exactly one version marked as storage version',
    );
  });
  test('when its schema is not structural', async () => {
    const message = await refused(
      api,
      named(
        'foos',
        'Foo',
        withSpec({ properties: { a: { type: 'strin' }, l: { type: 'array' } }, anyOf: [{ type: 'object' }] }),
      ),
    );
    expect(message).toContain(
      `${at}.properties[spec].type: Required value: must not be empty for specified object fields`,
    );
    expect(message).toContain(`${at}.properties[spec].properties[l].items: Required value: must be specified`);
    expect(message).toContain(`${at}.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural`);
    expect(message).toContain(
      `${at}.properties[spec].properties[a].type: Unsupported value: "strin": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    );
  });
  test('when a default does not fit', async () => {
    const message = await refused(
      api,
      named('foos', 'Foo', withSpec(object({ n: { type: 'integer', default: 'x' } }))),
    );
    expect(message).toContain(
      `${at}.properties[spec].properties[n].default: Invalid value: "string":  in body must be of type integer: "string"`,
    );
  });
  test('when a rule does not compile', async () => {
    expect(await refused(api, named('foos', 'Foo', rule('self.replica <= 5')))).toBe(
      `CustomResourceDefinition.apiextensions.k8s.io "foos.example.com" is invalid: ${at}.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.replica \\u003c= 5","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'replica'\n | self.replica <= 5\n | ....^`,
    );
    expect(await refused(api, named('foos', 'Foo', rule('self.replicas')))).toContain(
      'cel expression must evaluate to a bool',
    );
    expect(await refused(api, named('foos', 'Foo', rule('true', { messageExpression: '1' })))).toContain(
      'messageExpression must evaluate to a string',
    );
    expect(await refused(api, named('foos', 'Foo', rule('true', { fieldPath: '.nope' })))).toContain(
      `x-kubernetes-validations[0].fieldPath: Invalid value: ".nope": must be a valid path`,
    );
    expect(await refused(api, named('foos', 'Foo', rule(' ')))).toContain(
      'rule: Required value: rule is not specified',
    );
  });
  test('when a rule may cost too much', async () => {
    const costly = withSpec(
      object({
        foo: {
          type: 'array',
          items: { type: 'string' },
          'x-kubernetes-validations': [{ rule: "self.all(x, self.all(y, x + y != 'b'))" }],
        },
      }),
    );
    const message = await refused(api, named('foos', 'Foo', costly));
    expect(message).toContain(
      `${at}.properties[spec].properties[foo].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
    );
  });
  test('when oldSelf has nothing to be compared with', async () => {
    const items = { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    expect(await refused(api, named('foos', 'Foo', withSpec({ type: 'array', maxItems: 10, items })))).toContain(
      `oldSelf cannot be used on the uncorrelatable portion of the schema within ${at}.properties[spec]`,
    );
  });
  test('when columns, subresources or selectable fields are wrong', async () => {
    const message = await refused(
      api,
      named('foos', 'Foo', withSpec(object({ list: { type: 'array', items: { type: 'string' } } })), {
        additionalPrinterColumns: [{ name: 'X', type: 'text', jsonPath: 'spec' }],
        subresources: { scale: { specReplicasPath: '.status.x', statusReplicasPath: '.status.x' } },
        selectableFields: [{ jsonPath: '.spec.list' }, { jsonPath: '.spec.nope' }],
      }),
    );
    expect(message).toContain(
      'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    );
    expect(message).toContain(
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
    );
    expect(message).toContain(
      'spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec',
    );
    expect(message).toContain('must point to a field of type string, boolean or integer.');
    expect(message).toContain(
      'spec.selectableFields[1].jsonPath: Invalid value: ".spec.nope": is an invalid path: does not refer to a valid field',
    );
  });
});

describe('rules', () => {
  const gauges = '/apis/example.com/v1/namespaces/default/gauges';
  const gauge = (name: string, spec: object, more: object = {}) => ({
    apiVersion: 'example.com/v1',
    kind: 'Gauge',
    metadata: { name, ...more },
    spec,
  });
  const merge = { 'content-type': 'application/merge-patch+json' };
  beforeAll(async () => {
    const spec = object(
      {
        min: { type: 'integer' },
        max: { type: 'integer' },
        color: {
          type: 'string',
          maxLength: 20,
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'color is immutable' }],
        },
        zone: {
          type: 'string',
          maxLength: 20,
          'x-kubernetes-validations': [
            {
              rule: '!oldSelf.hasValue() || self == oldSelf.value()',
              optionalOldSelf: true,
              reason: 'FieldValueForbidden',
              message: 'zone stays',
            },
          ],
        },
        size: {
          type: 'string',
          format: 'int-or-string',
          'x-kubernetes-validations': [{ rule: 'isQuantity(self)' }],
          maxLength: 20,
        },
        when: { type: 'string', format: 'date-time' },
        parts: {
          type: 'array',
          maxItems: 10,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: object(
            { name: { type: 'string', maxLength: 20 }, weight: { type: 'integer' } },
            {
              required: ['name'],
              'x-kubernetes-validations': [{ rule: 'self.weight >= oldSelf.weight', message: 'weight only grows' }],
            },
          ),
        },
        namespace: { type: 'string', maxLength: 20 },
      },
      {
        required: ['min', 'max'],
        'x-kubernetes-validations': [
          {
            rule: 'self.min <= self.max',
            messageExpression: "'min ' + string(self.min) + ' is above max'",
            fieldPath: '.min',
          },
          { rule: "!has(self.__namespace__) || self.__namespace__ != 'bad'" },
          { rule: "!has(self.when) || self.when > timestamp('2000-01-01T00:00:00Z')", message: 'too early' },
        ],
      },
    );
    const schema = object(
      { spec, status: object({ ready: { type: 'boolean' } }) },
      { 'x-kubernetes-validations': [{ rule: "self.metadata.name.startsWith('g')", message: 'names begin with g' }] },
    );
    const { code, body } = await api.call(
      'POST',
      crds,
      named('gauges', 'Gauge', schema, { subresources: { status: {} } }),
    );
    expect([code, body.message]).toEqual([201, undefined]);
    await until(api, gauges, true);
  });

  test('refuse what breaks them, with the message that they give', async () => {
    const { code, body } = await api.call(
      'POST',
      gauges,
      gauge('g1', { min: 5, max: 3, namespace: 'bad', when: '1999-01-01T00:00:00Z' }),
    );
    expect(code).toBe(422);
    expect(body.message).toBe(
      `Gauge.example.com "g1" is invalid: [spec.min: Invalid value: min 5 is above max, spec: Invalid value: failed rule: !has(self.__namespace__) || self.__namespace__ != 'bad', spec: Invalid value: too early]`,
    );
    const named = await api.call('POST', gauges, gauge('x1', { min: 1, max: 3 }));
    expect(named.body.message).toBe('Gauge.example.com "x1" is invalid: <nil>: Invalid value: names begin with g');
    const size = await api.call('POST', gauges, gauge('g1', { min: 1, max: 3, size: 'huge' }));
    expect(size.body.message).toBe(
      'Gauge.example.com "g1" is invalid: spec.size: Invalid value: "huge": failed rule: isQuantity(self)',
    );
  });

  test('are not run over what the schema already refuses', async () => {
    const { body } = await api.call('POST', gauges, gauge('g1', { max: 3 }));
    expect(body.message).toBe(
      'Gauge.example.com "g1" is invalid: [spec.min: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
  });

  test('about transitions look at the old object', async () => {
    const spec = { min: 1, max: 3, color: 'red', zone: 'a', parts: [{ name: 'a', weight: 2 }] };
    expect((await api.call('POST', gauges, gauge('g2', spec))).code).toBe(201);
    const recolor = await api.call('PATCH', `${gauges}/g2`, { spec: { color: 'blue' } }, merge);
    expect(recolor.body.message).toBe(
      'Gauge.example.com "g2" is invalid: spec.color: Invalid value: "blue": color is immutable',
    );
    const rezone = await api.call('PATCH', `${gauges}/g2`, { spec: { zone: 'b' } }, merge);
    expect(rezone.body.message).toBe('Gauge.example.com "g2" is invalid: spec.zone: Forbidden: zone stays');
    const lighter = await api.call(
      'PATCH',
      `${gauges}/g2`,
      {
        spec: {
          parts: [
            { name: 'b', weight: 1 },
            { name: 'a', weight: 1 },
          ],
        },
      },
      merge,
    );
    expect(lighter.body.message).toBe(
      'Gauge.example.com "g2" is invalid: spec.parts[1]: Invalid value: weight only grows',
    );
    expect((await api.call('PATCH', `${gauges}/g2`, { spec: { color: null } }, merge)).code).toBe(200);
  });

  test('that came later do not block what is not touched', async () => {
    const path = `${crds}/gauges.example.com`;
    const { body: crd } = await api.call('GET', path);
    crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.max['x-kubernetes-validations'] = [
      { rule: 'self < 3' },
    ];
    crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.min.minimum = 2;
    const put = await api.call('PUT', path, crd);
    expect([put.code, put.body.message]).toEqual([200, undefined]);
    for (let i = 0; i < 100; i++) {
      if ((await api.call('POST', gauges, gauge('g3', { min: 1, max: 1 }))).code === 422) break;
      await api.call('DELETE', `${gauges}/g3`);
    }
    const touched = await api.call('PATCH', `${gauges}/g2`, { metadata: { labels: { a: 'b' } } }, merge);
    expect(touched.code).toBe(200);
    expect(touched.headers.get('warning')).toContain('spec.max: Invalid value: 3: failed rule: self < 3');
    const changed = await api.call('PATCH', `${gauges}/g2`, { spec: { max: 4 } }, merge);
    expect(changed.body.message).toBe(
      'Gauge.example.com "g2" is invalid: spec.max: Invalid value: 4: failed rule: self < 3',
    );
  });
});
