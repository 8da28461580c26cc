// Feeds the scheduler's cache and queue from informers, and tells the queue what may help waiting pods. Upstream: pkg/scheduler eventhandlers.go.

import type { Node, Pod } from '../api/generated/types.ts';
import { type InformerFactory, namespaces, nodes, pods } from '../client/index.ts';
import type { SchedulerCache } from './cache/cache.ts';
import type { ClusterEvent } from './framework/types.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export function addEventHandlers(
  informers: InformerFactory,
  schedulerName: string,
  cache: SchedulerCache,
  queue: SchedulingQueue,
): void {
  const onPod = (old: Pod | undefined, pod: Pod) => {
    const uid = pod.metadata.uid ?? '';
    if (isFinished(pod)) {
      onPodGone(pod);
      return;
    }
    if (pod.spec.nodeName) {
      queue.delete(uid);
      queue.done(uid);
      const news = !old?.spec.nodeName ? 'pod add' : labelsOf(old) !== labelsOf(pod) ? 'pod label' : undefined;
      const shrunk = old?.spec.nodeName && requestsOf(old) !== requestsOf(pod);
      cache.setPod(pod);
      if (news) queue.happened(news);
      if (shrunk) queue.happened('pod scale down');
    } else if ((pod.spec.schedulerName ?? 'default-scheduler') === schedulerName && !cache.isAssumed(uid)) {
      if (pod.metadata.deletionTimestamp) queue.delete(uid);
      else queue.set(pod);
    }
  };
  const onPodGone = (pod: Pod) => {
    const uid = pod.metadata.uid ?? '';
    queue.delete(uid);
    cache.removePod(uid);
    queue.happened('pod delete');
  };
  informers.of(pods).addHandler({
    onAdd: (pod) => onPod(undefined, pod),
    onUpdate: (old, pod) => onPod(old, pod),
    onDelete: onPodGone,
  });
  informers.of(nodes).addHandler({
    onAdd: (node) => {
      cache.setNode(node);
      queue.happened('node add');
    },
    onUpdate: (old, node) => {
      cache.setNode(node);
      for (const event of nodeChanges(old, node)) queue.happened(event);
    },
    onDelete: (node) => cache.removeNode(node.metadata.name),
  });
  informers.of(namespaces).addHandler({ onUpdate: () => queue.happened('namespace') });
}

const isFinished = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
const labelsOf = (pod: Pod) => JSON.stringify(pod.metadata.labels ?? {});
const requestsOf = (pod: Pod) => JSON.stringify(pod.spec.containers.map((container) => container.resources?.requests));

/** What of a node changed that pods may have been waiting for. Heartbeats are no news. */
function nodeChanges(old: Node, node: Node): ClusterEvent[] {
  const changed = (of: (node: Node) => unknown) => JSON.stringify(of(old)) !== JSON.stringify(of(node));
  const events: ClusterEvent[] = [];
  if (changed(({ status }) => status?.allocatable)) events.push('node allocatable');
  if (changed(({ metadata }) => metadata.labels)) events.push('node label');
  if (changed(({ spec }) => spec.taints)) events.push('node taint');
  if (changed(({ spec }) => spec.unschedulable)) events.push('node unschedulable');
  return events;
}
