// Containers of pods. Errors are those of spec.containers[0].

import { expect, test } from 'vitest';
import { containerErrors } from '../testing/pod-errors.ts';

const place = 'spec.containers[0]';
const within = (errors: string[]) =>
  errors.map((error) => (error.startsWith(place) ? error.slice(place.length) : `/${error}`));

test.each<[object, string[]]>([
  [{ image: ' nginx' }, ['.image: Invalid value: " nginx": must not have leading or trailing whitespace']],
  [
    { terminationMessagePolicy: 'X' },
    ['.terminationMessagePolicy: Unsupported value: "X": supported values: "File", "FallbackToLogsOnError"'],
  ],
  [
    {
      ports: [
        { name: 'a--b', containerPort: 0, protocol: 'X' },
        { name: 'web', containerPort: 1, hostPort: 70000 },
        { name: 'web', containerPort: 2, hostPort: 1 },
        { containerPort: 3, hostPort: 1 },
      ],
    },
    [
      '.ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens',
      '.ports[0].containerPort: Required value',
      '.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      '.ports[1].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      '.ports[2].name: Duplicate value: "web"',
      '.ports[3].hostPort: Duplicate value: "TCP//1"',
    ],
  ],
  [
    {
      env: [
        { name: '' },
        { name: 'a=b' },
        { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
        { name: 'C', valueFrom: { fieldRef: { fieldPath: "metadata.labels['-']" } } },
        { name: 'D', valueFrom: { fieldRef: { fieldPath: "spec.x['a']" } } },
        { name: 'E', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } },
      ],
    },
    [
      '.env[0].name: Required value',
      '.env[1].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      '.env[2].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      '.env[3].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      '.env[4].valueFrom.fieldRef: Invalid value: "-": <qualified>',
      ".env[5].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.x['a']\": error converting fieldPath: field label does not support subscript: spec.x['a']",
      '.env[6].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x',
    ],
  ],
  [
    {
      env: [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } },
        { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'requests.hugepages-2Mi', divisor: '3' } } },
        { name: 'D', valueFrom: { secretKeyRef: { name: '', key: '' } } },
        { name: 'E', valueFrom: { configMapKeyRef: { name: 'a', key: 'a/b' }, secretKeyRef: { name: 's', key: 'k' } } },
      ],
    },
    [
      '.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
      '.env[1].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
      '.env[2].valueFrom.resourceFieldRef.divisor: Invalid value: "requests.hugepages-2Mi": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the hugepages resource',
      '.env[3].valueFrom.secretKeyRef.name: Invalid value: "": <subdomain>',
      '.env[3].valueFrom.secretKeyRef.key: Required value',
      ".env[4].valueFrom.configMapKeyRef.key: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      '.env[4].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
  ],
  [
    {
      env: [
        { name: 'A', valueFrom: { fileKeyRef: { key: '', volumeName: 'X', path: '../a' } } },
        { name: 'B', valueFrom: { fileKeyRef: { key: 'k', volumeName: 'nope', path: 'a' } } },
      ],
    },
    [
      '.env[0].valueFrom.fileKeyRef.key: Required value',
      '.env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "X": <label>',
      '.env[0].valueFrom.fileKeyRef.path: Invalid value: "../a": must not contain \'..\'',
      '.env[0].valueFrom.fileKeyRef.volumeName: Not found: "X"',
      '.env[1].valueFrom.fileKeyRef.volumeName: Not found: "nope"',
    ],
  ],
  [
    {
      envFrom: [
        { prefix: 'a=', configMapRef: { name: '' } },
        {},
        { configMapRef: { name: 'A' }, secretRef: { name: 's' } },
      ],
    },
    [
      '.envFrom[0].prefix: Invalid value: "a=": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      '.envFrom[0].configMapRef.name: Required value',
      '.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
      '.envFrom[2].configMapRef.name: Invalid value: "A": <subdomain>',
      '.envFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
  ],
  [
    {
      volumeMounts: [
        { name: 'v', mountPath: '' },
        { name: 'ok', mountPath: '/a', subPath: '../x', subPathExpr: '/y' },
        { name: 'ok', mountPath: '/a', mountPropagation: 'Bidirectional', recursiveReadOnly: 'Enabled' },
        { name: 'ok', mountPath: '/c', mountPropagation: 'X', recursiveReadOnly: 'Y' },
      ],
      volumeDevices: [
        { name: 'ok', devicePath: '/c' },
        { name: 'ok', devicePath: '/../d' },
        { name: '', devicePath: '' },
      ],
    },
    [
      '.volumeMounts[0].name: Not found: "v"',
      '.volumeMounts[0].mountPath: Required value',
      '.volumeMounts[0].mountPath: Invalid value: "": must not already exist as a path in volumeDevices',
      '.volumeMounts[1].name: Not found: "ok"',
      '.volumeMounts[1].name: Invalid value: "ok": must not already exist in volumeDevices',
      '.volumeMounts.subPath: Invalid value: "../x": must not contain \'..\'',
      '.volumeMounts[1].subPathExpr: Invalid value: "/y": subPathExpr and subPath are mutually exclusive',
      '.volumeMounts.subPathExpr: Invalid value: "/y": must be a relative path',
      '.volumeMounts[2].name: Not found: "ok"',
      '.volumeMounts[2].mountPath: Invalid value: "/a": must be unique',
      '.volumeMounts[2].name: Invalid value: "ok": must not already exist in volumeDevices',
      '.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      '.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
      '.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
      '.volumeMounts[3].name: Not found: "ok"',
      '.volumeMounts[3].name: Invalid value: "ok": must not already exist in volumeDevices',
      '.volumeMounts[3].mountPath: Invalid value: "/c": must not already exist as a path in volumeDevices',
      '.volumeMounts.mountPropagation: Unsupported value: "X": supported values: "Bidirectional", "HostToContainer", "None"',
      '.volumeMounts.recursiveReadOnly: Unsupported value: "Y": supported values: "Disabled", "Enabled", "IfPossible"',
      '.volumeDevices[0].name: Not found: "ok"',
      '.volumeDevices[0].name: Invalid value: "ok": must not already exist in volumeMounts',
      '.volumeDevices[0].devicePath: Invalid value: "/c": must not already exist as a path in volumeMounts',
      '.volumeDevices[1].name: Invalid value: "ok": must be unique',
      '.volumeDevices[1].name: Not found: "ok"',
      '.volumeDevices[1].devicePath: Invalid value: "/../d": can not contain backsteps (\'..\')',
      '.volumeDevices[1].name: Invalid value: "ok": must not already exist in volumeMounts',
      '.volumeDevices[2].name: Required value',
      '.volumeDevices[2].name: Not found: ""',
      '.volumeDevices[2].devicePath: Required value',
      '.volumeDevices[2].devicePath: Invalid value: "": must not already exist as a path in volumeMounts',
    ],
  ],
  [
    { imagePullPolicy: '', resources: { limits: { 'hugepages-2Mi': '3Mi' }, requests: { 'hugepages-2Mi': '2Mi' } } },
    [
      '.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      '.resources.requests: Invalid value: "2Mi": must be equal to hugepages-2Mi limit of 3Mi',
      '.resources: Forbidden: HugePages require cpu or memory',
    ],
  ],
  [
    {
      resources: {
        limits: { cpu: '-1', gpu: '1', 'x.io/a': '1500m', 'requests.x.io/b': '1' },
        requests: { memory: '1', 'x.io/c': '1' },
      },
    },
    [
      '.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      '.resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      '.resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      '.resources.limits[x.io/a]: Invalid value: "1500m": must be an integer',
      '.resources.limits[requests.x.io/b]: Invalid value: "requests.x.io/b": doesn\'t follow extended resource name standard',
      '.resources.limits: Required value: Limit must be set for non overcommitable resources',
      '.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      '.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      '.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      '.resources.requests[x.io/a]: Invalid value: "1500m": must be an integer',
      '.resources.requests[requests.x.io/b]: Invalid value: "requests.x.io/b": doesn\'t follow extended resource name standard',
    ],
  ],
  [
    { resources: { claims: [{ name: 'a' }, { name: 'a', request: 'R' }, { name: '' }] } },
    [
      '.resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty',
      '.resources.claims[1]: Duplicate value: "a"',
      '.resources.claims[1]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty',
      '.resources.claims[2]: Required value',
    ],
  ],
  [
    {
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'X' },
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'gpu', restartPolicy: 'NotRequired' },
      ],
    },
    [
      '.resizePolicy: Unsupported value: "X": supported values: "NotRequired", "RestartContainer"',
      '.resizePolicy[1]: Duplicate value: "cpu"',
      '.resizePolicy: Unsupported value: "gpu": supported values: "cpu", "memory"',
    ],
  ],
  [
    {
      livenessProbe: {
        httpGet: { port: 'A', scheme: 'ftp', httpHeaders: [{ name: 'a b', value: '' }] },
        exec: { command: [] },
        successThreshold: 2,
        periodSeconds: -1,
        terminationGracePeriodSeconds: 0,
      },
    },
    [
      '.livenessProbe.exec.command: Required value',
      '.livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type',
      '.livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
      '.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
      '.livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
  ],
  [
    { readinessProbe: { grpc: { port: 0 }, terminationGracePeriodSeconds: 5 } },
    [
      '.readinessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      '.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes',
    ],
  ],
  [
    { startupProbe: { tcpSocket: { port: 70000 }, successThreshold: 3 } },
    [
      '.startupProbe.tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      '.startupProbe.successThreshold: Invalid value: 3: must be 1',
    ],
  ],
  [
    { lifecycle: { preStop: { sleep: { seconds: 31 } }, postStart: {}, stopSignal: 'SIGFOO' } },
    [
      '.lifecycle.postStart: Required value: must specify a handler type',
      '.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
      '.lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`',
    ],
  ],
  [
    { restartPolicyRules: [{ action: 'X' }] },
    [
      '.restartPolicy: Required value: must specify restartPolicy when restart rules are used',
      '.restartPolicyRules[0].action: Unsupported value: "X": supported values: "Restart", "RestartAllContainers"',
      '.restartPolicyRules[0].exitCodes: Required value: must be specified',
    ],
  ],
  [
    {
      restartPolicy: 'Sometimes',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'X', values: [1] } }],
    },
    [
      '.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
      '.restartPolicyRules[0].exitCodes.operator: Unsupported value: "X": supported values: "In", "NotIn"',
    ],
  ],
  [
    {
      securityContext: {
        runAsUser: -1,
        procMount: 'Unmasked',
        seccompProfile: { type: 'Localhost' },
        privileged: true,
        allowPrivilegeEscalation: false,
        capabilities: { add: ['CAP_SYS_ADMIN'] },
      },
    },
    [
      '.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      '.securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
      '.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
      '.securityContext: Invalid value: {"Capabilities":{"Add":["CAP_SYS_ADMIN"],"Drop":null},"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":-1,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":"Unmasked","SeccompProfile":{"Type":"Localhost","LocalhostProfile":null},"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      '.securityContext: Invalid value: {"Capabilities":{"Add":["CAP_SYS_ADMIN"],"Drop":null},"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":-1,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":"Unmasked","SeccompProfile":{"Type":"Localhost","LocalhostProfile":null},"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    ],
  ],
  [
    {
      securityContext: {
        procMount: 'X',
        seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'x' },
        appArmorProfile: { type: 'Localhost', localhostProfile: ' a' },
        windowsOptions: { runAsUserName: 'a\\b\\c', gmsaCredentialSpec: '' },
      },
    },
    [
      '.securityContext.procMount: Unsupported value: "X": supported values: "Default", "Unmasked"',
      '.securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"RuntimeDefault","LocalhostProfile":"x"}: can only be set when seccomp type is Localhost',
      '.securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
      '.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash',
      '.securityContext.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace',
    ],
  ],
])('a container %j', (row, errors) => expect(within(containerErrors(row))).toEqual(errors));
