import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeRequest } from './decode-request.ts';
import { setDefaults } from './defaulting/index.ts';
import { renderErrors } from './field-error.ts';
import { applyConfiguration, type ManagedObject, updateManagedFields } from './managed-fields/index.ts';
import { findKind } from './resources.ts';
import { columnsFor } from './tables/index.ts';
import { validateCreate, validateUpdate } from './validation/index.ts';
import { parseYaml, toYaml } from './yaml-text.ts';

const directory = 'test/corpus/manifests';
const documents = readdirSync(directory).flatMap((file) =>
  parseYaml(readFileSync(join(directory, file), 'utf8')).map((document): [string, ManagedObject] => {
    const value = document.value as ManagedObject;
    return [`${file}: ${value.kind}`, value];
  }),
);

test.each(documents)('%s passes every station of the API', (_name, value) => {
  const resource = findKind(value.apiVersion, value.kind);
  if (!resource) throw new Error('no such kind');
  const given = { ...value, metadata: { ...value.metadata, ...(resource.namespaced ? { namespace: 'default' } : {}) } };
  const { object } = decodeRequest<ManagedObject>({ value: given, strictErrors: [] }, resource, 'Strict');
  const { spec } = object as { spec?: { clusterIP?: string; clusterIPs?: string[] } };
  setDefaults(resource.type, object);
  // What the Service's strategy does before validation.
  if (resource.type === 'Service' && spec?.clusterIP) spec.clusterIPs ??= [spec.clusterIP];
  expect(renderErrors(validateCreate(resource.type, object, resource.namespaced))).toBe('[]');

  const time = '2026-11-21T09:00:00Z';
  const stored = updateManagedFields(object, undefined, { type: resource.type, manager: 'kubectl-create', time });
  // Storing and reading again, and printing as YAML and reading that, change nothing.
  const again = decodeRequest<ManagedObject>(
    { value: parseYaml(toYaml(stored))[0]?.value, strictErrors: [] },
    resource,
    'Strict',
  ).object;
  expect(again).toEqual(stored);
  expect(renderErrors(validateUpdate(resource.type, again, stored, resource.namespaced))).toBe('[]');
  // Applying the same manifest changes nothing but ownership. (By force: "0.5" is not "500m" to the one who compares, nor an atomic list its defaulted self.)
  const write = { type: resource.type, manager: 'kubectl', time, force: true };
  const applied = decodeRequest<ManagedObject>(
    { value: applyConfiguration(given, stored, write), strictErrors: [] },
    resource,
    'Strict',
  ).object;
  setDefaults(resource.type, applied);
  const { managedFields: _before, ...before } = stored.metadata;
  const { managedFields, ...after } = applied.metadata;
  expect({ ...applied, metadata: after }).toEqual({ ...stored, metadata: before });
  expect(managedFields?.[0]).toMatchObject({ manager: 'kubectl', operation: 'Apply' });

  const table = columnsFor(resource.type);
  expect(table.cells(object, 0).length).toBe(table.definitions.length);
});
