// Class A of the official conformance suite, part one: every kind's whole life through the API. Our own tests of the same behaviours, named as the official ones.

import { describe, expect, test } from 'vitest';
import { mergePatch, useCluster, type Watching } from './cluster.ts';
import { type Row, rows } from './manifests.ts';

const cluster = useCluster();

function named(row: Row, name: string): object {
  const metadata = { ...(row.object['metadata'] as object | undefined) } as Record<string, unknown>;
  return { ...row.object, metadata: { name, ...metadata, labels: { e2e: 'yes' } } };
}

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind
type Any = any;

/** Reads events up to one of this type for which `holds`: controllers may write to the object too. */
async function seen(watching: Watching, type: string, holds: (object: Any) => boolean): Promise<void> {
  for (;;) {
    const event = await watching.next();
    if (event.type === type && holds(event.object)) return;
    expect(event.type).toBe('MODIFIED');
  }
}

/** The status with these conditions among others: controllers add theirs. */
const among = (status: object) =>
  Object.fromEntries(
    Object.entries(status).map(([field, value]) => [
      field,
      field === 'conditions'
        ? expect.arrayContaining((value as object[]).map((it) => expect.objectContaining(it)))
        : value,
    ]),
  );

/** GET, change, PUT; again while another writer is faster. */
async function replace(path: string, change: (object: Any) => void): Promise<Any> {
  for (let i = 0; ; i++) {
    const object: Any = await cluster.must(200, 'GET', path);
    change(object);
    const answer = await cluster.call('PUT', path, object);
    if (answer.code === 200) return answer.body;
    expect(answer.code, JSON.stringify(answer.body)).toBe(409);
    expect(i).toBeLessThan(20);
  }
}

describe('lives', () => {
  for (const row of rows)
    test(row.test, { timeout: 30_000 }, async () => {
      const { must, watch, until } = cluster;
      const namespace = row.path.includes('NS') ? await cluster.namespace() : '';
      const text = JSON.stringify(named(row, 'first')).replaceAll('"NS"', JSON.stringify(namespace));
      const path = row.path.replace('NS', namespace);
      const selector = 'labelSelector=e2e%3Dyes';

      const made: Any = await must(201, 'POST', path, text);
      const one = `${path}/${made.metadata.name}`;
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      const watching = await watch(`${path}?watch=1&${selector}&resourceVersion=${made.metadata.resourceVersion}`);

      const read: Any = await must(200, 'GET', one);
      expect(read.metadata.uid).toBe(made.metadata.uid);
      for (const key of Object.keys(row.object)) expect(read, `field ${key}`).toHaveProperty(key);
      const listed: Any = await must(200, 'GET', `${path}?${selector}`);
      expect(listed.items.map((item: Any) => item.metadata.name)).toEqual([made.metadata.name]);
      if (namespace) {
        const everywhere: Any = await must(
          200,
          'GET',
          `${path.replace(/\/namespaces\/[^/]+/, '')}?${selector}&fieldSelector=metadata.namespace%3D${namespace}`,
        );
        expect(everywhere.items).toHaveLength(1);
      }

      const patched: Any = await must(
        200,
        'PATCH',
        one,
        { metadata: { annotations: { patched: 'true' } } },
        mergePatch,
      );
      expect(patched.metadata.annotations['patched']).toBe('true');
      await seen(watching, 'MODIFIED', ({ metadata }) => metadata.annotations?.['patched'] === 'true');

      const updated = await replace(one, ({ metadata }) => {
        metadata.annotations['updated'] = 'true';
      });
      expect(updated.metadata.annotations).toMatchObject({ patched: 'true', updated: 'true' });
      await seen(watching, 'MODIFIED', ({ metadata }) => metadata.annotations?.['updated'] === 'true');
      const stale: Any = await must(409, 'PUT', one, made);
      expect(stale.reason).toBe('Conflict');

      if (row.status) {
        await must(200, 'GET', `${one}/status`);
        const after: Any = await must(
          200,
          'PATCH',
          `${one}/status`,
          { metadata: { annotations: { statuspatched: 'true' } }, status: row.status },
          mergePatch,
        );
        expect(after.status).toMatchObject(among(row.status));
        const replaced = await replace(`${one}/status`, () => {});
        expect(replaced.status).toMatchObject(among(row.status));
      }

      await must(200, 'DELETE', one);
      await seen(watching, 'DELETED', () => true);
      watching.stop();
      await until(one, ({ code }) => code === 404);

      for (const name of ['second', 'third'])
        await must(
          201,
          'POST',
          path,
          text
            .replaceAll('"first"', JSON.stringify(name))
            .replaceAll('192.168.2.2', name === 'second' ? '192.168.2.3' : '192.168.2.4'),
        );
      const both: Any = await must(200, 'GET', `${path}?${selector}`);
      expect(both.items).toHaveLength(2);
      await must(200, 'DELETE', `${path}?${selector}`);
      await until(`${path}?${selector}`, ({ body }) => body.items.length === 0);
    });
});
