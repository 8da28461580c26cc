// `describe` of horizontal pod autoscalers and network policies.

import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  V2HorizontalPodAutoscaler,
} from '../../api/generated/types.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import type { KubeObject } from '../object.ts';
import { writeAnnotations, writeEvents, writeHead, writeLabels } from './common.ts';
import { type DescribeWriter, type Describing, longTime } from './writer.ts';

type Metric = NonNullable<NonNullable<V2HorizontalPodAutoscaler['spec']>['metrics']>[number];
type Current = NonNullable<NonNullable<V2HorizontalPodAutoscaler['status']>['currentMetrics']>[number];

function writeMetric(w: DescribeWriter, metric: Metric, current: Current | undefined): void {
  const resource = metric.resource;
  if (metric.type === 'Resource' && resource) {
    const now = current?.resource?.current;
    if (resource.target.averageValue !== undefined) {
      w.write(
        1,
        `resource ${resource.name} on pods:\t${now?.averageValue ?? '<unknown>'} / ${resource.target.averageValue}\n`,
      );
      return;
    }
    const used =
      now?.averageUtilization === undefined ? '<unknown>' : `${now.averageUtilization}% (${now.averageValue ?? ''})`;
    const wanted =
      resource.target.averageUtilization === undefined ? '<auto>' : `${resource.target.averageUtilization}%`;
    w.write(1, `resource ${resource.name} on pods  (as a percentage of request):\t${used} / ${wanted}\n`);
  } else if (metric.type === 'Pods' && metric.pods) {
    const now = current?.pods?.current.averageValue ?? '<unknown>';
    w.write(
      1,
      `${JSON.stringify(metric.pods.metric.name)} on pods:\t${now} / ${metric.pods.target.averageValue ?? ''}\n`,
    );
  } else if (metric.type === 'External' && metric.external) {
    const { target } = metric.external;
    const now = current?.external?.current;
    const name = JSON.stringify(metric.external.metric.name);
    if (target.averageValue !== undefined)
      w.write(1, `${name} (target average value):\t${now?.averageValue ?? '<unknown>'} / ${target.averageValue}\n`);
    else w.write(1, `${name} (target value):\t${now?.value ?? '<unknown>'} / ${target.value ?? ''}\n`);
  } else w.write(1, `<unknown metric type ${JSON.stringify(metric.type)}>\n`);
}

export async function describeAutoscaler(on: Describing, object: KubeObject): Promise<void> {
  const { w } = on;
  const scaler = object as unknown as V2HorizontalPodAutoscaler;
  const { spec, status } = scaler;
  writeHead(w, object.metadata);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, `CreationTimestamp:\t${longTime(object.metadata.creationTimestamp)}\n`);
  w.write(0, `Reference:\t${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}\n`);
  w.write(0, 'Metrics:\t( current / target )\n');
  for (const [i, metric] of (spec?.metrics ?? []).entries()) writeMetric(w, metric, status?.currentMetrics?.[i]);
  w.write(0, `Min replicas:\t${spec?.minReplicas ?? '<unset>'}\n`);
  w.write(0, `Max replicas:\t${spec?.maxReplicas ?? 0}\n`);
  w.write(0, `${spec?.scaleTargetRef.kind} pods:\t`);
  w.write(0, `${status?.currentReplicas ?? 0} current / ${status?.desiredReplicas ?? 0} desired\n`);
  if (status?.conditions?.length) {
    w.write(0, 'Conditions:\n');
    w.write(1, 'Type\tStatus\tReason\tMessage\n');
    w.write(1, '----\t------\t------\t-------\n');
    for (const each of status.conditions) {
      w.write(1, `${each.type}\t${each.status}\t${each.reason ?? ''}\t${each.message ?? ''}\n`);
    }
  }
  await writeEvents(on, object);
}

const selectorOr = (selector: Parameters<typeof formatLabelSelector>[0]): string =>
  formatLabelSelector(selector) || '<none>';

function writePeers(
  w: DescribeWriter,
  word: 'From' | 'To',
  ports: NetworkPolicyPort[],
  peers: NetworkPolicyPeer[],
): void {
  if (ports.length === 0) w.write(2, 'To Port: <any> (traffic allowed to all ports)\n');
  for (const port of ports) w.write(2, `To Port: ${port.port ?? '<any>'}/${port.protocol ?? 'TCP'}\n`);
  if (peers.length === 0) {
    w.write(2, `${word}: <any> (traffic not restricted by ${word === 'From' ? 'source' : 'destination'})\n`);
    return;
  }
  for (const peer of peers) {
    w.write(2, `${word}:\n`);
    if (peer.podSelector && peer.namespaceSelector) {
      w.write(3, `NamespaceSelector: ${selectorOr(peer.namespaceSelector)}\n`);
      w.write(3, `PodSelector: ${selectorOr(peer.podSelector)}\n`);
    } else if (peer.podSelector) w.write(3, `PodSelector: ${selectorOr(peer.podSelector)}\n`);
    else if (peer.namespaceSelector) w.write(3, `NamespaceSelector: ${selectorOr(peer.namespaceSelector)}\n`);
    else if (peer.ipBlock) {
      w.write(3, 'IPBlock:\n');
      w.write(4, `CIDR: ${peer.ipBlock.cidr}\n`);
      w.write(4, `Except: ${(peer.ipBlock.except ?? []).join(', ')}\n`);
    }
  }
}

export async function describeNetworkPolicy({ w }: Describing, object: KubeObject): Promise<void> {
  const { spec } = object as unknown as NetworkPolicy;
  writeHead(w, object.metadata);
  const created = (object.metadata.creationTimestamp ?? '').replace('T', ' ').replace('Z', ' +0000 UTC');
  w.write(0, `Created on:\t${created}\n`);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  const types = spec?.policyTypes ?? [];
  w.write(0, 'Spec:\n');
  const selector = formatLabelSelector(spec?.podSelector);
  const everything = !selector || selector === '<none>';
  w.write(
    1,
    `PodSelector: ${everything ? '    <none> (Allowing the specific traffic to all pods in this namespace)' : `    ${selector}`}\n`,
  );
  const part = (type: 'Ingress' | 'Egress', rules: { ports?: NetworkPolicyPort[]; peers: NetworkPolicyPeer[] }[]) => {
    if (!types.includes(type)) {
      w.write(1, `Not affecting ${type.toLowerCase()} traffic\n`);
      return;
    }
    w.write(1, `Allowing ${type.toLowerCase()} traffic:\n`);
    if (rules.length === 0) w.write(2, `<none> (Selected pods are isolated for ${type.toLowerCase()} connectivity)\n`);
    for (const [i, rule] of rules.entries()) {
      writePeers(w, type === 'Ingress' ? 'From' : 'To', rule.ports ?? [], rule.peers);
      if (i < rules.length - 1) w.write(2, '----------\n');
    }
  };
  part(
    'Ingress',
    (spec?.ingress ?? []).map((rule) => ({ ...(rule.ports ? { ports: rule.ports } : {}), peers: rule.from ?? [] })),
  );
  part(
    'Egress',
    (spec?.egress ?? []).map((rule) => ({ ...(rule.ports ? { ports: rule.ports } : {}), peers: rule.to ?? [] })),
  );
  w.write(1, `Policy Types: ${types.join(', ')}\n`);
}
