// Kinds whose whole life is walked through: what the official conformance tests call "API operations" or "lifecycle". One row each: the official test's name, the
// path of the collection (NS stands for a namespace), an object, and what to change.

export interface Row {
  test: string;
  path: string;
  object: Record<string, unknown>;
  /** A merge patch of the status subresource, and what must be seen of it. */
  status?: Record<string, unknown>;
}

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'busybox' }] } };
const condition = {
  type: 'StatusUpdate',
  status: 'True',
  reason: 'E2E',
  message: 'Set by the test',
  lastTransitionTime: '2024-01-01T00:00:00Z',
};
const policy = {
  matchConstraints: {
    resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
  },
};

// Made by OpenSSL once: CN=someone, O=testers.
const request =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIZk1JR0dBZ0VBTUNReEVEQU9CZ05WQkFNTUIzTnZiV1Z2Ym1VeEVEQU9CZ05WQkFvTUIzUmxjM1JsY25NdwpXVEFUQmdjcWhrak9QUUlCQmdncWhrak9QUU1CQndOQ0FBUXZBSFR2MStjRTZ0QXZac2psUUdrL3NiTCtUNjhYCnRXdGszQlB3TkRtdWErdkdRcFB6a2JWR0ZieHZsS0YzT2pFdUxUWkpFV0J5cWd2Q0taZVFTQk9ib0FBd0NnWUkKS29aSXpqMEVBd0lEU0FBd1JRSWdHMm1jQktzb1M1L3MyVmhGbUNHRmtURmNUdGlPUitKL2duY2xEamVPQjZBQwpJUURuNXp0VlJHdzlLdFhDQ2huU2NJMm9aVk9kMWxYSlRxZ2szYVRyMmoxQVFRPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==';

export const signingRequest = request;

export const rows: Row[] = [
  {
    test: 'API priority and fairness should support FlowSchema API operations',
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    object: {
      spec: {
        matchingPrecedence: 10000,
        priorityLevelConfiguration: { name: 'global-default' },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    },
    // The server has a condition of its own, and the last word on that.
    status: { conditions: [condition] },
  },
  {
    test: 'API priority and fairness should support PriorityLevelConfiguration API operations',
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    object: {
      spec: {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } },
      },
    },
    status: { conditions: [{ ...condition, type: 'Exercise' }] },
  },
  {
    test: 'MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations',
    path: '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies',
    object: {
      spec: {
        ...policy,
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' },
          },
        ],
      },
    },
  },
  {
    test: 'MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations',
    path: '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings',
    object: { spec: { policyName: 'nothing-of-that-name' } },
  },
  {
    test: 'ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations',
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    object: { spec: { ...policy, validations: [{ expression: 'object.spec.replicas <= 100' }] } },
    status: { conditions: [condition] },
  },
  {
    test: 'ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations',
    path: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
    object: { spec: { policyName: 'nothing-of-that-name', validationActions: ['Deny'] } },
  },
  {
    test: 'CronJob should support CronJob API operations',
    path: '/apis/batch/v1/namespaces/NS/cronjobs',
    object: {
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'OnFailure' } } } },
      },
    },
    status: { lastScheduleTime: '2024-01-01T00:00:00Z' },
  },
  {
    test: 'Certificates API [Privileged:ClusterAdmin] should support CSR API operations',
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    object: { spec: { request, signerName: 'example.com/e2e', usages: ['digital signature', 'client auth'] } },
    status: { certificate: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=' },
  },
  {
    test: 'ServiceAccounts should run through the lifecycle of a ServiceAccount',
    path: '/api/v1/namespaces/NS/serviceaccounts',
    object: {},
  },
  {
    test: 'Events should manage the lifecycle of an event',
    path: '/api/v1/namespaces/NS/events',
    object: {
      involvedObject: { kind: 'Pod', namespace: 'NS', name: 'a' },
      message: 'This is a test event',
      reason: 'Test',
      type: 'Normal',
      count: 1,
      source: { component: 'test' },
    },
  },
  {
    test: 'Events API should ensure that an event can be fetched, patched, deleted, and listed',
    path: '/apis/events.k8s.io/v1/namespaces/NS/events',
    object: {
      regarding: { kind: 'Pod', namespace: 'NS', name: 'a' },
      note: 'This is a test event',
      reason: 'Test',
      action: 'Do',
      type: 'Normal',
      reportingController: 'test-controller',
      reportingInstance: 'test-node',
      eventTime: '2024-01-01T00:00:00.000000Z',
    },
  },
  {
    test: 'Endpoints should test the lifecycle of an Endpoint',
    path: '/api/v1/namespaces/NS/endpoints',
    object: { subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }] },
  },
  {
    test: 'EndpointSlice should support creating EndpointSlice API operations',
    path: '/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices',
    object: {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4'], conditions: { ready: true } }],
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    },
  },
  {
    test: 'Ingress API should support creating Ingress API operations',
    path: '/apis/networking.k8s.io/v1/namespaces/NS/ingresses',
    object: {
      spec: { defaultBackend: { service: { name: 'default-backend', port: { number: 80 } } }, rules: [] },
    },
    status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
  },
  {
    test: 'IngressClass API should support creating IngressClass API operations',
    path: '/apis/networking.k8s.io/v1/ingressclasses',
    object: { spec: { controller: 'example.com/controller' } },
  },
  {
    test: 'ServiceCIDR and IPAddress API should support IPAddress API operations',
    path: '/apis/networking.k8s.io/v1/ipaddresses',
    object: {
      metadata: { name: '192.168.2.2' },
      spec: { parentRef: { group: '', resource: 'services', name: 'a', namespace: 'default' } },
    },
  },
  {
    test: 'ServiceCIDR and IPAddress API should support ServiceCIDR API operations',
    path: '/apis/networking.k8s.io/v1/servicecidrs',
    object: { spec: { cidrs: ['10.1.1.0/24'] } },
    status: { conditions: [condition] },
  },
  {
    test: 'ConfigMap should run through a ConfigMap lifecycle',
    path: '/api/v1/namespaces/NS/configmaps',
    object: { data: { valueName: 'value' } },
  },
  {
    test: 'Secrets should patch a secret',
    path: '/api/v1/namespaces/NS/secrets',
    object: { data: { key: 'dmFsdWU=' }, type: 'Opaque' },
  },
  {
    test: 'Lease lease API should be available',
    path: '/apis/coordination.k8s.io/v1/namespaces/NS/leases',
    object: {
      spec: {
        holderIdentity: 'holder',
        leaseDurationSeconds: 30,
        acquireTime: '2024-01-01T00:00:00.000000Z',
        renewTime: '2024-01-01T00:00:05.000000Z',
        leaseTransitions: 0,
      },
    },
  },
  {
    test: 'PodTemplates should run the lifecycle of PodTemplates',
    path: '/api/v1/namespaces/NS/podtemplates',
    object: { template },
  },
  {
    test: 'RuntimeClass should support RuntimeClasses API operations',
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    object: { handler: 'some-handler' },
  },
  {
    test: '[DRA] CRUD Tests resource.k8s.io/v1 DeviceClass',
    path: '/apis/resource.k8s.io/v1/deviceclasses',
    object: { spec: { selectors: [{ cel: { expression: 'device.driver == "e2e.example.com"' } }] } },
  },
  {
    test: '[DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim',
    path: '/apis/resource.k8s.io/v1/namespaces/NS/resourceclaims',
    object: { spec: { devices: { requests: [{ name: 'req', exactly: { deviceClassName: 'some-class' } }] } } },
    status: {
      allocation: { devices: { results: [{ request: 'req', driver: 'e2e.example.com', pool: 'p', device: 'd' }] } },
    },
  },
  {
    test: '[DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate',
    path: '/apis/resource.k8s.io/v1/namespaces/NS/resourceclaimtemplates',
    object: {
      spec: { spec: { devices: { requests: [{ name: 'req', exactly: { deviceClassName: 'some-class' } }] } } },
    },
  },
  {
    test: '[DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice',
    path: '/apis/resource.k8s.io/v1/resourceslices',
    object: {
      spec: {
        driver: 'e2e.example.com',
        nodeName: 'node-1',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'device-0' }],
      },
    },
  },
  {
    test: 'Node Lifecycle should run through the lifecycle of a node',
    path: '/api/v1/nodes',
    object: { spec: { unschedulable: true } },
    status: { phase: 'Pending' },
  },
  {
    test: 'LimitRange should list, patch and delete a LimitRange by collection',
    path: '/api/v1/namespaces/NS/limitranges',
    object: { spec: { limits: [{ type: 'Container', max: { cpu: '500m' }, defaultRequest: { cpu: '50m' } }] } },
  },
  {
    test: 'SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods',
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    object: { value: 1234, description: 'made by a test' },
  },
  {
    test: 'CSIInlineVolumes should run through the lifecycle of a CSIDriver',
    path: '/apis/storage.k8s.io/v1/csidrivers',
    object: { spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral'] } },
  },
  {
    test: 'CSINodes CSI Conformance should run through the lifecycle of a csinode',
    path: '/apis/storage.k8s.io/v1/csinodes',
    object: { spec: { drivers: [] } },
  },
  {
    test: 'CSIStorageCapacity should support CSIStorageCapacities API operations',
    path: '/apis/storage.k8s.io/v1/namespaces/NS/csistoragecapacities',
    object: { storageClassName: 'some-class', capacity: '1Gi', nodeTopology: {} },
  },
  {
    test: 'StorageClasses CSI Conformance should run through the lifecycle of a StorageClass',
    path: '/apis/storage.k8s.io/v1/storageclasses',
    object: { provisioner: 'e2e.example.com', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
  },
  {
    test: 'VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment',
    path: '/apis/storage.k8s.io/v1/volumeattachments',
    object: { spec: { attacher: 'e2e.example.com', nodeName: 'node-1', source: { persistentVolumeName: 'pv' } } },
  },
  {
    test: 'VolumeAttachment Conformance should apply changes to a volumeattachment status',
    path: '/apis/storage.k8s.io/v1/volumeattachments',
    object: { spec: { attacher: 'e2e.example.com', nodeName: 'node-1', source: { persistentVolumeName: 'pv' } } },
    status: { attached: true },
  },
  {
    test: 'VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass',
    path: '/apis/storage.k8s.io/v1/volumeattributesclasses',
    object: { driverName: 'e2e.example.com', parameters: { tier: 'gold' } },
  },
];
