// What the store did, revision by revision, as the first member that applied it saw it: every other member must see the same, and watch streams are held against it.

import type { Version } from '../../src/etcd/mvcc/store.ts';
import type { State } from '../../src/etcd/server/state.ts';
import { Violation } from './store-invariants.ts';

export class History {
  /** Events of each revision, as "revision key value" with value 0 for a deletion. */
  private readonly events = new Map<number, string[]>();
  newest = 1;

  /** Records whatever is applied to `state` from now on. `before` and `after` are told of each command. */
  observe(id: string, state: State, after: (command: Parameters<State['apply']>[0], failed: boolean) => void): void {
    const { store } = state;
    const apply = state.apply.bind(state);
    state.apply = (command, now) => {
      const from = store.currentRevision;
      const outcome = apply(command, now);
      if (store.currentRevision > from)
        this.note(id, store.currentRevision, store.events.slice(store.eventsFrom(from + 1)));
      after(command, 'error' in outcome);
      return outcome;
    };
  }

  private note(id: string, revision: number, versions: readonly Version[]): void {
    const shown = versions.map(show);
    const known = this.events.get(revision);
    if (!known) {
      this.events.set(revision, shown);
      this.newest = Math.max(this.newest, revision);
    } else if (known.length !== shown.length || known.some((event, i) => event !== shown[i]))
      throw new Violation(
        `state-machine safety: ${id} made another revision ${revision}: ${shown} instead of ${known}`,
      );
  }

  /** All events of revisions in (from, to], in order. */
  between(from: number, to: number): string[] {
    const out: string[] = [];
    for (let revision = from + 1; revision <= to; revision++) out.push(...(this.events.get(revision) ?? []));
    return out;
  }

  /** The pairs there were at a revision, as "key value", in order of keys. */
  pairsAt(revision: number): string[] {
    const pairs = new Map<string, string>();
    for (const event of this.between(1, revision)) {
      const [, key, value] = event.split(' ') as [string, string, string];
      if (value === '0') pairs.delete(key);
      else pairs.set(key, value);
    }
    return [...pairs].map(([key, value]) => `${key} ${value}`).sort();
  }
}

function show(version: Version): string {
  return `${version.modRevision} ${version.key} ${version.version && version.value}`;
}
