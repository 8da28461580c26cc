import { describe, expect, test } from 'vitest';
import { fieldsIn, locate, objectsIn, pathSteps, yamlProblems } from './locate.ts';

const text = `# two objects
apiVersion: v1
kind: Service
metadata:
  name: web
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: Web!
spec:
  template:
    spec:
      containers:
        - name: server
          image: nginx
          resources:
            requests:
              cpu: lots
`;

test('objectsIn finds each object and where it stands', () => {
  expect(objectsIn(text).map(({ kind, index }) => [kind, index])).toEqual([
    ['Service', 0],
    ['Deployment', 1],
  ]);
  expect(objectsIn('just: text')).toEqual([]);
});

test('pathSteps reads field paths as the API server writes them', () => {
  expect(pathSteps('spec.containers[0].resources.requests[cpu]')).toEqual([
    'spec',
    'containers',
    0,
    'resources',
    'requests',
    'cpu',
  ]);
  expect(pathSteps('metadata.labels[app.kubernetes.io/name]')).toEqual([
    'metadata',
    'labels',
    'app.kubernetes.io/name',
  ]);
});

describe('locate', () => {
  const lineOf = (path: string, index = 1) => text.split('\n')[locate(text, index, path).line - 1]?.trim();
  test('finds fields, map keys and list items', () => {
    expect(lineOf('spec.template.spec.containers[0].image')).toBe('image: nginx');
    expect(lineOf('spec.template.spec.containers[0].resources.requests[cpu]')).toBe('cpu: lots');
    expect(lineOf('metadata.labels[app.kubernetes.io/name]')).toBe('app.kubernetes.io/name: Web!');
    expect(lineOf('metadata.name', 0)).toBe('name: web');
  });
  test('points at the nearest field above one that is missing', () => {
    expect(lineOf('spec.selector')).toBe('spec:');
    expect(lineOf('spec.template.spec.containers[3].image')).toBe('containers:');
  });
  test('survives a file that has no such document', () => {
    expect(locate('', 4, 'spec').line).toBe(1);
  });
});

test('yamlProblems tells line and reason', () => {
  const [problem] = yamlProblems('a: 1\nb: [1, 2\nc: 3\n');
  expect(problem?.line).toBeGreaterThan(1);
  expect(yamlProblems(text)).toEqual([]);
});

describe('fieldsIn', () => {
  test('strict decoding', () => {
    expect(
      fieldsIn(
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replica", unknown field "spec.foo"',
      ),
    ).toEqual([
      { path: 'spec.replica', message: 'unknown field "spec.replica"' },
      { path: 'spec.foo', message: 'unknown field "spec.foo"' },
    ]);
  });
  test('validation, one and several', () => {
    expect(
      fieldsIn(
        'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      ),
    ).toEqual([{ path: 'spec.replicas', message: 'Invalid value: -1: must be greater than or equal to 0' }]);
    expect(
      fieldsIn(
        'Pod "x" is invalid: [spec.containers[0].image: Required value, spec.containers[0].name: Invalid value: "A": a lowercase label]',
      ).map((field) => field.path),
    ).toEqual(['spec.containers[0].image', 'spec.containers[0].name']);
  });
  test('nothing to point at', () => {
    expect(fieldsIn('etcdserver: request timed out')).toEqual([]);
  });
});
