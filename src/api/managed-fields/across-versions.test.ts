// Owners of fields in two versions of one object: v1 has spec.host and spec.port, v2 has spec.address ("host:port"); both have spec.mode and spec.tags.

import { expect, test } from 'vitest';
import { applyAcrossVersions, compareElsewhere, foreignVersions, type Versions } from './across-versions.ts';
import { applyConfiguration, type ManagedObject, updateManagedFields } from './index.ts';

interface Host extends ManagedObject {
  spec: { host?: string; port?: number; address?: string; mode?: string; tags?: Record<string, string> };
}
const [v1, v2] = ['net.example.com/v1', 'net.example.com/v2'];
const string = { type: 'string' };
const tags = { type: 'object', additionalProperties: string };
const schemaOf = (properties: object) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { mode: string, tags, ...properties } } },
});
const schemas: Record<string, object> = {
  [v1]: schemaOf({ host: string, port: { type: 'integer' } }),
  [v2]: schemaOf({ address: string }),
};

function convert(object: Host, to: string): Host {
  if (object.apiVersion === to) return object;
  // an apply may have taken away all there was
  const { host, port, address, ...rest } = object.spec ?? {};
  const [h, p] = (address ?? '').split(':');
  const moved =
    to === v2
      ? host === undefined
        ? {}
        : { address: `${host}:${port ?? 0}` }
      : address === undefined
        ? {}
        : { host: h as string, port: Number(p) };
  return { ...object, apiVersion: to, spec: { ...rest, ...moved } };
}
const versions: Versions = (apiVersion) => {
  const schema = schemas[apiVersion];
  return schema && { type: '', schema, convert: async (object) => convert(object as Host, apiVersion) };
};

const at = (second: number) => `2026-11-21T09:00:0${second}Z`;
const write = (apiVersion: string, manager: string, second: number) => ({
  type: '',
  schema: schemas[apiVersion] as object,
  manager,
  time: at(second),
});
const thing = (apiVersion: string, spec: Host['spec']): Host => ({
  apiVersion,
  kind: 'Host',
  metadata: { name: 'a' },
  spec,
});
const apply = (config: Host, live: Host | undefined, manager: string, second: number, force = false) =>
  live
    ? applyAcrossVersions(
        config,
        convert(live, config.apiVersion),
        { ...write(config.apiVersion, manager, second), force },
        versions,
      )
    : Promise.resolve(applyConfiguration(config, undefined, { ...write(config.apiVersion, manager, second), force }));
async function update(live: Host, next: Host, manager: string, second: number): Promise<Host> {
  const old = convert(live, next.apiVersion);
  const object = { ...next, metadata: { ...next.metadata, ...old.metadata } };
  const elsewhere = await compareElsewhere(old, object, foreignVersions(old), versions);
  return updateManagedFields(object, old, { ...write(next.apiVersion, manager, second), elsewhere });
}
const owners = (object: Host) =>
  Object.fromEntries(
    (object.metadata.managedFields ?? []).map(({ manager, apiVersion, fieldsV1 }) => [
      `${manager} ${apiVersion?.split('/')[1]}`,
      Object.keys((fieldsV1 as Record<string, object>)['f:spec'] ?? {}).filter((name) => name !== '.'),
    ]),
  );

test('a write in one version takes what it changes from owners in another, by its name there', async () => {
  const live = await apply(thing(v1, { host: 'a', port: 80, mode: 'fast' }), undefined, 'one', 1);
  const changed = await update(live, thing(v2, { address: 'a:81', mode: 'fast' }), 'two', 2);
  expect(owners(changed)).toEqual({ 'one v1': ['f:host', 'f:mode'], 'two v2': ['f:address'] });
  // unset in v2: gone in v1 as well
  const unset = await update(changed, thing(v2, { mode: 'slow' }), 'two', 3);
  expect(owners(unset)).toEqual({ 'two v2': ['f:mode'] });
});

test('an apply conflicts with owners in another version, in the words of theirs', async () => {
  const live = await apply(thing(v1, { host: 'a', port: 80 }), undefined, 'one', 1);
  const other = thing(v2, { address: 'b:80', mode: 'fast' });
  await expect(apply(other, live, 'two', 2)).rejects.toThrow(
    'Apply failed with 1 conflict: conflict with "one": .spec.host',
  );
  const forced = await apply(other, live, 'two', 2, true);
  expect(forced.spec).toEqual({ address: 'b:80', mode: 'fast' });
  expect(owners(forced)).toEqual({ 'one v1': ['f:port'], 'two v2': ['f:address', 'f:mode'] });
  // nothing changes: both own it now, each in its own words
  const agreed = await apply(thing(v2, { address: 'a:80' }), live, 'two', 2);
  expect(owners(agreed)).toEqual({ 'one v1': ['f:host', 'f:port'], 'two v2': ['f:address'] });
});

test('a manager that goes on in another version gives up what it no longer names', async () => {
  const live = await apply(
    thing(v1, { host: 'a', port: 80, mode: 'fast', tags: { x: '1', y: '2' } }),
    undefined,
    'one',
    1,
  );
  const next = await apply(thing(v2, { address: 'a:80', tags: { y: '2' } }), live, 'one', 2);
  expect(next.spec).toEqual({ address: 'a:80', tags: { y: '2' } });
  expect(next.metadata.managedFields).toMatchObject([
    { manager: 'one', operation: 'Apply', apiVersion: v2, time: at(2) },
  ]);
  expect(owners(next)).toEqual({ 'one v2': ['f:address', 'f:tags'] });
});

test('what a manager gives up stays where somebody owns it in another version', async () => {
  const first = await apply(thing(v2, { address: 'a:80', mode: 'fast' }), undefined, 'one', 1);
  const second = await apply(thing(v1, { host: 'a', port: 80 }), first, 'two', 2);
  const third = await apply(thing(v2, { mode: 'fast' }), second, 'one', 3);
  expect(third.spec).toEqual({ address: 'a:80', mode: 'fast' });
  expect(owners(third)).toEqual({ 'one v2': ['f:mode'], 'two v1': ['f:host', 'f:port'] });
});

test('owners of a version that is served no more are dropped', async () => {
  const live = await apply(thing(v1, { host: 'a', port: 80 }), undefined, 'one', 1);
  const [entry] = live.metadata.managedFields ?? [];
  live.metadata.managedFields = [{ ...entry, manager: 'old', apiVersion: 'net.example.com/v0' }];
  expect(owners(await update(live, thing(v1, { host: 'b', port: 80 }), 'two', 2))).toEqual({ 'two v1': ['f:host'] });
  expect(owners(await apply(thing(v1, { host: 'c' }), live, 'two', 2))).toEqual({ 'two v1': ['f:host'] });
});
