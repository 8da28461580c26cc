// The containers of a pod or a pod template, as `describe` writes them.

import type {
  Container,
  ContainerState,
  ContainerStatus,
  EnvVar,
  Pod,
  Probe,
  ResourceRequirements,
} from '../../api/generated/types.ts';
import { compareQuantity } from '../../api/quantity.ts';
import { capital, type DescribeWriter, longTime } from './writer.ts';

export function writeContainers(
  w: DescribeWriter,
  label: string,
  containers: Container[],
  statuses: ContainerStatus[] | undefined,
  inTemplate: boolean,
  pod?: Pod,
): void {
  w.write(0, `${inTemplate ? '  ' : ''}${label}:${containers.length === 0 ? ' <none>' : ''}\n`);
  for (const container of containers) {
    const status = statuses?.find((each) => each.name === container.name);
    writeBasics(w, container, status, inTemplate);
    writeCommand(w, container);
    if (status) {
      writeState(w, 'State', status.state);
      if (status.lastState && Object.keys(status.lastState).length > 0) writeState(w, 'Last State', status.lastState);
      w.write(2, `Ready:\t${capital(status.ready)}\n`);
      w.write(2, `Restart Count:\t${status.restartCount ?? 0}\n`);
    }
    writeResources(w, container.resources, 2);
    writeProbes(w, container);
    const envFrom = container.envFrom ?? [];
    if (envFrom.length > 0) w.write(2, 'Environment Variables from:\n');
    for (const each of envFrom) {
      const source = each.configMapRef ?? each.secretRef;
      const kind = each.configMapRef ? 'ConfigMap' : 'Secret';
      const prefix = each.prefix ? ` with prefix '${each.prefix}'` : '';
      w.write(3, `${source?.name ?? ''}\t${kind}${prefix}\tOptional: ${source?.optional ?? false}\n`);
    }
    writeEnvironment(w, container.env ?? [], pod);
    writeMounts(w, container);
  }
}

function writeBasics(
  w: DescribeWriter,
  container: Container,
  status: ContainerStatus | undefined,
  inTemplate: boolean,
): void {
  w.write(1, `${inTemplate ? ' ' : ''}${container.name}:\n`);
  if (status) w.write(2, `Container ID:\t${status.containerID ?? ''}\n`);
  w.write(2, `Image:\t${container.image ?? ''}\n`);
  if (status) w.write(2, `Image ID:\t${status.imageID ?? ''}\n`);
  const ports = (container.ports ?? []).map(
    (port) => `${port.containerPort}/${port.protocol ?? ''}${port.name ? ` (${port.name})` : ''}`,
  );
  const hosts = (container.ports ?? []).map(
    (port) => `${port.hostPort ?? 0}/${port.protocol ?? ''}${port.name ? ` (${port.name})` : ''}`,
  );
  w.write(2, ports.length > 1 ? `Ports:\t${ports.join(', ')}\n` : `Port:\t${ports[0] ?? '<none>'}\n`);
  w.write(2, hosts.length > 1 ? `Host Ports:\t${hosts.join(', ')}\n` : `Host Port:\t${hosts[0] ?? '<none>'}\n`);
  const seccomp = container.securityContext?.seccompProfile;
  if (seccomp) {
    w.write(2, `SeccompProfile:\t${seccomp.type}\n`);
    if (seccomp.type === 'Localhost') w.write(3, `LocalhostProfile:\t${seccomp.localhostProfile ?? ''}\n`);
  }
}

function writeCommand(w: DescribeWriter, container: Container): void {
  for (const [title, words] of [
    ['Command', container.command],
    ['Args', container.args],
  ] as const) {
    if (!words || words.length === 0) continue;
    w.write(2, `${title}:\n`);
    for (const word of words) for (const line of word.split('\n')) w.write(3, `${line}\n`);
  }
}

function writeState(w: DescribeWriter, title: string, state: ContainerState | undefined): void {
  if (state?.running) {
    w.write(2, `${title}:\tRunning\n`);
    w.write(3, `Started:\t${longTime(state.running.startedAt)}\n`);
  } else if (state?.terminated) {
    const { terminated } = state;
    w.write(2, `${title}:\tTerminated\n`);
    if (terminated.reason) w.write(3, `Reason:\t${terminated.reason}\n`);
    if (terminated.message) w.write(3, `Message:\t${terminated.message}\n`);
    w.write(3, `Exit Code:\t${terminated.exitCode}\n`);
    if (terminated.signal) w.write(3, `Signal:\t${terminated.signal}\n`);
    w.write(3, `Started:\t${longTime(terminated.startedAt)}\n`);
    w.write(3, `Finished:\t${longTime(terminated.finishedAt)}\n`);
  } else {
    w.write(2, `${title}:\tWaiting\n`);
    if (state?.waiting?.reason) w.write(3, `Reason:\t${state.waiting.reason}\n`);
  }
}

export function writeResources(w: DescribeWriter, resources: ResourceRequirements | undefined, level: number): void {
  for (const [title, list] of [
    ['Limits', resources?.limits],
    ['Requests', resources?.requests],
  ] as const) {
    const keys = Object.keys(list ?? {}).sort();
    if (keys.length === 0) continue;
    w.write(level, `${title}:\n`);
    for (const key of keys) w.write(level + 1, `${key}:\t${list![key]}\n`);
  }
}

/** A probe in one line: "http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3". */
export function probeText(probe: Probe): string {
  const timing = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  if (probe.exec) return `exec [${(probe.exec.command ?? []).join(' ')}] ${timing}`;
  if (probe.httpGet) {
    const { scheme, host, port, path } = probe.httpGet;
    const target = port === undefined || port === '' ? (host ?? '') : `${host ?? ''}:${port}`;
    const url = `${scheme ? `${scheme.toLowerCase()}:` : ''}//${target}${path ? (path.startsWith('/') ? path : `/${path}`) : ''}`;
    return `http-get ${url} ${timing}`;
  }
  if (probe.tcpSocket) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${timing}`;
  if (probe.grpc) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${timing}`;
  return `unknown ${timing}`;
}

function writeProbes(w: DescribeWriter, container: Container): void {
  if (container.livenessProbe) w.write(2, `Liveness:\t${probeText(container.livenessProbe)}\n`);
  if (container.readinessProbe) w.write(2, `Readiness:\t${probeText(container.readinessProbe)}\n`);
  if (container.startupProbe) w.write(2, `Startup:\t${probeText(container.startupProbe)}\n`);
}

function fieldValue(pod: Pod | undefined, path: string): string {
  if (!pod) return '';
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  const values: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
  };
  return values[path] ?? '';
}

function writeEnvironment(w: DescribeWriter, env: EnvVar[], pod: Pod | undefined): void {
  w.write(2, `Environment:${env.length === 0 ? '\t<none>' : ''}\n`);
  for (const each of env) {
    const from = each.valueFrom;
    if (!from) {
      (each.value ?? '').split('\n').forEach((line, i) => {
        w.write(3, i === 0 ? `${each.name}:\t${line}\n` : `\t${line}\n`);
      });
    } else if (from.fieldRef) {
      const value = fieldValue(pod, from.fieldRef.fieldPath);
      w.write(3, `${each.name}:\t${value} (${from.fieldRef.apiVersion ?? 'v1'}:${from.fieldRef.fieldPath})\n`);
    } else if (from.resourceFieldRef) {
      w.write(3, `${each.name}:\t${resourceValue(pod, from.resourceFieldRef)} (${from.resourceFieldRef.resource})\n`);
    } else if (from.secretKeyRef) {
      const { key, name, optional } = from.secretKeyRef;
      w.write(
        3,
        `${each.name}:\t<set to the key '${key}' in secret '${name ?? ''}'>\tOptional: ${optional ?? false}\n`,
      );
    } else if (from.configMapKeyRef) {
      const { key, name, optional } = from.configMapKeyRef;
      w.write(
        3,
        `${each.name}:\t<set to the key '${key}' of config map '${name ?? ''}'>\tOptional: ${optional ?? false}\n`,
      );
    }
  }
}

function resourceValue(
  pod: Pod | undefined,
  ref: { resource: string; containerName?: string; divisor?: string },
): string {
  const containers = pod?.spec.containers ?? [];
  const container = containers.find((each) => each.name === ref.containerName) ?? containers[0];
  const [list, name] = ref.resource.split('.') as ['limits' | 'requests', string];
  const value = container?.resources?.[list]?.[name];
  if (value === undefined) return 'node allocatable';
  return compareQuantity(value, '0') === 0 ? '0' : String(value);
}

function writeMounts(w: DescribeWriter, container: Container): void {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  w.write(2, `Mounts:${mounts.length === 0 ? '\t<none>' : ''}\n`);
  for (const mount of mounts) {
    const flags = [mount.readOnly ? 'ro' : 'rw'];
    if (mount.subPath) flags.push(`path=${JSON.stringify(mount.subPath)}`);
    w.write(3, `${mount.mountPath} from ${mount.name} (${flags.join(',')})\n`);
  }
  const devices = [...(container.volumeDevices ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (devices.length > 0) w.write(2, 'Devices:\n');
  for (const device of devices) w.write(3, `${device.devicePath} from ${device.name}\n`);
}
