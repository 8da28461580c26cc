// Tables of services, endpoints, ingresses, nodes and events.

import { AGO, at, meta, namespaced, type TableCase } from './case.ts';

const networking = '/apis/networking.k8s.io/v1';
const serviceColumns =
  'Name string(name)|Type string|Cluster-IP string|External-IP string|Port(s) string|Age string|Selector string*';
const eventColumns =
  'Last Seen string|Type string|Reason string|Object string|Subobject string*|Source string*|Message string|First Seen string*|Count string*|Name string(name)*';

export const network: TableCase[] = [
  {
    path: namespaced('/api/v1', 'services'),
    object: {
      ...meta('balanced'),
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.7.7',
        externalIPs: ['1.2.3.4'],
        ports: [
          { name: 'a', port: 80, nodePort: 30080 },
          { name: 'b', port: 53, protocol: 'UDP', nodePort: 30053 },
        ],
        selector: { b: '2', a: '1' },
      },
    },
    status: { loadBalancer: { ingress: [{ hostname: 'lb.example' }, { ip: '9.9.9.9' }] } },
    columns: serviceColumns,
    cells: [
      'balanced',
      'LoadBalancer',
      '10.96.7.7',
      '9.9.9.9,lb.example,1.2.3.4',
      '80:30080/TCP,53:30053/UDP',
      AGO,
      'a=1,b=2',
    ],
  },
  {
    path: namespaced('/api/v1', 'services'),
    object: { ...meta('elsewhere'), spec: { type: 'ExternalName', externalName: 'db.example' } },
    columns: serviceColumns,
    cells: ['elsewhere', 'ExternalName', '<none>', 'db.example', '<none>', AGO, '<none>'],
  },
  {
    path: namespaced('/api/v1', 'services'),
    object: { ...meta('headless'), spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
    columns: serviceColumns,
    cells: ['headless', 'ClusterIP', 'None', '<none>', '80/TCP', AGO, '<none>'],
  },
  {
    path: namespaced('/api/v1', 'endpoints'),
    object: {
      ...meta('four'),
      subsets: [{ addresses: ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] }],
    },
    columns: 'Name string(name)|Endpoints string|Age string',
    cells: ['four', '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...', AGO],
  },
  {
    path: namespaced('/api/v1', 'endpoints'),
    object: { ...meta('nothing') },
    columns: 'Name string(name)|Endpoints string|Age string',
    cells: ['nothing', '<none>', AGO],
  },
  {
    path: namespaced('/apis/discovery.k8s.io/v1', 'endpointslices'),
    object: {
      ...meta('slice'),
      addressType: 'IPv4',
      ports: [{ name: 'a', port: 80 }, { name: 'b' }],
      endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    },
    columns: 'Name string(name)|AddressType string|Ports string|Endpoints string|Age string',
    cells: ['slice', 'IPv4', '80,b', '10.0.0.1,10.0.0.2', AGO],
  },
  {
    path: namespaced('/apis/discovery.k8s.io/v1', 'endpointslices'),
    object: { ...meta('slice-empty'), addressType: 'IPv6', endpoints: [] },
    columns: 'Name string(name)|AddressType string|Ports string|Endpoints string|Age string',
    cells: ['slice-empty', 'IPv6', '<unset>', '<unset>', AGO],
  },
  {
    path: namespaced(networking, 'ingresses'),
    object: {
      ...meta('four-hosts'),
      spec: {
        ingressClassName: 'nginx',
        tls: [{ secretName: 's' }],
        rules: ['a', 'b', 'c', 'd'].map((h) => ({ host: `${h}.example` })),
      },
    },
    status: { loadBalancer: { ingress: [{ ip: '9.9.9.9' }, { ip: '1.1.1.1' }, { ip: '9.9.9.9' }] } },
    columns: 'Name string(name)|Class string|Hosts string|Address string|Ports string|Age string',
    cells: ['four-hosts', 'nginx', 'a.example,b.example,c.example + 1 more...', '1.1.1.1,9.9.9.9', '80, 443', AGO],
  },
  {
    path: namespaced(networking, 'ingresses'),
    object: {
      ...meta('by-annotation', { annotations: { 'kubernetes.io/ingress.class': 'old' } }),
      spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
    },
    columns: 'Name string(name)|Class string|Hosts string|Address string|Ports string|Age string',
    cells: ['by-annotation', '<none>', '*', '', '80', AGO],
  },
  {
    path: `${networking}/ingressclasses`,
    object: {
      ...meta('ours', { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } }),
      spec: {
        controller: 'example.com/ours',
        parameters: { apiGroup: 'k8s.example.com', kind: 'Settings', name: 'x' },
      },
    },
    columns: 'Name string(name)|Controller string|Parameters string|Age string',
    cells: ['ours (default)', 'example.com/ours', 'Settings.k8s.example.com/x', AGO],
  },
  {
    path: namespaced(networking, 'networkpolicies'),
    object: { ...meta('np'), spec: { podSelector: { matchLabels: { app: 'db' } } } },
    columns: 'Name string(name)|Pod-Selector string|Age string',
    cells: ['np', 'app=db', AGO],
  },
  {
    path: `${networking}/ipaddresses`,
    object: {
      ...meta('10.97.0.9'),
      spec: { parentRef: { group: 'example.com', resource: 'things', namespace: 'n', name: 'x' } },
    },
    columns: 'Name string(name)|ParentRef string',
    cells: ['10.97.0.9', 'things.example.com/n/x', AGO],
  },
  {
    path: `${networking}/servicecidrs`,
    // as the server's keeper of ranges makes it, so that it changes nothing
    object: {
      metadata: { name: 'more', finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
      spec: { cidrs: ['10.120.0.0/16', 'fd00::/112'] },
      status: {
        conditions: [
          { type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
    columns: 'Name string(name)|CIDRs string|Age string',
    cells: ['more', '10.120.0.0/16,fd00::/112', AGO],
  },
  {
    path: '/api/v1/nodes',
    object: {
      ...meta('node-9', { labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge' } }),
      spec: { unschedulable: true },
    },
    status: {
      conditions: [{ type: 'Ready', status: 'Unknown' }],
      addresses: [{ type: 'InternalIP', address: '172.18.0.9' }],
      nodeInfo: {
        kubeletVersion: 'v1.36.0',
        osImage: 'Debian',
        kernelVersion: '',
        containerRuntimeVersion: 'crun://1',
        architecture: '386',
        bootID: '',
        kubeProxyVersion: '',
        machineID: '',
        operatingSystem: 'linux',
        systemUUID: '',
      },
    },
    columns:
      'Name string(name)|Status string|Roles string|Age string|Version string|Internal-IP string*|External-IP string*|OS-Image string*|Kernel-Version string*|Container-Runtime string*',
    cells: [
      'node-9',
      'NotReady,SchedulingDisabled',
      'edge,worker',
      AGO,
      'v1.36.0',
      '172.18.0.9',
      '<none>',
      'Debian',
      '<unknown>',
      'crun://1',
    ],
  },
  {
    path: namespaced('/api/v1', 'events'),
    object: {
      ...meta('counted'),
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'p', fieldPath: 'spec.containers{a}' },
      firstTimestamp: at(0),
      lastTimestamp: at(240),
      count: 3,
      type: 'Warning',
      reason: 'BackOff',
      message: 'back-off\n',
      source: { component: 'kubelet', host: 'node-1' },
    },
    columns: eventColumns,
    cells: [
      '60s',
      'Warning',
      'BackOff',
      'pod/p',
      'spec.containers{a}',
      'kubelet, node-1',
      'back-off',
      AGO,
      3,
      'counted',
    ],
  },
  {
    path: namespaced('/apis/events.k8s.io/v1', 'events'),
    object: {
      ...meta('series'),
      regarding: { kind: 'Node', namespace: 'default', name: 'n' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      series: { count: 4, lastObservedTime: '2026-01-01T00:03:00.000000Z' },
      type: 'Normal',
      reason: 'Seen',
      action: 'Look',
      note: 'seen',
      reportingController: 'example.com/eye',
      reportingInstance: 'eye-1',
    },
    columns: eventColumns,
    cells: ['2m', 'Normal', 'Seen', 'node/n', '', 'example.com/eye, eye-1', 'seen', AGO, 4, 'series'],
  },
];
