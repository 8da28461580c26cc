// The roles and bindings that every cluster has (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), in the notation of role-notation.ts: those that are on by default in v1.36.
//
// Our controllers run under the one identity of the controller manager, as upstream's do without --use-service-account-credentials; so it is bound to the role
// of every controller beside the controller's own service account.

import type { PolicyRule } from '../../api/generated/types.ts';
import { controllerRoles } from './controller-roles.ts';
import { namespaceRoles } from './namespace-roles.ts';
import { all, eventsRule, read, rule, write } from './role-notation.ts';

const controllerManager = 'system:kube-controller-manager';

const viewRules = [
  `${read} | core | configmaps, endpoints, persistentvolumeclaims, persistentvolumeclaims/status, pods, replicationcontrollers, replicationcontrollers/scale, serviceaccounts, services, services/status`,
  `${read} | core | bindings, events, limitranges, namespaces/status, pods/log, pods/status, replicationcontrollers/status, resourcequotas, resourcequotas/status`,
  `${read} | core | namespaces`,
  `${read} | discovery.k8s.io | endpointslices`,
  `${read} | apps | controllerrevisions, daemonsets, daemonsets/status, deployments, deployments/scale, deployments/status, replicasets, replicasets/scale, replicasets/status, statefulsets, statefulsets/scale, statefulsets/status`,
  `${read} | autoscaling | horizontalpodautoscalers, horizontalpodautoscalers/status`,
  `${read} | batch | cronjobs, cronjobs/status, jobs, jobs/status`,
  `${read} | extensions | daemonsets, daemonsets/status, deployments, deployments/scale, deployments/status, ingresses, ingresses/status, networkpolicies, replicasets, replicasets/scale, replicasets/status, replicationcontrollers/scale`,
  `${read} | policy | poddisruptionbudgets, poddisruptionbudgets/status`,
  `${read} | networking.k8s.io | ingresses, ingresses/status, networkpolicies`,
  `${read} | resource.k8s.io | resourceclaims, resourceclaims/status, resourceclaimtemplates`,
];
const editRules = [
  `${read} | core | pods/attach, pods/exec, pods/portforward, pods/proxy, secrets, services/proxy`,
  `impersonate | core | serviceaccounts`,
  `${write} | core | pods, pods/attach, pods/exec, pods/portforward, pods/proxy`,
  `create | core | pods/eviction`,
  `${write} | core | configmaps, events, persistentvolumeclaims, replicationcontrollers, replicationcontrollers/scale, secrets, serviceaccounts, services, services/proxy`,
  `create | core | serviceaccounts/token`,
  `${write} | apps | daemonsets, deployments, deployments/rollback, deployments/scale, replicasets, replicasets/scale, statefulsets, statefulsets/scale`,
  `${write} | autoscaling | horizontalpodautoscalers`,
  `${write} | batch | cronjobs, jobs`,
  `${write} | extensions | daemonsets, deployments, deployments/rollback, deployments/scale, ingresses, networkpolicies, replicasets, replicasets/scale, replicationcontrollers/scale`,
  `${write} | policy | poddisruptionbudgets`,
  `${write} | networking.k8s.io | ingresses, networkpolicies`,
  `${all} | coordination.k8s.io | leases`,
  `${write} | resource.k8s.io | resourceclaims, resourceclaimtemplates`,
];
const adminRules = [
  `create | authorization.k8s.io | localsubjectaccessreviews`,
  `${all} | rbac.authorization.k8s.io | rolebindings, roles`,
];

/** Rules by ClusterRole. */
const clusterRoles: Record<string, string[]> = {
  'cluster-admin': ['* | * | *', '* | *'],
  'system:discovery': [
    'get | /api, /api/*, /apis, /apis/*, /healthz, /livez, /openapi, /openapi/*, /readyz, /version, /version/',
  ],
  'system:monitoring': [
    'get | /healthz, /healthz/*, /livez, /livez/*, /metrics, /metrics/slis, /readyz, /readyz/*',
    'get | /flagz',
    'get | /statusz',
  ],
  'system:public-info-viewer': ['get | /healthz, /livez, /readyz, /version, /version/'],
  'system:basic-user': [
    'create | authorization.k8s.io | selfsubjectaccessreviews, selfsubjectrulesreviews',
    'create | authentication.k8s.io | selfsubjectreviews',
  ],
  'system:service-account-issuer-discovery': [
    'get | /.well-known/openid-configuration, /.well-known/openid-configuration/, /openid/v1/jwks, /openid/v1/jwks/',
  ],
  'system:aggregate-to-view': viewRules,
  'system:aggregate-to-edit': editRules,
  'system:aggregate-to-admin': adminRules,
  view: viewRules,
  edit: [...editRules, ...viewRules],
  admin: [...editRules, ...viewRules, ...adminRules],
  'system:auth-delegator': [
    'create | authentication.k8s.io | tokenreviews',
    'create | authorization.k8s.io | subjectaccessreviews',
  ],
  'system:kubelet-api-admin': [
    `${read} | core | nodes`,
    'proxy | core | nodes',
    '* | core | nodes/log, nodes/metrics, nodes/proxy, nodes/stats',
    '* | core | nodes/configz, nodes/healthz, nodes/pods',
  ],
  'system:node-bootstrapper': [`create,${read} | certificates.k8s.io | certificatesigningrequests`],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    'create | certificates.k8s.io | certificatesigningrequests/nodeclient',
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    'create | certificates.k8s.io | certificatesigningrequests/selfnodeclient',
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': [
    'approve | certificates.k8s.io | signers = kubernetes.io/kube-apiserver-client',
  ],
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': [
    'approve | certificates.k8s.io | signers = kubernetes.io/kube-apiserver-client-kubelet',
  ],
  'system:certificates.k8s.io:kubelet-serving-approver': [
    'approve | certificates.k8s.io | signers = kubernetes.io/kubelet-serving',
  ],
  'system:certificates.k8s.io:legacy-unknown-approver': [
    'approve | certificates.k8s.io | signers = kubernetes.io/legacy-unknown',
  ],
  'system:heapster': [`${read} | core | events, namespaces, nodes, pods`, `${read} | extensions | deployments`],
  'system:kube-aggregator': [`${read} | core | endpoints, services`],
  'system:node-problem-detector': ['get | core | nodes', 'patch | core | nodes/status', eventsRule],
  'system:node-proxier': [
    `list,watch | core | endpoints, services`,
    `${read} | core | nodes`,
    eventsRule,
    'list,watch | networking.k8s.io | servicecidrs',
    'list,watch | discovery.k8s.io | endpointslices',
  ],
  'system:kube-scheduler': [
    eventsRule,
    'create | coordination.k8s.io | leases',
    `update,${read} | coordination.k8s.io | leases = kube-scheduler`,
    `${all} | coordination.k8s.io | leasecandidates`,
    `${read} | core | nodes`,
    `delete,${read} | core | pods`,
    'create | core | bindings, pods/binding',
    'patch,update | core | pods/status',
    `${read} | core | replicationcontrollers, services`,
    `${read} | apps, extensions | replicasets`,
    `${read} | apps | statefulsets`,
    `${read} | policy | poddisruptionbudgets`,
    `${read} | core | persistentvolumeclaims, persistentvolumes`,
    'create | authentication.k8s.io | tokenreviews',
    'create | authorization.k8s.io | subjectaccessreviews',
    `${read} | storage.k8s.io | csinodes`,
    `${read} | storage.k8s.io | volumeattachments`,
    `${read} | core | namespaces`,
    `${read} | storage.k8s.io | csidrivers`,
    `${read} | storage.k8s.io | csistoragecapacities`,
    `${read} | resource.k8s.io | deviceclasses`,
    `patch,update,${read} | resource.k8s.io | resourceclaims`,
    `patch,update,${read} | resource.k8s.io | resourceclaims/status`,
    `patch,update,${read} | core | pods/finalizers`,
    `${read} | resource.k8s.io | resourceslices`,
  ],
  'system:volume-scheduler': [
    `${read},patch,update | core | persistentvolumes`,
    `${read} | storage.k8s.io | storageclasses`,
    `${read},patch,update | core | persistentvolumeclaims`,
  ],
  [controllerManager]: [
    eventsRule,
    'create | coordination.k8s.io | leases',
    'get,update | coordination.k8s.io | leases = kube-controller-manager',
    'create | core | secrets, serviceaccounts',
    'delete | core | secrets',
    'get | core | configmaps, namespaces, secrets, serviceaccounts',
    'update | core | secrets, serviceaccounts',
    'create | authentication.k8s.io | tokenreviews',
    'create | authorization.k8s.io | subjectaccessreviews',
    'list,watch | * | *',
    'create | core | serviceaccounts/token',
  ],
  'system:kube-dns': ['list,watch | core | endpoints, services', 'list,watch | discovery.k8s.io | endpointslices'],
  'system:persistent-volume-provisioner': [
    `create,delete,${read} | core | persistentvolumes`,
    `${read},update | core | persistentvolumeclaims`,
    `${read} | storage.k8s.io | storageclasses`,
    'watch | core | events',
    eventsRule,
  ],
};

const aggregation: Record<string, string> = { admin: 'admin', edit: 'edit', view: 'view' };
const aggregatedInto: Record<string, string[]> = {
  'system:aggregate-to-view': ['view'],
  'system:aggregate-to-edit': ['edit'],
  'system:aggregate-to-admin': ['admin'],
  view: ['edit'],
  edit: ['admin'],
};

/** By binding: the role, and subjects "Kind name"; service accounts are those of kube-system. */
const clusterRoleBindings: Record<string, [role: string, ...subjects: string[]]> = {
  'cluster-admin': ['cluster-admin', 'Group system:masters'],
  'system:monitoring': ['system:monitoring', 'Group system:monitoring'],
  'system:discovery': ['system:discovery', 'Group system:authenticated'],
  'system:basic-user': ['system:basic-user', 'Group system:authenticated'],
  'system:public-info-viewer': [
    'system:public-info-viewer',
    'Group system:authenticated',
    'Group system:unauthenticated',
  ],
  'system:node-proxier': ['system:node-proxier', 'User system:kube-proxy'],
  [controllerManager]: [controllerManager, `User ${controllerManager}`],
  'system:kube-scheduler': ['system:kube-scheduler', 'User system:kube-scheduler'],
  'system:volume-scheduler': ['system:volume-scheduler', 'User system:kube-scheduler'],
  'system:kube-dns': ['system:kube-dns', 'ServiceAccount kube-dns'],
  'system:node': ['system:node'],
  'system:service-account-issuer-discovery': [
    'system:service-account-issuer-discovery',
    'Group system:serviceaccounts',
  ],
};

const marks = {
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } as Record<string, string>,
};
const group = 'rbac.authorization.k8s.io';

function subject(text: string) {
  const [kind = '', name = ''] = text.split(' ');
  return kind === 'ServiceAccount' ? { kind, name, namespace: 'kube-system' } : { apiGroup: group, kind, name };
}

/** A binding, or within a namespace that of a Role of it. */
function binding(name: string, role: string, subjects: readonly string[], namespace?: string) {
  return {
    apiVersion: `${group}/v1`,
    kind: namespace ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: { name, ...(namespace && { namespace }), ...marks },
    roleRef: { apiGroup: group, kind: namespace ? 'Role' : 'ClusterRole', name: role },
    ...(subjects.length > 0 && { subjects: subjects.map(subject) }),
  };
}

function clusterRole(name: string, rules: PolicyRule[]) {
  const labels = { ...marks.labels };
  for (const into of aggregatedInto[name] ?? []) labels[`rbac.authorization.k8s.io/aggregate-to-${into}`] = 'true';
  const target = aggregation[name];
  return {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name, annotations: marks.annotations, labels },
    ...(target && {
      aggregationRule: {
        clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${target}`]: 'true' } }],
      },
    }),
    rules,
  };
}

/** Everything as objects by resource, to be created where they are not there. */
export function defaultRoles() {
  const controllers = Object.entries(controllerRoles);
  return {
    clusterroles: [
      ...Object.entries(clusterRoles).map(([name, rules]) => clusterRole(name, rules.map(rule))),
      clusterRole('system:node', nodeRules),
      ...controllers.map(([name, rules]) => clusterRole(`system:controller:${name}`, rules.map(rule))),
    ],
    clusterrolebindings: [
      ...Object.entries(clusterRoleBindings).map(([name, [role, ...subjects]]) => binding(name, role, subjects)),
      ...controllers.map(([name]) => {
        const role = `system:controller:${name}`;
        return binding(role, role, [`ServiceAccount ${name}`, `User ${controllerManager}`]);
      }),
    ],
    roles: namespaceRoles.map(({ namespace, name, rules }) => ({
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata: { name, namespace, ...marks },
      rules: rules.map(rule),
    })),
    rolebindings: namespaceRoles.map(({ namespace, name, binding: own = name, subjects }) =>
      binding(own, name, subjects, namespace),
    ),
  };
}

/** What a kubelet may do, before the node authorizer narrows it to its own node (bootstrappolicy.NodeRules). */
export const nodeRules: PolicyRule[] = [
  'create | authentication.k8s.io | tokenreviews',
  'create | authorization.k8s.io | localsubjectaccessreviews, subjectaccessreviews',
  `${read} | core | services`,
  `create,${read} | core | nodes`,
  'patch,update | core | nodes/status',
  'patch,update | core | nodes',
  'create,patch,update | core | events',
  `${read} | core | pods`,
  'create,delete | core | pods',
  'patch,update | core | pods/status',
  'create | core | pods/eviction',
  `${read} | core | configmaps, secrets`,
  'get | core | persistentvolumeclaims, persistentvolumes',
  'get | core | endpoints',
  'create,get,list,watch | certificates.k8s.io | certificatesigningrequests',
  'create,delete,get,patch,update | coordination.k8s.io | leases',
  'get | storage.k8s.io | volumeattachments',
  'create | core | serviceaccounts/token',
  'get,patch,update | core | persistentvolumeclaims/status',
  `${read} | storage.k8s.io | csidrivers`,
  'create,delete,get,patch,update | storage.k8s.io | csinodes',
  `${read} | node.k8s.io | runtimeclasses`,
  'get | resource.k8s.io | resourceclaims',
  'deletecollection | resource.k8s.io | resourceslices',
  'get | core | serviceaccounts',
].map(rule);
