// The flow schemas and priority levels that every cluster has (apiserver/pkg/apis/flowcontrol/bootstrap): who asks for what, in which order it is found out, and at
// which priority it is served.

import type {
  FlowcontrolV1Subject,
  FlowSchema,
  FlowSchemaSpec,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
} from '../../api/generated/types.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
/** Objects so marked follow the server's idea of them when it changes. */
export const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
const annotations = { [autoUpdate]: 'true' };

function level(name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration {
  return { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name, annotations }, spec };
}

/** A level with shares and queues; without queues it rejects what is too much. */
function limited(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues?: number,
  handSize = 6,
): PriorityLevelConfiguration {
  const limitResponse =
    queues === undefined ? { type: 'Reject' } : { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } };
  return level(name, { type: 'Limited', limited: { nominalConcurrencyShares, lendablePercent, limitResponse } });
}

export const priorityLevels: readonly PriorityLevelConfiguration[] = [
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  limited('catch-all', 5, 0),
  limited('system', 30, 33, 64),
  limited('node-high', 40, 25, 64),
  limited('leader-election', 10, 0, 16, 4),
  limited('workload-high', 40, 50, 128),
  limited('workload-low', 100, 90, 128),
  limited('global-default', 20, 50, 128),
];

const groups = (...names: string[]): FlowcontrolV1Subject[] =>
  names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]): FlowcontrolV1Subject[] => names.map((name) => ({ kind: 'User', user: { name } }));
const everyone = groups('system:unauthenticated', 'system:authenticated');
const nodes = groups('system:nodes');
const systemAccounts: FlowcontrolV1Subject[] = [
  { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } },
];

const resources = (verbs: string[], group: string, names: string[], clusterScope: boolean): ResourcePolicyRule => ({
  verbs,
  apiGroups: [group],
  resources: names,
  namespaces: ['*'],
  ...(clusterScope && { clusterScope }),
});
const everything = {
  resourceRules: [resources(['*'], '*', ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};

function schema(
  name: string,
  priorityLevel: string,
  matchingPrecedence: number,
  distinguishedBy: 'ByUser' | 'ByNamespace' | undefined,
  rule: NonNullable<FlowSchemaSpec['rules']>[number],
): FlowSchema {
  const spec: FlowSchemaSpec = {
    priorityLevelConfiguration: { name: priorityLevel },
    matchingPrecedence,
    ...(distinguishedBy && { distinguisherMethod: { type: distinguishedBy } }),
    rules: [rule],
  };
  return { apiVersion, kind: 'FlowSchema', metadata: { name, annotations }, spec };
}

const leases = 'coordination.k8s.io';

export const flowSchemas: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, undefined, { subjects: groups('system:masters'), ...everything }),
  schema('probes', 'exempt', 2, undefined, {
    subjects: everyone,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...systemAccounts],
    resourceRules: [resources(['get', 'create', 'update'], leases, ['leases'], false)],
  }),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: nodes,
    resourceRules: [resources(['*'], '', ['nodes', 'nodes/status'], true), resources(['*'], leases, ['leases'], false)],
  }),
  schema('system-nodes', 'system', 500, 'ByUser', { subjects: nodes, ...everything }),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    subjects: users('system:kube-controller-manager'),
    ...everything,
  }),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', {
    subjects: users('system:kube-scheduler'),
    ...everything,
  }),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    subjects: systemAccounts,
    ...everything,
  }),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', {
    subjects: groups('system:serviceaccounts'),
    ...everything,
  }),
  schema('global-default', 'global-default', 9900, 'ByUser', { subjects: everyone, ...everything }),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', { subjects: everyone, ...everything }),
];

/** What is applied even where it has been deleted: nobody can lock the administrators out. */
export const mandatory: ReadonlySet<string> = new Set(['exempt', 'catch-all']);
