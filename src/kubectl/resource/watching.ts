// Following one object: its present state, then each change, across dropped watches; an absent object is `undefined`.

import { sleep, timeoutSignal } from '../../env/clock.ts';
import { StatusError } from '../cli/errors.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject, ListObject } from '../object.ts';
import { apiVersionOf, pathOf, type Resource } from '../rest/discovery.ts';

export interface ObjectEvent {
  object: KubeObject | undefined;
}

/** Yields the object as it is and after every change until `signal` aborts (then it just ends). The consumer breaks off when it has seen enough. */
export async function* watchObject(
  kube: Kube,
  at: { resource: Resource; namespace: string; name: string },
  signal: AbortSignal,
): AsyncGenerator<ObjectEvent> {
  const path = pathOf(at.resource, at.namespace);
  const fieldSelector = `metadata.name=${at.name}`;
  const kinded = (object: KubeObject | undefined): KubeObject | undefined =>
    object && { ...object, apiVersion: apiVersionOf(at.resource), kind: at.resource.kind };
  while (!signal.aborted) {
    try {
      const list = await kube.client.json<ListObject>(path, { query: { fieldSelector }, signal });
      yield { object: kinded(list.items[0]) };
      const resourceVersion = list.metadata?.resourceVersion;
      const query = { fieldSelector, resourceVersion, allowWatchBookmarks: true };
      for await (const event of kube.client.watch(path, { query, signal })) {
        if (event.type === 'BOOKMARK') continue;
        yield { object: event.type === 'DELETED' ? undefined : kinded(event.object) };
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StatusError && !['Expired', 'Gone'].includes(error.reason)) throw error;
    }
    await sleep(kube.io.clock, 200, signal).catch(() => {});
  }
}

/** Aborts after `milliseconds` (0: never) or on Ctrl-C; `expired` tells which it was. Call `cancel` when the work is done. */
export function deadline(
  kube: Kube,
  milliseconds: number,
): { signal: AbortSignal; expired(): boolean; cancel(): void } {
  const timer = milliseconds > 0 ? timeoutSignal(kube.io.clock, milliseconds) : undefined;
  const signals = [kube.signal, timer?.signal].filter((each) => each !== undefined);
  return {
    signal: signals.length > 0 ? AbortSignal.any(signals) : new AbortController().signal,
    expired: () => timer?.signal.aborted ?? false,
    cancel: () => timer?.cancel(),
  };
}
