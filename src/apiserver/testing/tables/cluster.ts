// Tables of configuration, access, policy and extension kinds.

import { AGO, at, meta, namespaced, type TableCase } from './case.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const admission = '/apis/admissionregistration.k8s.io/v1';
const flow = '/apis/flowcontrol.apiserver.k8s.io/v1';
const nameAge = 'Name string(name)|Age string';
const created = 'Name string(name)|Created At date';
const bindingColumns = 'Name string(name)|Role string|Age string|Users string*|Groups string*|ServiceAccounts string*';
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const subjects = [
  { kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' },
  { kind: 'User', name: 'bob', apiGroup: 'rbac.authorization.k8s.io' },
  { kind: 'Group', name: 'devs', apiGroup: 'rbac.authorization.k8s.io' },
  { kind: 'ServiceAccount', name: 'sa', namespace: 'n' },
];
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const webhook = (name: string) => ({
  name,
  clientConfig: { url: 'https://hook.example/' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
});
const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
const everything = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
};
const paramColumns = 'Name string(name)|PolicyName string|ParamRef string|Age string';

export const cluster: TableCase[] = [
  {
    path: '/api/v1/namespaces',
    object: { ...meta('space') },
    columns: 'Name string(name)|Status string|Age string',
    cells: ['space', 'Active', AGO],
  },
  {
    path: namespaced('/api/v1', 'configmaps'),
    object: { ...meta('cm'), data: { a: '1', b: '2' }, binaryData: { c: 'AA==' } },
    columns: 'Name string(name)|Data string|Age string',
    cells: ['cm', 3, AGO],
  },
  {
    path: namespaced('/api/v1', 'secrets'),
    object: { ...meta('secret'), data: { a: 'AA==' }, stringData: { b: 'x' } },
    columns: 'Name string(name)|Type string|Data string|Age string',
    cells: ['secret', 'Opaque', 2, AGO],
  },
  {
    path: namespaced('/api/v1', 'serviceaccounts'),
    object: { ...meta('robot'), secrets: [{ name: 'a' }, { name: 'b' }] },
    columns: 'Name string(name)|Secrets string|Age string',
    cells: ['robot', 2, AGO],
  },
  {
    path: namespaced('/api/v1', 'limitranges'),
    object: { ...meta('limits'), spec: { limits: [{ type: 'Container', max: { cpu: '2' } }] } },
    columns: created,
    cells: ['limits', at(0)],
  },
  {
    path: namespaced('/api/v1', 'resourcequotas'),
    object: { ...meta('quota'), spec: { hard: { pods: '10', 'limits.cpu': '4', 'requests.memory': '1024Mi' } } },
    status: {
      hard: { pods: '10', 'limits.cpu': '4', 'requests.memory': '1Gi' },
      used: { pods: '3', 'limits.cpu': '1500m' },
    },
    columns: 'Name string(name)|Request string|Limit string|Age string',
    cells: ['quota', 'pods: 3/10, requests.memory: 0/1Gi', 'limits.cpu: 1500m/4', AGO],
  },
  { path: namespaced(rbac, 'roles'), object: { ...meta('role'), rules }, columns: created, cells: ['role', at(0)] },
  { path: `${rbac}/clusterroles`, object: { ...meta('crole'), rules }, columns: created, cells: ['crole', at(0)] },
  {
    path: namespaced(rbac, 'rolebindings'),
    object: { ...meta('binding'), roleRef, subjects },
    columns: bindingColumns,
    cells: ['binding', 'ClusterRole/view', AGO, 'ann, bob', 'devs', 'n/sa'],
  },
  {
    path: `${rbac}/clusterrolebindings`,
    object: { ...meta('cbinding'), roleRef },
    columns: bindingColumns,
    cells: ['cbinding', 'ClusterRole/view', AGO, '', '', ''],
  },
  {
    path: namespaced('/apis/coordination.k8s.io/v1', 'leases'),
    object: { ...meta('lease'), spec: { holderIdentity: 'me' } },
    columns: 'Name string(name)|Holder string|Age string',
    cells: ['lease', 'me', AGO],
  },
  {
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    object: { ...meta('high'), value: 1000, preemptionPolicy: 'Never' },
    columns: 'Name string(name)|Value integer|Global-Default boolean|Age string|PreemptionPolicy string',
    cells: ['high', 1000, false, AGO, 'Never'],
  },
  {
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    object: { ...meta('gvisor'), handler: 'runsc' },
    columns: 'Name string(name)|Handler string|Age string',
    cells: ['gvisor', 'runsc', AGO],
  },
  {
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    object: {
      ...meta('things.example.com'),
      spec: {
        group: 'example.com',
        names: { kind: 'Thing', plural: 'things' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    },
    columns: created,
    cells: ['things.example.com', at(0)],
  },
  {
    path: '/apis/apiregistration.k8s.io/v1/apiservices',
    object: {
      ...meta('v1.metrics.example'),
      spec: {
        group: 'metrics.example',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { namespace: 'kube-system', name: 'metrics' },
      },
    },
    status: { conditions: [{ type: 'Available', status: 'False', reason: 'ServiceNotFound' }] },
    columns: 'Name string(name)|Service string|Available string|Age string',
    cells: ['v1.metrics.example', 'kube-system/metrics', 'False (ServiceNotFound)', AGO],
  },
  {
    path: `${admission}/validatingwebhookconfigurations`,
    object: { ...meta('vwc'), webhooks: [webhook('a.example.com'), webhook('b.example.com')] },
    columns: 'Name string(name)|Webhooks integer|Age string',
    cells: ['vwc', 2, AGO],
  },
  {
    path: `${admission}/mutatingwebhookconfigurations`,
    object: { ...meta('mwc'), webhooks: [webhook('a.example.com')] },
    columns: 'Name string(name)|Webhooks integer|Age string',
    cells: ['mwc', 1, AGO],
  },
  {
    path: `${admission}/validatingadmissionpolicies`,
    object: {
      ...meta('vap'),
      spec: { paramKind, matchConstraints: everything, validations: [{ expression: 'true' }, { expression: 'true' }] },
    },
    columns: 'Name string(name)|Validations integer|ParamKind string|Age string',
    cells: ['vap', 2, 'v1/ConfigMap', AGO],
  },
  {
    path: `${admission}/mutatingadmissionpolicies`,
    object: {
      ...meta('map'),
      spec: {
        matchConstraints: everything,
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      },
    },
    columns: 'Name string(name)|Mutations integer|ParamKind string|Age string',
    cells: ['map', 1, '<unset>', AGO],
  },
  {
    path: `${admission}/validatingadmissionpolicybindings`,
    object: {
      ...meta('vapb'),
      spec: {
        policyName: 'vap',
        validationActions: ['Deny'],
        paramRef: { name: 'p', parameterNotFoundAction: 'Deny' },
      },
    },
    columns: paramColumns,
    cells: ['vapb', 'vap', '*/p', AGO],
  },
  {
    path: `${admission}/mutatingadmissionpolicybindings`,
    object: {
      ...meta('mapb'),
      spec: {
        policyName: 'map',
        paramRef: {
          namespace: 'default',
          selector: { matchLabels: { a: '1' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] },
          parameterNotFoundAction: 'Allow',
        },
      },
    },
    columns: paramColumns,
    cells: [
      'mapb',
      'map',
      '&LabelSelector{MatchLabels:map[string]string{a: 1,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
      AGO,
    ],
  },
  {
    path: `${flow}/flowschemas`,
    object: {
      ...meta('mine'),
      spec: {
        matchingPrecedence: 700,
        priorityLevelConfiguration: { name: 'workload-low' },
        distinguisherMethod: { type: 'ByNamespace' },
      },
    },
    status: { conditions: [{ type: 'Dangling', status: 'False' }] },
    columns:
      'Name string(name)|PriorityLevel string|MatchingPrecedence string|DistinguisherMethod string|Age string|MissingPL string',
    cells: ['mine', 'workload-low', 700, 'ByNamespace', AGO, 'False'],
  },
  {
    path: `${flow}/prioritylevelconfigurations`,
    object: {
      ...meta('level'),
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 30,
          limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } },
        },
      },
    },
    columns:
      'Name string(name)|Type string|NominalConcurrencyShares string|Queues string|HandSize string|QueueLengthLimit string|Age string',
    cells: ['level', 'Limited', 30, 64, 6, 50, AGO],
  },
  {
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    object: {
      ...meta('csr'),
      spec: {
        request: btoa('-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n'),
        signerName: 'example.com/ours',
        usages: ['client auth'],
        expirationSeconds: 3600,
      },
    },
    columns:
      'Name string(name)|Age string|SignerName string|Requestor string|RequestedDuration string|Condition string',
    cells: ['csr', AGO, 'example.com/ours', 'kubernetes-admin', '60m', 'Pending'],
  },
  {
    path: '/apis/resource.k8s.io/v1/deviceclasses',
    object: { ...meta('gpu'), spec: {} },
    columns: nameAge,
    cells: ['gpu', AGO],
  },
  {
    path: namespaced('/apis/resource.k8s.io/v1', 'resourceclaimtemplates'),
    object: {
      ...meta('claims'),
      spec: { spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } },
    },
    columns: nameAge,
    cells: ['claims', AGO],
  },
  {
    path: namespaced('/apis/resource.k8s.io/v1', 'resourceclaims'),
    object: { ...meta('claim'), spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } },
    status: { allocation: {}, reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] },
    columns: 'Name string(name)|State string|Age string',
    cells: ['claim', 'allocated,reserved', AGO],
  },
  {
    path: '/apis/resource.k8s.io/v1/resourceslices',
    object: {
      ...meta('slice'),
      spec: { driver: 'gpu.example.com', pool: { name: 'pool', generation: 1, resourceSliceCount: 1 }, allNodes: true },
    },
    columns: 'Name string(name)|Node string|Driver string|Pool string|Age string',
    cells: ['slice', '', 'gpu.example.com', 'pool', AGO],
  },
];
