// window.drydock: the page's automation surface, for tests, teachers and the curious. Documented in docs/; its names and shapes are stable.
//
//   await drydock.ready                              the cluster, once it has been started
//   await drydock.fetch('/api/v1/pods')              a Response of the API server, as kubernetes-admin
//   await drydock.kubectl('get pods -o wide')        { stdout, stderr, exitCode }
//   drydock.files.write('web.yaml', text)             puts a file into the editor, where kubectl apply -f finds it; also read, list, remove
//   drydock.cluster                                  the Cluster (src/sandbox/cluster.ts), or undefined while it starts
//   drydock.version                                  of Drydock

import type { Cluster, KubectlResult } from '../sandbox/cluster.ts';
import { repeat } from './state/page-time.ts';
import type { Workspace } from './state/workspace.svelte.ts';

export interface Automation {
  readonly version: string;
  readonly cluster: Cluster | undefined;
  /** Resolves when there is a cluster to talk to. */
  readonly ready: Promise<Cluster>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  kubectl(line: string | string[]): Promise<KubectlResult>;
  /** The editor's files. */
  readonly files: {
    list(): string[];
    read(name: string): string | undefined;
    write(name: string, text: string): void;
    remove(name: string): void;
  };
}

declare global {
  interface Window {
    drydock: Automation;
  }
}

export const version = '0.1.0';

/** Puts `drydock` on the window. */
export function openAutomation(workspace: Workspace): Automation {
  const ready = new Promise<Cluster>((resolve) => {
    const stop = repeat(50, () => {
      if (!workspace.cluster) return;
      stop();
      resolve(workspace.cluster);
    });
  });
  const automation: Automation = {
    version,
    get cluster() {
      return workspace.cluster;
    },
    ready,
    fetch: async (path, init) => (await ready).fetch(path, init),
    kubectl: async (line) => {
      await ready;
      const command = typeof line === 'string' ? line.trim().replace(/^kubectl\s+/, '') : line;
      return workspace.kubectl(command);
    },
    files: {
      list: () => workspace.files.list.map((file) => file.name),
      read: (name) => workspace.files.list.find((file) => file.name === name)?.text,
      write: (name, text) => {
        workspace.files.put(name, text);
      },
      remove: (name) => workspace.files.remove(name),
    },
  };
  window.drydock = automation;
  return automation;
}
