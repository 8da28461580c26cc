// Watches: newline-delimited JSON events out of the watch cache, pushed to whoever sends them on.
//
// Invariants: each change after the starting revision is sent once and in order; a change that makes an object enter or leave the selection is sent as ADDED or
// DELETED; a watcher that does not read is cut off (its stream ends) rather than let grow; an encoding is made once for all watchers who look alike.

import { ApiError, newTooLargeResourceVersion, newTooOldResourceVersion } from '../../api/status.ts';
import type { PushSource } from '../server/push.ts';
import type { Entry } from '../storage/entry.ts';
import { encodeEvent, shownAs } from './audience.ts';
import { parseResourceVersion } from './list-options.ts';
import { type WatchEnvironment, Watcher } from './watcher.ts';

/** Opens a watch. Resolves when its starting point is known. A resourceVersion that is too old is answered, as upstream's, by an ERROR event. */
export async function watch(environment: WatchEnvironment): Promise<PushSource> {
  const { registry, options, selection, representation } = environment;
  const { cache } = registry.store;
  const prefix = registry.prefixOf(environment.namespace);
  const view = { prefix, selection, representation: representation.following ?? representation };
  const watcher = new Watcher(environment, view);
  const wanted = options.resourceVersion === '' ? undefined : parseResourceVersion(options.resourceVersion);
  const initial = options.sendInitialEvents ?? (wanted === undefined || wanted === 0);
  try {
    if (initial) {
      if (wanted === undefined) {
        const revision = await registry.store.currentRevision();
        if (!(await cache.waitFor(revision, 3000))) throw newTooLargeResourceVersion(revision, cache.revision);
      } else if (!(await cache.waitFor(wanted, 3000))) throw newTooLargeResourceVersion(wanted, cache.revision);
    } else if (!cache.whole) await cache.waitFor(0, 3000);
    const collection = cache.collection(registry.resource.storagePrefix);
    if (initial) {
      const add = (entries: readonly Entry[]) => {
        for (const entry of entries)
          if (selection.all || selection.matches(entry.object))
            watcher.push((form) => encodeEvent('ADDED', form.one(entry)));
      };
      const entries = collection.list(prefix);
      if (registry.converts) watcher.later(async () => add(await registry.view(entries)));
      else add(entries);
      watcher.reached = cache.revision;
      if (options.allowWatchBookmarks) watcher.mark(true);
    } else {
      const from = wanted ?? cache.revision;
      const missed = collection.eventsAfter(from);
      if (!missed) throw newTooOldResourceVersion(from, collection.oldest);
      watcher.reached = from;
      for (const event of missed) {
        if (registry.converts) watcher.event(event);
        else {
          const shown = shownAs(event, view);
          if (shown) watcher.show(shown);
          watcher.reached = event.revision;
        }
      }
    }
    watcher.follow(collection);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== 410 && error.code !== 504) throw error;
    watcher.push(() => encodeEvent('ERROR', JSON.stringify(error.status)));
    watcher.end();
  }
  return watcher;
}
