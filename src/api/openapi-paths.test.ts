import { describe, expect, test } from 'vitest';
import { openApiV3 } from './openapi-v3.ts';
import { resources } from './resources.ts';

interface Parameter {
  name: string;
  in: string;
  required?: true;
}
interface Operation {
  operationId: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: { $ref: string } }>; required?: true };
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string; type?: string } }> }>;
  'x-kubernetes-action': string;
  'x-kubernetes-group-version-kind': { group: string; version: string; kind: string };
}
type Path = Record<string, Operation> & { parameters: Parameter[] };

const pathsOf = (group: string, version: string) => openApiV3(group, version)['paths'] as Record<string, Path>;
const core = pathsOf('', 'v1');
const all = [...new Set(resources.map(({ group, version }) => `${group} ${version}`))].flatMap((gv) => {
  const [group = '', version = ''] = gv.split(' ');
  return Object.entries(pathsOf(group, version));
});
const operations = all.flatMap(([path, { parameters, ...rest }]) =>
  Object.entries(rest).map(([method, operation]) => ({ path, method, parameters, operation: operation as Operation })),
);
const pod = '/api/v1/namespaces/{namespace}/pods/{name}';
const said = (path: Path | undefined) =>
  Object.entries(path ?? {})
    .filter(([method]) => method !== 'parameters')
    .map(([method, operation]) => {
      const {
        operationId,
        'x-kubernetes-action': action,
        'x-kubernetes-group-version-kind': gvk,
      } = operation as Operation;
      return `${method} ${operationId} ${action} ${[gvk.group, gvk.version, gvk.kind].filter(Boolean).join('/')}`;
    });
const names = (parameters: Parameter[] = []) => parameters.map(({ name }) => name);

describe('operations have the ids, actions and kinds that upstream gives them', () => {
  test.each<[string, string[]]>([
    [
      '/api/v1/namespaces/{namespace}/pods',
      [
        'get listCoreV1NamespacedPod list v1/Pod',
        'post createCoreV1NamespacedPod post v1/Pod',
        'delete deleteCoreV1CollectionNamespacedPod deletecollection v1/Pod',
      ],
    ],
    [
      pod,
      [
        'get readCoreV1NamespacedPod get v1/Pod',
        'put replaceCoreV1NamespacedPod put v1/Pod',
        'patch patchCoreV1NamespacedPod patch v1/Pod',
        'delete deleteCoreV1NamespacedPod delete v1/Pod',
      ],
    ],
    ['/api/v1/pods', ['get listCoreV1PodForAllNamespaces list v1/Pod']],
    ['/api/v1/watch/pods', ['get watchCoreV1PodListForAllNamespaces watchlist v1/Pod']],
    ['/api/v1/watch/namespaces/{namespace}/pods', ['get watchCoreV1NamespacedPodList watchlist v1/Pod']],
    ['/api/v1/watch/namespaces/{namespace}/pods/{name}', ['get watchCoreV1NamespacedPod watch v1/Pod']],
    ['/api/v1/watch/nodes/{name}', ['get watchCoreV1Node watch v1/Node']],
    [
      `${pod}/status`,
      [
        'get readCoreV1NamespacedPodStatus get v1/Pod',
        'put replaceCoreV1NamespacedPodStatus put v1/Pod',
        'patch patchCoreV1NamespacedPodStatus patch v1/Pod',
      ],
    ],
    [
      `${pod}/resize`,
      [
        'get readCoreV1NamespacedPodResize get v1/Pod',
        'put replaceCoreV1NamespacedPodResize put v1/Pod',
        'patch patchCoreV1NamespacedPodResize patch v1/Pod',
      ],
    ],
    [
      `${pod}/ephemeralcontainers`,
      [
        'get readCoreV1NamespacedPodEphemeralcontainers get v1/Pod',
        'put replaceCoreV1NamespacedPodEphemeralcontainers put v1/Pod',
        'patch patchCoreV1NamespacedPodEphemeralcontainers patch v1/Pod',
      ],
    ],
    [`${pod}/log`, ['get readCoreV1NamespacedPodLog get v1/Pod']],
    [`${pod}/binding`, ['post createCoreV1NamespacedPodBinding post v1/Binding']],
    [`${pod}/eviction`, ['post createCoreV1NamespacedPodEviction post policy/v1/Eviction']],
    [
      `${pod}/exec`,
      [
        'get connectCoreV1GetNamespacedPodExec connect v1/PodExecOptions',
        'post connectCoreV1PostNamespacedPodExec connect v1/PodExecOptions',
      ],
    ],
    [
      `${pod}/attach`,
      [
        'get connectCoreV1GetNamespacedPodAttach connect v1/PodAttachOptions',
        'post connectCoreV1PostNamespacedPodAttach connect v1/PodAttachOptions',
      ],
    ],
    [
      `${pod}/portforward`,
      [
        'get connectCoreV1GetNamespacedPodPortforward connect v1/PodPortForwardOptions',
        'post connectCoreV1PostNamespacedPodPortforward connect v1/PodPortForwardOptions',
      ],
    ],
    [
      '/api/v1/nodes/{name}/proxy/{path}',
      ['Get', 'Put', 'Post', 'Delete', 'Options', 'Head', 'Patch'].map(
        (method) => `${method.toLowerCase()} connectCoreV1${method}NodeProxyWithPath connect v1/NodeProxyOptions`,
      ),
    ],
    [
      '/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token',
      ['post createCoreV1NamespacedServiceAccountToken post authentication.k8s.io/v1/TokenRequest'],
    ],
    ['/api/v1/namespaces/{name}/finalize', ['put replaceCoreV1NamespaceFinalize put v1/Namespace']],
    [
      '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale',
      [
        'get readAppsV1NamespacedDeploymentScale get autoscaling/v1/Scale',
        'put replaceAppsV1NamespacedDeploymentScale put autoscaling/v1/Scale',
        'patch patchAppsV1NamespacedDeploymentScale patch autoscaling/v1/Scale',
      ],
    ],
    [
      '/apis/certificates.k8s.io/v1/certificatesigningrequests/{name}/approval',
      [
        'get readCertificatesV1CertificateSigningRequestApproval get certificates.k8s.io/v1/CertificateSigningRequest',
        'put replaceCertificatesV1CertificateSigningRequestApproval put certificates.k8s.io/v1/CertificateSigningRequest',
        'patch patchCertificatesV1CertificateSigningRequestApproval patch certificates.k8s.io/v1/CertificateSigningRequest',
      ],
    ],
    [
      '/apis/rbac.authorization.k8s.io/v1/roles',
      ['get listRbacAuthorizationV1RoleForAllNamespaces list rbac.authorization.k8s.io/v1/Role'],
    ],
    [
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      ['post createAuthorizationV1SelfSubjectAccessReview post authorization.k8s.io/v1/SelfSubjectAccessReview'],
    ],
  ])('%s', (path, expected) => {
    expect(said(new Map(all).get(path))).toEqual(expected);
  });

  test('no two have the same', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.length).toBeGreaterThan(700);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('parameters', () => {
  test('stand in the path where they are in it, and each once', () => {
    for (const { path, parameters, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      expect([path, parameters.filter((each) => each.in === 'path').map(({ name }) => name)]).toEqual([path, inPath]);
      const both = [...parameters, ...(operation.parameters ?? [])].map((each) => `${each.in} ${each.name}`);
      expect([path, new Set(both).size]).toEqual([path, both.length]);
    }
  });

  test('are those that upstream takes', () => {
    const list = core['/api/v1/namespaces/{namespace}/pods'] as Path;
    expect(names(list.parameters)).toEqual(['namespace', 'pretty']);
    const listing = [
      'allowWatchBookmarks',
      'continue',
      'fieldSelector',
      'labelSelector',
      'limit',
      'resourceVersion',
      'resourceVersionMatch',
      'sendInitialEvents',
      'timeoutSeconds',
      'watch',
    ];
    expect(names(list['get']?.parameters)).toEqual(listing);
    expect(names(list['post']?.parameters)).toEqual(['dryRun', 'fieldManager', 'fieldValidation']);
    expect(names(list['delete']?.parameters)).toEqual([
      'continue',
      'dryRun',
      'fieldSelector',
      'gracePeriodSeconds',
      'ignoreStoreReadErrorWithClusterBreakingPotential',
      'labelSelector',
      'limit',
      'orphanDependents',
      'propagationPolicy',
      'resourceVersion',
      'resourceVersionMatch',
      'sendInitialEvents',
      'timeoutSeconds',
    ]);
    expect(names(core[pod]?.['patch']?.parameters)).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    // One operation: all of it at the path.
    expect(names(core['/api/v1/pods']?.parameters)).toEqual([...listing, 'pretty'].sort());
    expect(core['/api/v1/pods']?.['get']?.parameters).toBeUndefined();
    expect(names(core[`${pod}/log`]?.parameters)).toEqual([
      'container',
      'follow',
      'insecureSkipTLSVerifyBackend',
      'limitBytes',
      'name',
      'namespace',
      'pretty',
      'previous',
      'sinceSeconds',
      'stream',
      'tailLines',
      'timestamps',
    ]);
    expect(names(core[`${pod}/exec`]?.parameters)).toEqual([
      'command',
      'container',
      'name',
      'namespace',
      'stderr',
      'stdin',
      'stdout',
      'tty',
    ]);
  });
});

test('bodies and answers have their types', () => {
  const type = (ref = '') => ref.replace(/^.*\./, '');
  const { get, patch, delete: remove } = core[pod] as Path;
  expect(Object.keys(patch?.requestBody?.content ?? {})).toEqual([
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
  ]);
  expect(type(get?.responses['200']?.content?.['application/yaml']?.schema.$ref)).toBe('Pod');
  expect(type(remove?.requestBody?.content['*/*']?.schema.$ref)).toBe('DeleteOptions');
  expect(remove?.requestBody?.required).toBeUndefined();
  const eviction = core[`${pod}/eviction`]?.['post'];
  expect(eviction?.requestBody?.content['*/*']?.schema.$ref).toBe('#/components/schemas/io.k8s.api.policy.v1.Eviction');
  expect(Object.keys(eviction?.responses ?? {})).toEqual(['200', '201', '202', '401']);
  expect(core[`${pod}/exec`]?.['get']?.responses['200']?.content).toEqual({ '*/*': { schema: { type: 'string' } } });
});
