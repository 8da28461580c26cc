import { describe, expect, test } from 'vitest';
import { decodeTyped } from '../decode.ts';
import { setDefaults } from '../defaulting/index.ts';
import { renderErrors } from '../field-error.ts';
import { validateCreate, validateUpdate } from './index.ts';

const load = (type: string, value: object): { metadata: { name: string } } => {
  const { object } = decodeTyped<{ metadata: { name: string } }>(type, {
    metadata: { name: 'x', namespace: 'default' },
    ...value,
  });
  setDefaults(type, object);
  return object;
};
const errors = (type: string, value: object) => renderErrors(validateCreate(type, load(type, value), true));
const container = { name: 'c', image: 'nginx' };

describe('pods', () => {
  test.each<[object, string]>([
    [{ containers: [container] }, '[]'],
    [{}, 'spec.containers: Required value'],
    [
      { containers: [{ name: 'A b' }] },
      `[spec.containers[0].name: Invalid value: "A b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.containers[0].image: Required value]`,
    ],
    [{ containers: [container, container] }, 'spec.containers[1].name: Duplicate value: "c"'],
    [
      { containers: [{ ...container, imagePullPolicy: 'Sometimes' }] },
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
    [
      { containers: [{ ...container, ports: [{ containerPort: 70000 }] }] },
      'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      { containers: [{ ...container, resources: { limits: { cpu: '500m' }, requests: { cpu: '1' } } }] },
      'spec.containers[0].resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m',
    ],
    [
      { containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      { containers: [{ ...container, livenessProbe: {} }] },
      'spec.containers[0].livenessProbe: Required value: must specify a handler type',
    ],
    [
      { containers: [container], restartPolicy: 'Maybe' },
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      { containers: [container], volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      { containers: [{ ...container, env: [{ name: 'A', valueFrom: {} }] }] },
      'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    ],
    [
      { containers: [container], tolerations: [{ operator: 'Equal' }] },
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ])('%j', (spec, message) => expect(errors('Pod', { spec })).toBe(message));

  test('updates', () => {
    const old = load('Pod', { spec: { containers: [container] } });
    const update = (spec: object) => renderErrors(validateUpdate('Pod', load('Pod', { spec }), old, true));
    expect(update({ containers: [{ ...container, image: 'nginx:2', imagePullPolicy: 'Always' }] })).toBe('[]');
    expect(update({ containers: [{ ...container, command: ['x'] }] })).toContain(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,',
    );
    expect(update({ containers: [container, { ...container, name: 'd' }] })).toBe(
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    );
  });
});

test('metadata', () => {
  expect(errors('ConfigMap', { metadata: { namespace: 'default' } })).toBe(
    'metadata.name: Required value: name or generateName is required',
  );
  expect(errors('ConfigMap', { metadata: { name: 'A', namespace: 'default' } })).toContain(
    'metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of',
  );
  expect(errors('ConfigMap', { metadata: { name: 'a', namespace: 'default', labels: { k: '-' } } })).toContain(
    'metadata.labels: Invalid value: "-": a valid label must be',
  );
  expect(errors('ConfigMap', { metadata: { name: 'a', namespace: 'default', finalizers: ['x'] } })).toBe(
    'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  );
});

describe('cluster', () => {
  test.each<[string, object, string]>([
    ['Service', { spec: {} }, 'spec.ports: Required value'],
    [
      'Service',
      { spec: { ports: [{ port: 80 }, { port: 81 }] } },
      '[spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    ],
    [
      'Service',
      { spec: { type: 'Magic', ports: [{ port: 80 }] } },
      'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    [
      'ConfigMap',
      { data: { 'a/b': '' } },
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
    [
      'PersistentVolumeClaim',
      { spec: {} },
      '[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]',
    ],
    ['Ingress', { spec: {} }, 'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    [
      'Role',
      { rules: [{}] },
      '[rules[0].verbs: Required value: verbs must contain at least one value, rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]',
    ],
  ])('%s %j', (type, value, message) =>
    expect(errors(type, { ...value, ...(type === 'Role' ? { kind: 'Role' } : {}) })).toBe(message),
  );
  test('what may not change', () => {
    const old = load('ConfigMap', { data: { a: '1' }, immutable: true });
    expect(
      renderErrors(validateUpdate('ConfigMap', load('ConfigMap', { data: { a: '2' }, immutable: true }), old, true)),
    ).toBe('data: Forbidden: field is immutable when `immutable` is set');
  });
});
