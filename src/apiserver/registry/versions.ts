// Kinds that are served at more than one version, and how their objects cross: HorizontalPodAutoscaler (autoscaling/v1 over v2) and Event
// (events.k8s.io/v1 over v1). The storage version is the one that loses nothing.

import type { KubeObject } from '../object.ts';

/** By "plural.group/version". */
export type Conversions = Record<
  string,
  { fromStorage: (object: KubeObject) => KubeObject; toStorage: (object: KubeObject) => KubeObject }
>;

type Fields = Record<string, unknown>;

interface CpuMetric {
  type: string;
  resource?: { name: string; target?: { averageUtilization?: number }; current?: { averageUtilization?: number } };
}

const isCpu = (metric: CpuMetric) => metric.type === 'Resource' && metric.resource?.name === 'cpu';
const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';
const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions';
const behaviorAnnotation = 'autoscaling.alpha.kubernetes.io/behavior';

function autoscalerToV1(object: KubeObject): KubeObject {
  const { metrics, behavior, ...spec } = (object['spec'] ?? {}) as Fields & {
    metrics?: CpuMetric[];
    behavior?: unknown;
  };
  const { currentMetrics, conditions, ...status } = (object['status'] ?? {}) as Fields & {
    currentMetrics?: CpuMetric[];
    conditions?: unknown[];
  };
  const cpu = metrics?.find((metric) => isCpu(metric) && metric.resource?.target?.averageUtilization !== undefined);
  const others = metrics?.filter((metric) => metric !== cpu) ?? [];
  const current = currentMetrics?.find(isCpu)?.resource?.current?.averageUtilization;
  const annotations = {
    ...object.metadata.annotations,
    ...(others.length > 0 && { [metricsAnnotation]: JSON.stringify(others) }),
    ...(behavior !== undefined && { [behaviorAnnotation]: JSON.stringify(behavior) }),
    ...(conditions && conditions.length > 0 && { [conditionsAnnotation]: JSON.stringify(conditions) }),
  };
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: Object.keys(annotations).length > 0 ? { ...object.metadata, annotations } : object.metadata,
    spec: { ...spec, ...(cpu && { targetCPUUtilizationPercentage: cpu.resource?.target?.averageUtilization }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  };
}

function autoscalerFromV1(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = (object['spec'] ?? {}) as Fields;
  const { currentCPUUtilizationPercentage: current, ...status } = (object['status'] ?? {}) as Fields;
  const {
    [metricsAnnotation]: metrics,
    [behaviorAnnotation]: behavior,
    [conditionsAnnotation]: conditions,
    ...annotations
  } = object.metadata.annotations ?? {};
  const list: unknown[] = metrics ? JSON.parse(metrics) : [];
  if (target !== undefined)
    list.unshift({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } },
    });
  const { annotations: _, ...metadata } = object.metadata;
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata,
    spec: {
      ...spec,
      ...(list.length > 0 && { metrics: list }),
      ...(behavior && { behavior: JSON.parse(behavior) }),
    },
    status: {
      ...status,
      ...(conditions && { conditions: JSON.parse(conditions) }),
      ...(current !== undefined && {
        currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }],
      }),
    },
  };
}

// Field names of events.k8s.io/v1 and of v1.
const eventNames = [
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const;

function renamed(object: KubeObject, apiVersion: string, from: 0 | 1, to: 0 | 1): KubeObject {
  const names = new Map(eventNames.map((pair) => [pair[from] as string, pair[to] as string]));
  const out: KubeObject = { apiVersion, kind: object.kind, metadata: object.metadata };
  for (const [field, value] of Object.entries(object))
    if (field !== 'apiVersion') out[names.get(field) ?? field] = value;
  return out;
}

export const conversions: Conversions = {
  'horizontalpodautoscalers.autoscaling/v1': { fromStorage: autoscalerToV1, toStorage: autoscalerFromV1 },
  'events.events.k8s.io/v1': {
    fromStorage: (object) => renamed(object, 'events.k8s.io/v1', 1, 0),
    toStorage: (object) => renamed(object, 'v1', 0, 1),
  },
};
