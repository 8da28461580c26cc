import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTyped, parseDocument } from './decode.ts';
import { decodeRequest } from './decode-request.ts';
import { findField, findType, typeNames } from './schema/schema.ts';
import { parseYaml } from './yaml-text.ts';

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment', type: 'Deployment' };
const pod = { group: '', version: 'v1', kind: 'Pod', type: 'Pod' };
const decode = (text: string, expected = deployment, validation: 'Strict' | 'Warn' | 'Ignore' = 'Strict') =>
  decodeRequest(parseDocument(text, text.trimStart().startsWith('{') ? 'json' : 'yaml'), expected, validation);

test('the schema is whole', () => {
  expect(findField('Deployment', 'spec', 'template', 'spec', 'containers')?.patchMergeKey).toBe('name');
  expect(findField('PodSpec', 'volumes')?.patchStrategies).toEqual(['merge', 'retainKeys']);
  expect(findField('Container', 'ports')?.mapKeys).toEqual(['containerPort', 'protocol']);
  expect(findField('Container', 'imagePullPolicy')?.enum).toEqual(['Always', 'Never', 'IfNotPresent']);
  expect(findField('ResourceRequirements', 'limits')?.shape).toEqual({
    kind: 'map',
    values: { kind: 'scalar', scalar: 'quantity' },
  });
  expect(findType('LabelSelector')?.atomic).toBe(true);
  for (const name of typeNames()) for (const field of findType(name)?.fields ?? []) expect(field.shape).toBeDefined();
});

describe('wrong bodies get upstream messages', () => {
  test.each([
    [
      '{"spec":{"foo":1,"template":{"spec":{"containers":[{"name":"a","imagePull":"x"}]}}}}',
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo", unknown field "spec.template.spec.containers[0].imagePull"',
    ],
    [
      '{"spec":{"replicas":"3"}}',
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      '{"spec":{"replicas":1.5}}',
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      '{"metadata":{"labels":{"a":1}}}',
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      '{"spec":{"template":{"spec":{"containers":{"name":"a"}}}}}',
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      '{"spec":{"template":{"spec":{"containers":[{"imagePullPolicy":5}]}}}}',
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.imagePullPolicy of type v1.PullPolicy',
    ],
    [
      '{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}}}}',
      'Deployment in version "v1" cannot be handled as a Deployment: quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'',
    ],
    [
      '{"spec":{"replicas":1,"replicas":2}}',
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: duplicate field "spec.replicas"',
    ],
    [
      '{"apiVersion":"v1","kind":"Pod"}',
      'Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): unknown conversion',
    ],
    [
      '{"apiVersion":"apps/v1beta2","kind":"Deployment"}',
      'the API version in the data (apps/v1beta2) does not match the expected API version (apps/v1)',
    ],
    [
      '{"apiVersion":"apps/v7","kind":"Deployment"}',
      'Deployment in version "v7" cannot be handled as a Deployment: no kind "Deployment" is registered for version "apps/v7" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      '{"apiVersion":"apps/v1","kind":"Dployment"}',
      'Dployment in version "v1" cannot be handled as a Deployment: no kind "Dployment" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    [
      '{"a":1,}',
      "couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string",
    ],
    [
      '{"metadata": "x"}',
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field Deployment.metadata of type v1.ObjectMeta',
    ],
  ])('%s', (text, message) => expect(() => decode(text)).toThrow(message));
});

test('warn and ignore', () => {
  expect(decode('{"spec":{"foo":1}}', deployment, 'Warn').warnings).toEqual(['unknown field "spec.foo"']);
  expect(decode('{"spec":{"foo":1}}', deployment, 'Ignore').warnings).toEqual([]);
});

test('what the server stores: nulls and zero values go, empty structs and pointers stay', () => {
  const { object } = decode(
    '{"metadata":{"name":"a","labels":{},"annotations":null},"spec":{"hostNetwork":false,"terminationGracePeriodSeconds":0,"containers":[{"name":"c","args":[],"resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}',
    pod,
  );
  expect(object).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', resources: { limits: { cpu: '500m', memory: '1Gi' } } }],
    },
    status: {},
  });
});

test('yaml: numbers, booleans, duplicates, aliases', () => {
  expect(parseYaml('a: yes\nb: 0644\nc: 22:22\nd: 2020-01-01\ne: "x"\nf: on\ng: 1e3\n1: z')[0]?.value).toEqual({
    a: true,
    b: 420,
    c: '22:22',
    d: '2020-01-01',
    e: 'x',
    f: true,
    g: 1000,
    1: 'z',
  });
  expect(() => decode('spec:\n  replicas: 1\n  replicas: 2\n')).toThrow(
    'strict decoding error: yaml: unmarshal errors:\n  line 3: key "replicas" already set in map',
  );
  expect(parseYaml('a: 1\n---\n---\nb: 2\n').length).toBe(2);
  const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`).join('\n')}\n`;
  expect(() => parseYaml(bomb)).toThrow('yaml: document contains excessive aliasing');
  expect(() => parseYaml('a: [')).toThrow(/^yaml: line/);
});

test('no input reaches a prototype', () => {
  const { object } = decodeTyped<{ metadata: { labels: object } }>(
    'Pod',
    JSON.parse('{"__proto__":{"p":1},"constructor":1,"metadata":{"labels":{"__proto__":"x"}}}'),
  );
  expect(Object.keys(object.metadata.labels)).toEqual(['__proto__']);
  expect(({} as Record<string, unknown>)['p']).toBeUndefined();
  expect(Object.getPrototypeOf(parseYaml('__proto__: {p: 1}')[0]?.value)).toBe(Object.prototype);
});

test('depth is limited', () => {
  expect(() => parseDocument(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'json')).toThrow('exceeded max depth');
});

test('decoding any JSON ends in an object or a DecodeError, and decoding twice changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('Pod', 'Deployment', 'Service', 'ConfigMap'), (value, type) => {
      try {
        const once = decodeTyped(type, { metadata: value, spec: value, data: value }).object;
        expect(decodeTyped(type, once).object).toEqual(once);
      } catch (error) {
        expect((error as Error).constructor.name).toBe('DecodeError');
      }
    }),
  );
});
