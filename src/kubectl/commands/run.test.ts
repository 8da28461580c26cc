import { expect, test } from 'vitest';
import { runKubectl } from '../index.ts';
import { podsTerminal } from '../testing/pods-server.ts';

/** A server whose pod is seen running once, and has ended when it is to be attached to. */
function shortLived() {
  const statuses = [
    { phase: 'Running', containerStatuses: [{ state: { running: {} } }] },
    { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] },
  ];
  const asked = { deletion: false };
  const { io, seen } = podsTerminal(async (path, init) => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tmp', namespace: 'default' } };
    if (path.includes('/attach')) {
      const message = 'cannot attach a container in a completed pod; current phase is Succeeded';
      const refusal = { kind: 'Status', status: 'Failure', reason: 'BadRequest', message, code: 400 };
      return Response.json(refusal, { status: 400 });
    }
    if (path.includes('/log')) return new Response('hi\n');
    if (init?.method === 'DELETE') asked.deletion = true;
    if (init?.method === 'POST' || init?.method === 'DELETE') return Response.json(pod);
    return Response.json({ metadata: { resourceVersion: '1' }, items: [{ ...pod, status: statuses.shift() }] });
  });
  return { io, seen, asked };
}

test('a container that ends before it is attached to is told by its logs', async () => {
  const { io, seen, asked } = shortLived();
  expect(await runKubectl('run tmp --rm --attach --image=busybox --restart=Never -- echo hi', io)).toBe(0);
  expect(seen.out).toBe('hi\npod "tmp" deleted from default namespace\n');
  expect(seen.err).toBe(
    "warning: couldn't attach to pod/tmp, falling back to streaming logs: cannot attach a container in a completed pod; current phase is Succeeded\n",
  );
  expect(asked.deletion).toBe(true);
});
