import { expect, test } from 'vitest';
import { renderErrors } from '../field-error.ts';
import { validateCreate, validateUpdate } from './index.ts';

const metadata = { name: 'x', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };

test.each<[string, object, string]>([
  ['RuntimeClass', { handler: 'runsc' }, '[]'],
  [
    'RuntimeClass',
    { handler: 'Run_SC' },
    expect.stringMatching(/^handler: Invalid value: "Run_SC": a lowercase RFC 1123 label/),
  ],
])('%s %j', (type, object, message) => {
  expect(renderErrors(validateCreate(type, { metadata, ...object }, false))).toEqual(message);
});

test.each<[string, object]>([
  ['data is mandatory', { revision: 1 }],
  ['must be greater than or equal to 0', { revision: -1, data: {} }],
])('ControllerRevision: %s', (message, object) => {
  expect(
    renderErrors(validateCreate('ControllerRevision', { metadata: { ...metadata, namespace: 'n' }, ...object }, true)),
  ).toContain(message);
});

test.each<[string, object, object, string]>([
  ['RuntimeClass', { handler: 'a' }, { handler: 'b' }, 'handler: Invalid value: "b": field is immutable'],
  [
    'ControllerRevision',
    { revision: 1, data: { a: 1 } },
    { revision: 2, data: { a: 2 } },
    'data: Invalid value: {"a":2}: field is immutable',
  ],
])('what may not change of a %s', (type, before, after, message) => {
  const namespaced = type === 'ControllerRevision';
  const meta = namespaced ? { ...metadata, namespace: 'n' } : metadata;
  const old = { metadata: meta, ...before };
  expect(renderErrors(validateUpdate(type, { metadata: meta, ...after }, old, namespaced))).toEqual(message);
  expect(validateUpdate(type, structuredClone(old), old, namespaced)).toEqual([]);
});
