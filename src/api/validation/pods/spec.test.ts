// Specs of pods: other containers, the operating system, resources, the network, names, security.

import { expect, test } from 'vitest';
import { specErrors } from '../testing/pod-errors.ts';

test.each<[object, string[]]>([
  [
    {
      initContainers: [
        {
          name: 'c',
          image: 'i',
          lifecycle: {},
          livenessProbe: { exec: { command: ['a'] } },
          resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
          ports: [
            { containerPort: 1, hostPort: 1 },
            { containerPort: 2, hostPort: 1 },
          ],
        },
      ],
    },
    [
      'spec.initContainers[0].name: Duplicate value: "c"',
      'spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//1"',
      'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      'spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must not be set to \'RestartContainer\' for non-sidecar initContainers',
    ],
  ],
  [
    { initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always', startupProbe: {} }] },
    ['spec.initContainers[0].startupProbe: Required value: must specify a handler type'],
  ],
  [
    { ephemeralContainers: [{ name: 'e', image: 'i' }] },
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  [
    {
      os: { name: 'windows' },
      hostPID: true,
      hostUsers: true,
      shareProcessNamespace: false,
      securityContext: { fsGroup: 1, sysctls: [{ name: 'a', value: 'b' }] },
      containers: [
        { name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGHUP' }, securityContext: { privileged: false } },
      ],
      resources: { limits: { cpu: '1' } },
    },
    [
      'spec.containers[0].lifecycle.stopSignal: Unsupported value: "SIGHUP": supported values: "SIGKILL", "SIGTERM"',
      'spec.resources: Forbidden: may not be set for a windows pod',
      'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
      'spec.securityContext.sysctls: Forbidden: cannot be set for a windows pod',
      'spec.hostUsers: Forbidden: cannot be set for a windows pod',
      'spec.hostPID: Forbidden: cannot be set for a windows pod',
      'spec.shareProcessNamespace: Forbidden: cannot be set for a windows pod',
      'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    ],
  ],
  [
    { os: { name: 'linux' }, securityContext: { windowsOptions: { hostProcess: true } } },
    [
      'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
      'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ],
  ],
  [{ os: { name: '' } }, ['spec.os.name: Required value']],
  [{ os: { name: 'plan9' } }, ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"']],
  [
    {
      resources: {
        limits: { cpu: '1', 'ephemeral-storage': '1', foo: '1' },
        requests: { cpu: '500m' },
        claims: [{ name: 'x' }],
      },
      containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '2' }, requests: { cpu: '1' } } }],
    },
    [
      'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
      'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
      'spec.resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
      'spec.resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
      'spec.resources.requests[cpu]: Invalid value: "500m": must be greater than or equal to aggregate container requests of 1',
      'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ],
  ],
  [
    { hostNetwork: true, containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 81 }] }] },
    ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true'],
  ],
  [{ dnsPolicy: 'None' }, ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None']],
  [
    { dnsPolicy: 'None', dnsConfig: {} },
    ['spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None'],
  ],
  [
    {
      dnsPolicy: 'X',
      dnsConfig: {
        nameservers: ['1.1.1.1', '2', '::ffff:1.2.3.4', '010.1.1.1'],
        searches: ['.', 'a_b.', 'A'],
        options: [{}],
      },
    },
    [
      'spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","2","::ffff:1.2.3.4","010.1.1.1"]: must not have more than 3 nameservers',
      'spec.dnsConfig.nameservers[1]: Invalid value: "2": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'spec.dnsConfig.nameservers[2]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
      'spec.dnsConfig.nameservers[3]: Invalid value: "010.1.1.1": must not have leading 0s',
      "spec.dnsConfig.searches[2]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*')",
      'spec.dnsConfig.options[0]: Required value: must not be empty',
    ],
  ],
  [
    { hostAliases: [{ ip: 'x', hostnames: ['A'] }] },
    [
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'spec.hostAliases[0].hostnames[0]: Invalid value: "A": <subdomain>',
    ],
  ],
  [
    { hostnameOverride: 'A', setHostnameAsFQDN: true, hostNetwork: true },
    [
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
      'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
      'spec.hostnameOverride: Invalid value: "A": <subdomain>',
    ],
  ],
  [
    {
      hostname: 'a.b',
      subdomain: 'A',
      nodeName: 'N',
      serviceAccountName: 'A',
      priorityClassName: 'A',
      runtimeClassName: 'A',
      preemptionPolicy: 'X',
      activeDeadlineSeconds: 0,
    },
    [
      'spec.serviceAccountName: Invalid value: "A": <subdomain>',
      'spec.nodeName: Invalid value: "N": <subdomain>',
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
      'spec.hostname: Invalid value: "a.b": must not contain dots',
      'spec.subdomain: Invalid value: "A": <label>',
      'spec.priorityClassName: Invalid value: "A": <subdomain>',
      'spec.runtimeClassName: Invalid value: "A": <subdomain>',
      'spec.preemptionPolicy: Unsupported value: "X": supported values: "PreemptLowerPriority", "Never"',
    ],
  ],
  [
    {
      hostUsers: false,
      hostNetwork: true,
      hostPID: true,
      hostIPC: true,
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
      containers: [{ name: 'c', image: 'i', volumeDevices: [{ name: 'v', devicePath: '/d' }] }],
    },
    [
      'spec.hostNetwork: Forbidden: when `hostUsers` is false',
      'spec.HostPID: Forbidden: when `hostUsers` is false',
      'spec.HostIPC: Forbidden: when `hostUsers` is false',
      'spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is false',
    ],
  ],
  [
    {
      shareProcessNamespace: true,
      hostPID: true,
      securityContext: {
        supplementalGroups: [-1],
        fsGroupChangePolicy: 'X',
        supplementalGroupsPolicy: 'X',
        seLinuxChangePolicy: 'MountOption',
        sysctls: [
          { name: 'net.a', value: '' },
          { name: 'net.a', value: '' },
          { name: 'A', value: '' },
          { name: '', value: '' },
        ],
      },
      hostNetwork: true,
    },
    [
      'spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
      'spec.securityContext.sysctls[0].name: Invalid value: "net.a": may not be specified when \'hostNetwork\' is true',
      'spec.securityContext.sysctls[1].name: Duplicate value: "net.a"',
      'spec.securityContext.sysctls[1].name: Invalid value: "net.a": may not be specified when \'hostNetwork\' is true',
      'spec.securityContext.sysctls[2].name: Invalid value: "A": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
      'spec.securityContext.sysctls[3].name: Required value',
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "X": supported values: "Always", "OnRootMismatch"',
      'spec.securityContext.supplementalGroupsPolicy: Unsupported value: "X": supported values: "Merge", "Strict"',
      'spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"',
    ],
  ],
  [{ serviceAccount: 'a', serviceAccountName: 'b' }, []],
])('a spec %j', (row, errors) => expect(specErrors(row)).toEqual(errors));
