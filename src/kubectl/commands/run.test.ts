import { expect, test } from 'vitest';
import { runKubectl } from '../index.ts';
import type { KubectlIo } from '../io.ts';
import { createKubeconfig } from '../kubeconfig.ts';

const discovery = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      versions: [
        {
          version: 'v1',
          resources: [
            {
              resource: 'pods',
              responseKind: { kind: 'Pod' },
              scope: 'Namespaced',
              singularResource: 'pod',
              verbs: ['create', 'get', 'list', 'watch'],
            },
          ],
        },
      ],
    },
  ],
};

/** A server whose pod is seen running once, and has ended when it is to be attached to. */
function shortLived() {
  const seen = { out: '', err: '', deleted: false };
  const statuses = [
    { phase: 'Running', containerStatuses: [{ state: { running: {} } }] },
    { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] },
  ];
  const text = (data: string | Uint8Array) => (typeof data === 'string' ? data : new TextDecoder().decode(data));
  const io: KubectlIo = {
    async fetch(path, init) {
      if (path === '/api') return Response.json(discovery);
      if (path === '/apis') return Response.json({ kind: 'APIGroupDiscoveryList', items: [] });
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tmp', namespace: 'default' } };
      if (path.includes('/attach')) {
        const message = 'cannot attach a container in a completed pod; current phase is Succeeded';
        return Response.json(
          { kind: 'Status', status: 'Failure', reason: 'BadRequest', message, code: 400 },
          { status: 400 },
        );
      }
      if (path.includes('/log')) return new Response('hi\n');
      if (init?.method === 'DELETE') seen.deleted = true;
      if (init?.method === 'POST' || init?.method === 'DELETE') return Response.json(pod);
      return Response.json({ metadata: { resourceVersion: '1' }, items: [{ ...pod, status: statuses.shift() }] });
    },
    stdout: (data) => {
      seen.out += text(data);
    },
    stderr: (data) => {
      seen.err += text(data);
    },
    files: { read: async () => undefined, list: async () => [] },
    clock: { now: () => 0, after: () => () => {} },
    config: createKubeconfig(),
  };
  return { io, seen };
}

test('a container that ends before it is attached to is told by its logs', async () => {
  const { io, seen } = shortLived();
  expect(await runKubectl('run tmp --rm --attach --image=busybox --restart=Never -- echo hi', io)).toBe(0);
  expect(seen.out).toBe('hi\npod "tmp" deleted from default namespace\n');
  expect(seen.err).toBe(
    "warning: couldn't attach to pod/tmp, falling back to streaming logs: cannot attach a container in a completed pod; current phase is Succeeded\n",
  );
  expect(seen.deleted).toBe(true);
});
