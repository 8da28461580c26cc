// Writes core/v1 Events about objects, without ever making the caller wait or fail. Upstream: client-go tools/record.
//
// Invariants: events of one recorder are written one after another, in order; a failed write is dropped (Events are best effort); at most 1000 wait.

import type { CoreV1Event, ObjectReference } from '../api/generated/types.ts';
import { rfc3339 } from '../env/clock.ts';
import type { Env } from '../env/env.ts';
import type { TraceContext } from '../env/trace.ts';
import { isNotFound } from './errors.ts';
import { EventCorrelator } from './event-correlator.ts';
import { events, type KubernetesObject } from './resources.ts';
import type { RestClient } from './rest-client.ts';

export interface EventRecorder {
  /**
   * Records that something happened to `object`, which must have kind and apiVersion.
   * @param reason upper camel case, as upstream's ("SuccessfulCreate")
   */
  event(
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: { trace?: TraceContext; fieldPath?: string },
  ): void;
  /** Resolves when what was recorded so far is written or given up. */
  flush(): Promise<void>;
}

const maxWaiting = 1000;

/** @param source component and host as `kubectl describe` shows them under From */
export function newEventRecorder(
  env: Env,
  client: RestClient,
  source: { component: string; host?: string },
): EventRecorder {
  const correlator = new EventCorrelator(env.clock);
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let sequence = 0;

  async function write(event: CoreV1Event, trace: TraceContext | undefined): Promise<void> {
    const correlated = correlator.correlate(event);
    if (!correlated) return;
    const { previous } = correlated;
    if (previous) {
      const { count, message, lastTimestamp } = correlated.event;
      try {
        const patch = { count, message, lastTimestamp };
        correlator.remember(
          await client.patch(events, previous.metadata, 'application/merge-patch+json', patch, { trace }),
        );
        return;
      } catch (error) {
        if (!isNotFound(error)) return;
      }
    }
    const { resourceVersion: _, uid: __, ...metadata } = correlated.event.metadata;
    const fresh = { ...correlated.event, metadata: { ...metadata, name: event.metadata.name } };
    correlator.remember(await client.create(events, fresh, { trace }));
  }

  return {
    event(object, type, reason, message, options = {}) {
      if (waiting >= maxWaiting) return;
      waiting++;
      const { namespace, name, uid, resourceVersion } = object.metadata;
      const involvedObject: ObjectReference = { apiVersion: object.apiVersion, kind: object.kind, name };
      Object.assign(involvedObject, { namespace, uid, resourceVersion, fieldPath: options.fieldPath });
      const now = env.clock.now();
      // Upstream names an Event after its object and the nanosecond; our clock has milliseconds, so a counter takes the rest.
      const stamp = BigInt(Math.floor(now)) * 1_000_000n + BigInt(sequence++ % 1_000_000);
      const timestamp = rfc3339(now);
      const event: CoreV1Event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${name}.${stamp.toString(16)}`, namespace: namespace || 'default' },
        involvedObject,
        type,
        reason,
        message,
        source,
        reportingComponent: source.component,
        reportingInstance: source.host ?? '',
        firstTimestamp: timestamp,
        lastTimestamp: timestamp,
        count: 1,
      };
      last = last
        .then(() => write(event, options.trace))
        .catch(() => {})
        .finally(() => {
          waiting--;
        });
    },
    flush: () => last,
  };
}
