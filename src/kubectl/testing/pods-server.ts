// A terminal in front of a server that knows pods only, for tests of commands that speak with containers.

import type { KubectlIo } from '../io.ts';
import { createKubeconfig } from '../kubeconfig.ts';

const pods = {
  resource: 'pods',
  responseKind: { kind: 'Pod' },
  scope: 'Namespaced',
  singularResource: 'pod',
  verbs: ['create', 'get', 'list', 'watch'],
};

export const textOf = (data: string | Uint8Array): string =>
  typeof data === 'string' ? data : new TextDecoder().decode(data);

/** `answer` answers what is not discovery. `seen` holds what was printed. */
export function podsTerminal(answer: KubectlIo['fetch']): { io: KubectlIo; seen: { out: string; err: string } } {
  const seen = { out: '', err: '' };
  const io: KubectlIo = {
    async fetch(path, init) {
      const items = path === '/api' ? [{ versions: [{ version: 'v1', resources: [pods] }] }] : [];
      if (path === '/api' || path === '/apis') return Response.json({ kind: 'APIGroupDiscoveryList', items });
      return answer(path, init);
    },
    stdout: (data) => {
      seen.out += textOf(data);
    },
    stderr: (data) => {
      seen.err += textOf(data);
    },
    files: { read: async () => undefined, list: async () => [] },
    clock: { now: () => 0, after: () => () => {} },
    config: createKubeconfig(),
  };
  return { io, seen };
}
