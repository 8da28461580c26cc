// From a workload to its pods, and which container of a pod is meant when none is named.

import type { LabelSelector, Pod } from '../../api/generated/types.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import { CliError } from '../cli/errors.ts';
import type { Kube } from '../kube.ts';
import { at } from '../object.ts';
import { type Info, listAll } from './builder.ts';

/** The label selector of a workload or service, as text. Throws for kinds that have none. */
export function selectorOf(info: Info): string {
  const { object, resource } = info;
  const selector = at(object, 'spec', 'selector');
  if (selector && typeof selector === 'object' && !Array.isArray(selector)) {
    if (['Service', 'ReplicationController'].includes(resource.kind)) {
      return formatLabelSelector({ matchLabels: selector as { [key: string]: string } });
    }
    return formatLabelSelector(selector as LabelSelector);
  }
  throw new CliError(`cannot find pods of ${resource.kind.toLowerCase()}/${info.name}: it has no selector`);
}

const rank = (pod: Pod): string => {
  const ready = pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  const phase = { Running: '0', Pending: '1' }[pod.status?.phase ?? ''] ?? '2';
  return `${pod.metadata.deletionTimestamp ? '1' : '0'}${pod.spec.nodeName ? '0' : '1'}${phase}${ready ? '0' : '1'}`;
};

/** The pods of a workload, those most worth looking at first. */
export async function podsOfWorkload(kube: Kube, info: Info): Promise<Pod[]> {
  const resource = await kube.discovery.find('pods');
  const list = await listAll(kube, resource, info.namespace, { selector: selectorOf(info) });
  return (list.items as unknown as Pod[]).sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

/** The container that is meant: the annotated one, else the first; with a note when there are others. */
export function defaultContainer(kube: Kube, pod: Pod, quiet = false): string {
  const annotated = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  const names = pod.spec.containers.map((each) => each.name);
  if (annotated && names.includes(annotated)) return annotated;
  const first = names[0] ?? '';
  const others = [
    ...names,
    ...(pod.spec.initContainers ?? []).map((each) => `${each.name} (init)`),
    ...(pod.spec.ephemeralContainers ?? []).map((each) => `${each.name} (ephem)`),
  ];
  if (others.length > 1 && !quiet)
    kube.err(`Defaulted container ${JSON.stringify(first)} out of: ${others.join(', ')}\n`);
  return first;
}
