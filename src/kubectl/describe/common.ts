// Parts that many descriptions share: labels, annotations, selectors, conditions, events.

import type { CoreV1Event, LabelSelector } from '../../api/generated/types.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import type { KubeObject, Metadata } from '../object.ts';
import { type DescribeWriter, type Describing, since } from './writer.ts';

const hidden = new Set(['kubectl.kubernetes.io/last-applied-configuration']);
const longest = 140;

export function writeLabels(
  w: DescribeWriter,
  title: string,
  labels: { [key: string]: string } | undefined,
  level = 0,
): void {
  const keys = Object.keys(labels ?? {}).sort();
  w.write(level, `${title}:\t`);
  if (keys.length === 0) w.write(0, '<none>\n');
  keys.forEach((key, i) => {
    if (i > 0) w.write(level, '\t');
    w.write(0, `${key}=${labels![key]}\n`);
  });
}

export function writeAnnotations(
  w: DescribeWriter,
  annotations: { [key: string]: string } | undefined,
  level = 0,
): void {
  const keys = Object.keys(annotations ?? {})
    .filter((key) => !hidden.has(key))
    .sort();
  w.write(level, 'Annotations:\t');
  if (keys.length === 0) w.write(0, '<none>\n');
  keys.forEach((key, i) => {
    if (i > 0) w.write(level, '\t');
    const value = annotations![key]!.replace(/\n$/, '');
    if (value.length + key.length + 2 > longest || value.includes('\n')) {
      w.write(0, `${key}:\n`);
      for (const line of value.split('\n')) {
        w.write(level, `\t  ${line.length > longest - 2 ? `${line.slice(0, longest - 2)}...` : line}\n`);
      }
    } else w.write(0, `${key}: ${value}\n`);
  });
}

export const selectorText = (selector: LabelSelector | undefined): string => formatLabelSelector(selector);

/** "a=1,b=2", or <none>. */
export function mapText(map: { [key: string]: string } | undefined): string {
  const keys = Object.keys(map ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${map![key]}`).join(',');
}

export function writeHead(w: DescribeWriter, metadata: Metadata, namespaced = true): void {
  w.write(0, `Name:\t${metadata.name ?? ''}\n`);
  if (namespaced) w.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`);
}

export function controllerOf(metadata: {
  ownerReferences?: { kind: string; name: string; controller?: boolean }[];
}): string | undefined {
  const owner = metadata.ownerReferences?.find((each) => each.controller);
  return owner && `${owner.kind}/${owner.name}`;
}

/**
 * Writes the events that involve `object`, newest last; <none> when there are none.
 * `anyUid`: whatever uid they name (those of nodes carry the name or the uid).
 */
export async function writeEvents(
  { kube, w, now, showEvents }: Describing,
  object: KubeObject,
  anyUid = false,
): Promise<void> {
  if (!showEvents) return;
  const { name, namespace } = object.metadata;
  const terms = [`involvedObject.name=${name}`, `involvedObject.kind=${object.kind}`];
  if (namespace) terms.push(`involvedObject.namespace=${namespace}`);
  if (!anyUid && object.metadata.uid) terms.push(`involvedObject.uid=${object.metadata.uid}`);
  const path = namespace ? `/api/v1/namespaces/${namespace}/events` : '/api/v1/events';
  let events: CoreV1Event[] = [];
  try {
    events =
      (
        await kube.client.json<{ items: CoreV1Event[] }>(path, {
          query: { fieldSelector: terms.join(','), limit: 500 },
        })
      ).items ?? [];
  } catch {
    return;
  }
  writeEventList(w, events, now);
}

export function lastSeen(event: CoreV1Event): string {
  return event.series?.lastObservedTime || event.lastTimestamp || event.eventTime || event.firstTimestamp || '';
}

export function writeEventList(w: DescribeWriter, events: CoreV1Event[], now: number): void {
  if (events.length === 0) {
    w.write(0, 'Events:\t<none>\n');
    return;
  }
  w.flush();
  w.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n');
  w.write(1, '----\t------\t----\t----\t-------\n');
  const sorted = [...events].sort((a, b) => (lastSeen(a) < lastSeen(b) ? -1 : lastSeen(a) > lastSeen(b) ? 1 : 0));
  for (const event of sorted) {
    const first = since(event.eventTime || event.firstTimestamp, now);
    let age = first;
    if (event.series) age = `${since(event.series.lastObservedTime, now)} (x${event.series.count} over ${first})`;
    else if ((event.count ?? 0) > 1) age = `${since(event.lastTimestamp, now)} (x${event.count} over ${first})`;
    const source = event.source?.component || event.reportingComponent || '';
    w.write(1, `${event.type ?? ''}\t${event.reason ?? ''}\t${age}\t${source}\t${(event.message ?? '').trim()}\n`);
  }
}

/** Lines a command's words up under their label. */
export function writeList(w: DescribeWriter, title: string, values: string[] | undefined): void {
  w.write(0, `${title}:\t${values && values.length > 0 ? values.join(', ') : '<none>'}\n`);
}
