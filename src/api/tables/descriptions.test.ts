import { expect, test } from 'vitest';
import { loadDescriptions } from '../openapi-v3.ts';
import { resources } from '../resources.ts';
import { typeSchema } from '../schema/schema.ts';
import { describeColumns } from './descriptions.ts';
import { columnsFor } from './index.ts';

const described = (type: string) => describeColumns(type, columnsFor(type).definitions);

test('every column of every kind says what it is for, and none names a field', async () => {
  const types = [...new Set(resources.map(({ type }) => type))].filter((type) => typeSchema(type));
  expect(types.length).toBeGreaterThan(50);
  for (const type of types)
    for (const { name, description } of await described(type)) {
      expect([type, name, description]).not.toEqual([type, name, '']);
      expect([type, name, description]).toEqual([type, name, expect.not.stringMatching(/^\w+\.\w+$/)]);
    }
});

test('a column that shows a field says what the field is documented as', async () => {
  const { ObjectMeta, PodStatus, ServiceSpec } = await loadDescriptions();
  const pods = new Map((await described('Pod')).map(({ name, description }) => [name, description]));
  expect(pods.get('Name')).toBe(ObjectMeta?.['name']);
  expect(pods.get('Age')).toBe(ObjectMeta?.['creationTimestamp']);
  expect(pods.get('IP')).toBe(PodStatus?.['podIP']);
  expect(pods.get('Status')).toBe('What the containers of the pod are doing, in a word.');
  const services = await described('Service');
  expect(services.find(({ name }) => name === 'Cluster-IP')?.description).toBe(ServiceSpec?.['clusterIP']);
  // A field whose type speaks for it.
  const bindings = await described('RoleBinding');
  expect(bindings.find(({ name }) => name === 'Role')?.description).toBe(
    'The role that is granted. It cannot be changed.',
  );
});

test('what a definition says itself stays', async () => {
  const own = { name: 'Name', type: 'string', format: '', description: 'mine', priority: 0 };
  expect(await describeColumns('Widget', [own, { ...own, name: 'Size', description: '' }])).toMatchObject([
    { name: 'Name', description: 'mine' },
    { name: 'Size', description: '' },
  ]);
});
