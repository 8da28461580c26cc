import { expect, test } from 'vitest';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { Admission, type AdmissionAttributes, type AdmissionPlugin } from './admission.ts';

const of = (group: string, resource: string) => ({ groupResource: { group, resource } }) as ResourceInfo;
const request = (resource: ResourceInfo) =>
  ({ resource, object: { kind: 'X', apiVersion: 'v1', metadata: { name: 'x' } } }) as unknown as AdmissionAttributes;

test('a plugin is asked of the resources that it names, by plural and group; one that names none, of all', async () => {
  const asked: string[] = [];
  const plugin = (name: string, resources?: string[]): AdmissionPlugin => ({
    name,
    ...(resources && { resources }),
    mutate: () => {
      asked.push(`${name} mutates`);
      return undefined;
    },
    validate: () => void asked.push(`${name} validates`),
  });
  const admission = new Admission([plugin('all'), plugin('jobs', ['jobs.batch']), plugin('pods', ['pods'])]);
  for (const resource of [of('batch', 'jobs'), of('', 'jobs'), of('', 'pods')]) {
    asked.push(`- ${resource.groupResource.resource}`);
    await admission.mutate(request(resource));
    await admission.validate(request(resource));
  }
  expect(asked).toEqual([
    '- jobs',
    'all mutates',
    'jobs mutates',
    'all validates',
    'jobs validates',
    '- jobs',
    'all mutates',
    'all validates',
    '- pods',
    'all mutates',
    'pods mutates',
    'all validates',
    'pods validates',
  ]);
});

test('each plugin sees the object as those before it have made it', async () => {
  const rename = (name: string, later = false): AdmissionPlugin => ({
    name,
    mutate({ object }) {
      const it = object as KubeObject;
      const changed = { ...it, metadata: { name: `${it.metadata.name}${name}` } };
      return later ? Promise.resolve(changed) : changed;
    },
  });
  const given = request(of('', 'pods'));
  const { object } = given;
  const made = await new Admission([rename('a'), rename('b', true), rename('c')]).mutate(given);
  expect(made?.metadata.name).toBe('xabc');
  expect(given.object).toBe(object);
});
