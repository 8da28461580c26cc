// JSON of objects that kubectl itself has made: their fields come in the order of the API's Go types, not sorted as the server's objects are.

import type { Json } from '../../env/env.ts';

const order = [
  'kind apiVersion metadata name generateName namespace uid labels annotations ownerReferences controller',
  'immutable data binaryData stringData aggregationRule subjects rules roleRef apiGroup value globalDefault description preemptionPolicy',
  'spec scaleTargetRef minReplicas maxReplicas metrics ingressClassName defaultBackend tls hosts secretName host http paths path pathType backend service',
  'schedule jobTemplate replicas selector matchLabels template strategy minAvailable maxUnavailable hard scopes',
  'containers image command args protocol port targetPort nodePort containerPort ports env resources imagePullPolicy securityContext stdin stdinOnce tty',
  'restartPolicy dnsPolicy clusterIP type externalIPs sessionAffinity loadBalancerIP externalName number',
  'verbs apiGroups resourceNames nonResourceURLs resource target averageUtilization averageValue status',
]
  .join(' ')
  .split(' ');
const rank = new Map(order.map((name, i) => [name, i]));
const maps = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'data',
  'binaryData',
  'stringData',
  'hard',
  'limits',
  'requests',
]);

function reorder(value: Json, field: string): Json {
  if (Array.isArray(value)) return value.map((item) => reorder(item, field));
  if (typeof value !== 'object' || value === null) return value;
  const places = new Map(Object.keys(value).map((key, i) => [key, rank.get(key) ?? order.length + i]));
  const keys = Object.keys(value).sort((a, b) =>
    maps.has(field) ? (a < b ? -1 : 1) : places.get(a)! - places.get(b)!,
  );
  return Object.fromEntries(keys.map((key) => [key, reorder(value[key]!, key)]));
}

/** An indented document in the order of the types, newline at the end. */
export const toTypedJson = (value: Json): string => `${JSON.stringify(reorder(value, ''), null, 4)}\n`;
