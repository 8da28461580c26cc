import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from './testing/harness.ts';

let api: Harness;
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const crons = '/apis/stable.example.com/v1/namespaces/default/crontabs';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' }],
        selectableFields: [{ jsonPath: '.spec.image' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['cronSpec'],
                properties: {
                  cronSpec: { type: 'string', pattern: '^(\\S+ ){4}\\S+$' },
                  image: { type: 'string' },
                  replicas: { type: 'integer', minimum: 1, maximum: 10, default: 1 },
                },
              },
              status: { type: 'object', properties: { replicas: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};

const cron = (name: string, spec: object) => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'CronTab',
  metadata: { name },
  spec,
});

/** Waits until `path` is served (or, with false, is not). */
async function until(path: string, served: boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (((await api.call('GET', path)).code === 200) === served) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${path} is ${served ? 'not ' : ''}served`);
}

beforeAll(async () => {
  api = await startHarness();
  const { code } = await api.call('POST', crds, definition);
  expect(code).toBe(201);
  await until(crons, true);
});

describe('a custom resource', () => {
  test('is discovered', async () => {
    const { body } = await api.call('GET', '/apis/stable.example.com/v1');
    expect(body.resources.map(({ name }: { name: string }) => name)).toEqual([
      'crontabs',
      'crontabs/status',
      'crontabs/scale',
    ]);
    const { body: crd } = await api.call('GET', `${crds}/crontabs.stable.example.com`);
    expect(crd.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'True' },
      { type: 'Established', status: 'True' },
    ]);
  });

  test('is defaulted and pruned', async () => {
    const { code, body, headers } = await api.call(
      'POST',
      crons,
      cron('first', { cronSpec: '* * * * */5', image: 'a', extra: 1 }),
    );
    expect(code).toBe(201);
    expect(body.spec).toEqual({ cronSpec: '* * * * */5', image: 'a', replicas: 1 });
    expect(headers.get('warning')).toBe('299 - "unknown field \\"spec.extra\\""');
  });

  test('is validated by its schema', async () => {
    const { code, body } = await api.call('POST', crons, cron('bad', { cronSpec: '* * *', replicas: 50 }));
    expect(code).toBe(422);
    expect(body.message).toContain(
      `spec.cronSpec: Invalid value: "* * *": spec.cronSpec in body should match '^(\\S+ ){4}\\S+$'`,
    );
    expect(body.message).toContain(
      'spec.replicas: Invalid value: 50: spec.replicas in body should be less than or equal to 10',
    );
  });

  test('has its columns, its scale and its selectable fields', async () => {
    const table = await api.call('GET', crons, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Spec']);
    const merge = { 'content-type': 'application/merge-patch+json' };
    const scaled = await api.call('PATCH', `${crons}/first/scale`, { spec: { replicas: 3 } }, merge);
    expect(scaled.body.spec.replicas).toBe(3);
    const found = await api.call('GET', `${crons}?fieldSelector=spec.image%3Da`);
    expect(found.body.items).toHaveLength(1);
    const { code, body } = await api.call('GET', `${crons}?fieldSelector=spec.cronSpec%3Da`);
    expect([code, body.message]).toEqual([400, 'field label not supported: spec.cronSpec']);
  });

  test('goes with its definition, and while that goes none is made', async () => {
    const merge = { 'content-type': 'application/merge-patch+json' };
    await api.call('PATCH', `${crons}/first`, { metadata: { finalizers: ['example.com/hold'] } }, merge);
    await api.call('DELETE', `${crds}/crontabs.stable.example.com`);
    const late = async () =>
      api.call('POST', `${crons}?dryRun=All`, cron('late', { cronSpec: '* * * * */5', image: 'a' }));
    for (let i = 0; i < 200 && (await late()).code === 201; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await late()).body).toMatchObject({
      code: 405,
      reason: 'MethodNotAllowed',
      message: 'create not allowed while custom resource definition is terminating',
      details: { group: 'stable.example.com', kind: 'crontabs' },
    });
    await api.call('PATCH', `${crons}/first`, { metadata: { finalizers: null } }, merge);
    await until(crons, false);
  });
});

const named = (plural: string, kind: string, schema: object, more: object = {}, names: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, kind, ...names },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }],
  },
});
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const withSpec = (spec: object) => object({ spec });

async function refused(definition: object): Promise<string> {
  const { code, body } = await api.call('POST', crds, definition);
  expect(code).toBe(422);
  return body.message;
}

describe('a definition is refused', () => {
  const at = 'spec.validation.openAPIV3Schema';
  const rule = (text: string, more: object = {}) =>
    withSpec(object({ replicas: { type: 'integer' } }, { 'x-kubernetes-validations': [{ rule: text, ...more }] }));
  test('with a name that is not plural.group', async () => {
    const definition = named('foos', 'Foo', object({}));
    definition.metadata.name = 'foo.example.com';
    expect(await refused(definition)).toBe(
      'CustomResourceDefinition.apiextensions.k8s.io "foo.example.com" is invalid: metadata.name: Invalid value: "foo.example.com": must be spec.names.plural+"."+spec.group',
    );
  });
  test('without a schema, or with two storage versions', async () => {
    const definition = named('foos', 'Foo', object({}));
    const [version] = definition.spec.versions;
    const { schema: _, ...bare } = version as { schema: object };
    expect(await refused({ ...definition, spec: { ...definition.spec, versions: [bare] } })).toContain(
      'spec.versions[0].schema.openAPIV3Schema: Required value',
    );
    const two = { ...definition.spec, versions: [version, { ...version, name: 'v2' }] };
    expect(await refused({ ...definition, spec: two })).toContain(
      'must have exactly one version marked as storage version',
    );
  });
  test('when its schema is not structural', async () => {
    const message = await refused(
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
    const message = await refused(named('foos', 'Foo', withSpec(object({ n: { type: 'integer', default: 'x' } }))));
    expect(message).toContain(
      `${at}.properties[spec].properties[n].default: Invalid value: "string":  in body must be of type integer: "string"`,
    );
  });
  test('when a rule does not compile', async () => {
    expect(await refused(named('foos', 'Foo', rule('self.replica <= 5')))).toBe(
      `CustomResourceDefinition.apiextensions.k8s.io "foos.example.com" is invalid: ${at}.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.replica \\u003c= 5","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'replica'\n | self.replica <= 5\n | ....^`,
    );
    expect(await refused(named('foos', 'Foo', rule('self.replicas')))).toContain(
      'cel expression must evaluate to a bool',
    );
    expect(await refused(named('foos', 'Foo', rule('true', { messageExpression: '1' })))).toContain(
      'messageExpression must evaluate to a string',
    );
    expect(await refused(named('foos', 'Foo', rule('true', { fieldPath: '.nope' })))).toContain(
      `x-kubernetes-validations[0].fieldPath: Invalid value: ".nope": must be a valid path`,
    );
    expect(await refused(named('foos', 'Foo', rule(' ')))).toContain('rule: Required value: rule is not specified');
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
    const message = await refused(named('foos', 'Foo', costly));
    expect(message).toContain(
      `${at}.properties[spec].properties[foo].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
    );
  });
  test('when oldSelf has nothing to be compared with', async () => {
    const items = { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    expect(await refused(named('foos', 'Foo', withSpec({ type: 'array', maxItems: 10, items })))).toContain(
      `oldSelf cannot be used on the uncorrelatable portion of the schema within ${at}.properties[spec]`,
    );
  });
  test('when columns, subresources or selectable fields are wrong', async () => {
    const message = await refused(
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
    await until(gauges, true);
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

describe('names', () => {
  test('are given to who came first', async () => {
    const schema = object({});
    await api.call('POST', crds, named('apples', 'Apple', schema, {}, { shortNames: ['ap'] }));
    await until('/apis/example.com/v1/namespaces/default/apples', true);
    await api.call('POST', crds, named('appels', 'Apple', schema));
    await api.call('POST', crds, named('apes', 'Ape', schema, {}, { shortNames: ['ap'] }));
    const condition = async (name: string, type: string) => {
      for (let i = 0; i < 100; i++) {
        const { body } = await api.call('GET', `${crds}/${name}.example.com`);
        const found = body.status?.conditions?.find((each: { type: string }) => each.type === type);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    expect(await condition('appels', 'NamesAccepted')).toMatchObject({
      status: 'False',
      reason: 'ListKindConflict',
      message: '"AppleList" is already in use',
    });
    expect(await condition('appels', 'Established')).toMatchObject({ status: 'False', reason: 'NotAccepted' });
    expect(await condition('apes', 'NamesAccepted')).toMatchObject({
      status: 'False',
      reason: 'ShortNamesConflict',
      message: '"ap" is already in use',
    });
    await until('/apis/example.com/v1/namespaces/default/appels', false);
    // Names are free again when their owner goes.
    await api.call('DELETE', `${crds}/apples.example.com`);
    await until('/apis/example.com/v1/namespaces/default/appels', true);
  });

  test('do not change once established', async () => {
    const path = `${crds}/appels.example.com`;
    const { body } = await api.call('GET', path);
    const changed = await api.call('PUT', path, { ...body, spec: { ...body.spec, scope: 'Cluster' } });
    expect(changed.body.message).toContain('spec.scope: Invalid value: "Cluster": field is immutable');
  });
});

describe('versions', () => {
  test('share their objects, warn when they are deprecated, and remember which were stored', async () => {
    const definition = named('shares', 'Share', withSpec(object({ a: { type: 'string' } })));
    const [first] = definition.spec.versions as unknown as [Record<string, unknown>];
    const spec = {
      ...definition.spec,
      versions: [
        { ...first, name: 'v2' },
        { ...first, name: 'v1', storage: false, deprecated: true },
      ],
    };
    expect((await api.call('POST', crds, { ...definition, spec })).code).toBe(201);
    const v1 = '/apis/example.com/v1/namespaces/default/shares';
    const v2 = v1.replace('v1', 'v2');
    await until(v2, true);
    await api.call('POST', v1, {
      apiVersion: 'example.com/v1',
      kind: 'Share',
      metadata: { name: 's' },
      spec: { a: 'x' },
    });
    const old = await api.call('GET', `${v1}/s`);
    expect(old.headers.get('warning')).toBe('299 - "example.com/v1 Share is deprecated"');
    expect(old.body.apiVersion).toBe('example.com/v1');
    expect((await api.call('GET', `${v2}/s`)).body).toMatchObject({ apiVersion: 'example.com/v2', spec: { a: 'x' } });
    const path = `${crds}/shares.example.com`;
    const { body } = await api.call('GET', path);
    expect(body.status.storedVersions).toEqual(['v2']);
    const gone = await api.call('PUT', path, {
      ...body,
      spec: { ...body.spec, versions: [{ ...first, name: 'v3' }] },
    });
    expect(gone.body.message).toContain(
      'status.storedVersions[0]: Invalid value: "v2": missing from spec.versions; v2 was previously a storage version',
    );
  });
});

describe('strict validation', () => {
  test('names unknown fields, also of metadata and of embedded objects', async () => {
    const template = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    };
    await api.call('POST', crds, named('holders', 'Holder', withSpec(object({ template, n: { type: 'integer' } }))));
    const holders = '/apis/example.com/v1/namespaces/default/holders';
    await until(holders, true);
    const holder = (name: string) =>
      JSON.stringify({
        apiVersion: 'example.com/v1',
        kind: 'Holder',
        metadata: { name, unknownMeta: 1 },
        spec: {
          n: 1,
          extra: true,
          template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', unknownSub: 1 }, data: { a: 'b' } },
        },
      }).replace('"n":1', '"n":1,"n":2');
    const strict = await api.call('POST', `${holders}?fieldValidation=Strict`, holder('h1'));
    expect([strict.code, strict.body.message]).toEqual([
      400,
      'Holder in version "v1" cannot be handled as a Holder: strict decoding error: duplicate field "spec.n", unknown field "metadata.unknownMeta", unknown field "spec.template.metadata.unknownSub", unknown field "spec.extra"',
    ]);
    const lax = await api.call('POST', `${holders}?fieldValidation=Ignore`, holder('h1'));
    expect(lax.code).toBe(201);
    expect(lax.body.spec).toEqual({
      n: 2,
      template: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: expect.objectContaining({ name: 'x' }),
        data: { a: 'b' },
      },
    });
    const wrong = await api.call('POST', holders, {
      apiVersion: 'example.com/v1',
      kind: 'Holder',
      metadata: { name: 'h2', labels: 'x' },
    });
    expect(wrong.code).toBe(400);
  });
});

test('server-side apply knows lists by their keys', async () => {
  const item = object({ name: { type: 'string' }, weight: { type: 'integer' } }, { required: ['name'] });
  const parts = { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
  await api.call(
    'POST',
    crds,
    named('stacks', 'Stack', withSpec(object({ parts, plain: { type: 'array', items: { type: 'string' } } }))),
  );
  const stacks = '/apis/example.com/v1/namespaces/default/stacks';
  await until(stacks, true);
  const apply = (manager: string, spec: object) =>
    api.call(
      'PATCH',
      `${stacks}/s?fieldManager=${manager}`,
      { apiVersion: 'example.com/v1', kind: 'Stack', metadata: { name: 's' }, spec },
      { 'content-type': 'application/apply-patch+yaml' },
    );
  expect((await apply('one', { parts: [{ name: 'a', weight: 1 }] })).code).toBe(201);
  const both = await apply('two', { parts: [{ name: 'b', weight: 2 }] });
  expect(both.body.spec.parts).toEqual([
    { name: 'a', weight: 1 },
    { name: 'b', weight: 2 },
  ]);
  expect(both.body.metadata.managedFields[0].fieldsV1['f:spec']['f:parts']).toHaveProperty([
    'k:{"name":"a"}',
    'f:weight',
  ]);
  const conflict = await apply('two', { parts: [{ name: 'a', weight: 5 }] });
  expect([conflict.code, conflict.body.message]).toEqual([
    409,
    'Apply failed with 1 conflict: conflict with "one": .spec.parts[name="a"].weight',
  ]);
  const gone = await apply('one', { parts: [] });
  expect(gone.body.spec.parts).toEqual([{ name: 'b', weight: 2 }]);
});
