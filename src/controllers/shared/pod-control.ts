// Creating and deleting pods for a controller, with upstream's Events. Upstream: pkg/controller RealPodControl.

import type { OwnerReference, Pod, PodTemplateSpec } from '../../api/generated/types.ts';
import {
  type Draft,
  type EventRecorder,
  hasStatusCause,
  isNotFound,
  type KubernetesObject,
  pods,
  type RestClient,
} from '../../client/index.ts';
import { messageOf } from '../../env/errors.ts';
import type { TraceContext } from '../../env/trace.ts';

export interface PodControl {
  client: RestClient;
  recorder: EventRecorder;
  trace: TraceContext;
}

/** A pod as a template describes it, owned by `owner`; named by the server after `namePrefix`. */
export function podFromTemplate(template: PodTemplateSpec, namePrefix: string, owner: OwnerReference): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      generateName: `${namePrefix}-`,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [owner],
    },
    spec: structuredClone(template.spec ?? { containers: [] }),
  };
}

/** Rejects with the server's error after recording FailedCreate; a namespace that is going away is not worth an Event. */
export async function createPod(control: PodControl, owner: KubernetesObject, pod: Draft<Pod>): Promise<Pod> {
  const { client, recorder, trace } = control;
  const { namespace } = owner.metadata;
  try {
    const created = await client.create(pods, { ...pod, metadata: { ...pod.metadata, namespace } }, { trace });
    recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`, { trace });
    return created;
  } catch (error) {
    if (!hasStatusCause(error, 'NamespaceTerminating')) {
      recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`, { trace });
    }
    throw error;
  }
}

/** Deletes this very pod (not a namesake). One that is gone already counts as deleted. */
export async function deletePod(control: PodControl, owner: KubernetesObject, pod: Pod): Promise<void> {
  const { client, recorder, trace } = control;
  try {
    await client.delete(pods, pod.metadata, { preconditions: { uid: pod.metadata.uid } }, { trace });
  } catch (error) {
    if (isNotFound(error)) return;
    recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`, { trace });
    throw error;
  }
  recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, { trace });
}

/**
 * Calls `attempt` `count` times in batches of 1, 2, 4, ...: if something is wrong (quota, admission), few calls find out. Stops after a batch with a failure.
 * Upstream: slowStartBatch. Returns how many succeeded and the first error.
 */
export async function slowStartBatch(
  count: number,
  attempt: (index: number) => Promise<void>,
  initialBatch = 1,
): Promise<{ succeeded: number; error?: unknown }> {
  let succeeded = 0;
  let started = 0;
  for (let size = Math.min(count, initialBatch); size > 0; size = Math.min(2 * size, count - started)) {
    const first = started;
    started += size;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => attempt(first + i)));
    const failed = results.find((result) => result.status === 'rejected');
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    if (failed) return { succeeded, error: failed.reason };
  }
  return { succeeded };
}
