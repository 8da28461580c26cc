// ComponentStatuses are not stored: who asks for them has the components asked how they are (pkg/registry/core/componentstatus).

import { messageOf } from '../../env/errors.ts';
import type { ComponentServer } from '../config.ts';
import type { KubeObject } from '../object.ts';
import type { Core } from '../server/core.ts';
import { Entry } from '../storage/entry.ts';

/** ms; upstream's probes wait as long. */
const patience = 20_000;

/** An object that is not in the store, and so at no revision of it. */
class UnstoredEntry extends Entry {
  override get json(): string {
    return this.value;
  }

  override copy(): KubeObject {
    return JSON.parse(this.value) as KubeObject;
  }
}

/** One component, asked now. */
async function probe({ env }: Core, { name, url, fetch = env.network.fetch }: ComponentServer): Promise<Entry> {
  const giveUp = new AbortController();
  const stop = env.clock.after(patience, () => giveUp.abort(new Error('context deadline exceeded')));
  const condition = await fetch(url, { signal: giveUp.signal })
    .then(async (response) => judge(response.status, await response.text()))
    .catch((error: unknown) => ({ status: 'False', message: `Get "${url}": ${reasonOf(error)}` }));
  stop();
  const status = {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', ...condition }],
  };
  return new UnstoredEntry(name, 0, JSON.stringify(status));
}

/** What an answer says: the store answers in JSON, the others in a word. */
function judge(code: number, body: string): { status: string; message: string } {
  const healthy = code === 200 && !body.includes('"health":"false"');
  return { status: healthy ? 'True' : 'False', message: healthy ? 'ok' : body };
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  const refused = /connect ECONNREFUSED (\S+)/.exec(message)?.[1];
  return refused ? `dial tcp ${refused}: connect: connection refused` : message;
}

/** All components, by name. */
export async function componentStatuses(core: Core): Promise<Entry[]> {
  const servers = [...(core.config.components ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(servers.map((server) => probe(core, server)));
}

/** The component of this name; undefined if there is none. */
export async function componentStatus(core: Core, name: string): Promise<Entry | undefined> {
  const server = core.config.components?.find((each) => each.name === name);
  return server && probe(core, server);
}
