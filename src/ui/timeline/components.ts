// How components and their steps are named and coloured in the timeline.

import type { Gate } from '../../env/trace.ts';

export type Family = 'store' | 'server' | 'loop' | 'scheduler' | 'node' | 'other';

/** Which part of the cluster a process belongs to; with the class `family` it gives the colour `--family`. */
export function familyOf(component: string): Family {
  if (component.startsWith('etcd')) return 'store';
  if (component.startsWith('kube-apiserver')) return 'server';
  if (component.startsWith('kube-controller-manager')) return 'loop';
  if (component.startsWith('kube-scheduler')) return 'scheduler';
  if (component.startsWith('node')) return 'node';
  return 'other';
}

/** "scheduler-1" for "kube-scheduler-1": names short enough for a column. */
export function shortName(component: string): string {
  return component.replace('kube-controller-manager', 'manager').replace('kube-', '');
}

/** What each gate means, for those who meet it the first time. */
export const gateMeaning: Readonly<Record<Gate, string>> = {
  request: 'The API server received a request',
  write: 'The API server is about to commit a new revision',
  committed: 'A new revision of an object is in the store',
  'raft send': 'A member of the store sends a message to another',
  raft: 'A member of the store changed its role, term or what it knows to be committed',
  'watch event': 'A component learned of a change',
  dequeue: 'A loop takes the next key from its queue',
  reconcile: 'A loop compares what is with what is wanted',
  schedule: 'The scheduler weighs the nodes for a pod',
  bind: 'The scheduler gives a pod its node',
  'sync pod': 'The kubelet compares a pod with its containers',
  runtime: 'The kubelet asks the container runtime for something',
  container: 'A process started or ended',
  probe: 'A probe changed its mind',
  'sync proxy': 'kube-proxy writes the rules that carry Service traffic',
  leader: 'Another process leads now',
  process: 'A process of the cluster started or ended',
};
