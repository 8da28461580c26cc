// The official JavaScript client's informers: they outlive their connections, and revisions that are gone.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as k8s from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { startHeadless } from '../../src/bridge/headless.ts';
import { eventually, plain, useOfficialClient } from './client-node.ts';

const client = useOfficialClient();
const { api, config } = client;

describe('an informer', () => {
  test('survives disconnections', async () => {
    const namespace = 'default';
    const core = api(k8s.CoreV1Api);
    const selector = 'kept=yes';
    const informer = k8s.makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: selector }),
      selector,
    );
    const seen: string[] = [];
    informer.on('add', (object) => seen.push(`add ${object.metadata?.name}`));
    informer.on('update', (object) => seen.push(`update ${object.metadata?.name}`));
    informer.on('delete', (object) => seen.push(`delete ${object.metadata?.name}`));
    let broken = 0;
    informer.on('error', () => {
      broken++;
      setTimeout(() => void informer.start(), 50);
    });
    await informer.start();
    const create = (name: string) =>
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { kept: 'yes' } } } });
    await create('one');
    await eventually(async () => seen.includes('add one'));
    // Every connection to the server breaks.
    client.cluster.disconnect();
    await eventually(async () => broken > 0);
    await create('two');
    await eventually(async () => seen.includes('add two'));
    await core.deleteNamespacedConfigMap({ name: 'one', namespace });
    await eventually(async () => seen.includes('delete one'));
    expect(informer.list().map((object) => object.metadata?.name)).toEqual(['two']);
    await informer.stop();
  }, 30_000);
});

describe('an informer over a server that starts anew', () => {
  test('is told that its revision is gone (410), lists again, and tells what it missed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-client-node-'));
    const options = { ...plain, hollowNodes: 0, controllers: false, dataDir: folder, etcdMembers: 1 };
    let server = await startHeadless(options);
    try {
      const own = new k8s.KubeConfig();
      own.loadFromString(server.kubeconfig);
      const core = own.makeApiClient(k8s.CoreV1Api);
      const namespace = 'default';
      const create = (name: string) => core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } });
      for (const name of ['stays', 'goes']) await create(name);
      let lists = 0;
      const informer = k8s.makeInformer(own, `/api/v1/namespaces/${namespace}/configmaps`, () => {
        lists++;
        return core.listNamespacedConfigMap({ namespace });
      });
      const seen: string[] = [];
      for (const verb of ['add', 'update', 'delete'] as const)
        informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}`));
      let broken = 0;
      informer.on('error', () => broken++);
      await informer.start();
      expect(lists).toBe(1);
      // What it watched from is no longer the newest when the server ends.
      await create('last');
      await eventually(async () => seen.includes('add last'));
      await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'unseen' } } });
      await server.stop();
      server = await startHeadless({ ...options, port: server.port });
      await core.deleteNamespacedConfigMap({ name: 'goes', namespace });
      await create('new');
      await eventually(async () => broken > 0 || lists > 1);
      seen.length = 0;
      if (lists === 1) await informer.start();
      await eventually(async () => seen.includes('add new') && seen.includes('delete goes'));
      expect(lists).toBe(2);
      expect(informer.list().map((object) => object.metadata?.name)).toEqual(
        expect.arrayContaining(['last', 'new', 'stays']),
      );
      await create('later');
      await eventually(async () => seen.includes('add later'));
      expect(lists).toBe(2);
      await informer.stop();
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
