// Warnings about containers: annotations that have become fields, fractions of bytes, variables that hide each other, ports that meet
// (pkg/api/pod/warnings.go).

import type { FieldPath } from '../../api/field-error.ts';
import type { Container, ContainerPort, EnvVar, PodSpec } from '../../api/generated/types.ts';
import { quantityMilliValue, tryParseQuantity } from '../../api/quantity.ts';

type Warn = (at: FieldPath, text: string) => void;
type Annotations = Readonly<Record<string, string>>;

const seccomp = 'container.seccomp.security.alpha.kubernetes.io/';
const appArmor = 'container.apparmor.security.beta.kubernetes.io/';
const byteResources = ['memory', 'ephemeral-storage'];
const quoted = (text: string): string => JSON.stringify(text);

/** Bytes cannot be divided. `at` is the list's place. */
export function fractionWarnings(
  warn: Warn,
  list: Record<string, string> | undefined,
  name: string,
  at: FieldPath,
): void {
  const value = list?.[name];
  if (value !== undefined && tryParseQuantity(value) && quantityMilliValue(value) % 1000 !== 0)
    warn(at.key(name), `fractional byte value ${quoted(value)} is invalid, must be an integer`);
}

function variableWarnings(warn: Warn, variables: readonly EnvVar[], at: FieldPath): void {
  const known = new Set<string>();
  for (const [i, { name, value = '', valueFrom }] of variables.entries()) {
    const reference = `$(${name})`;
    // A later value that refers to the one it hides needs it.
    if (known.has(name) && (valueFrom || value === reference || !value.includes(reference)))
      warn(at.index(i), `hides previous definition of ${quoted(name)}, which may be dropped when using apply`);
    known.add(name);
  }
}

function containerWarnings(
  warn: Warn,
  container: Container,
  at: FieldPath,
  annotations: Annotations,
  annotationsAt: FieldPath,
  checkAppArmor: boolean,
): void {
  const { name, securityContext, resources, env } = container;
  if (!securityContext?.seccompProfile && annotations[seccomp + name] !== undefined)
    warn(annotationsAt.key(seccomp + name), 'non-functional in v1.27+; use the "seccompProfile" field instead');
  if (checkAppArmor && !securityContext?.appArmorProfile && annotations[appArmor + name] !== undefined)
    warn(annotationsAt.key(appArmor + name), 'deprecated since v1.30; use the "appArmorProfile" field instead');
  if (resources)
    for (const resource of byteResources)
      for (const field of ['limits', 'requests'] as const)
        fractionWarnings(warn, resources[field], resource, at.child('resources', field));
  if (env && env.length > 1) variableWarnings(warn, env, at.child('env'));
}

interface Known {
  readonly at: FieldPath;
  readonly port: ContainerPort;
}

/** How two definitions of one port of the pod get along. */
function meeting(port: ContainerPort, other: ContainerPort): string | undefined {
  const [host, otherHost] = [port.hostPort ?? 0, other.hostPort ?? 0];
  const [ip, otherIp] = [port.hostIP ?? '', other.hostIP ?? ''];
  if (ip === otherIp && host === otherHost) return 'duplicate';
  if (host === 0 || otherHost === 0) return 'overlapping';
  return host === otherHost && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function portWarnings(warn: Warn, ports: readonly ContainerPort[], at: FieldPath, known: Map<string, Known[]>): void {
  for (const [i, port] of ports.entries()) {
    const where = at.index(i);
    const { containerPort, protocol = 'TCP', hostIP = '', hostPort = 0, name = '' } = port;
    if (hostIP !== '' && hostPort === 0)
      warn(
        where,
        `hostIP set without hostPort: {Name:${name} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`,
      );
    const key = `${containerPort}/${protocol}`;
    const others = known.get(key) ?? [];
    for (const other of others) {
      const word = meeting(port, other.port);
      if (word) warn(where, `${word} port definition with ${other.at}`);
    }
    known.set(key, [...others, { at: where, port }]);
  }
}

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** `at` is the pod's or the template's place; that pods' AppArmor annotations are old-fashioned is said when they are read. */
export function containersWarnings(
  warn: Warn,
  spec: PodSpec,
  annotations: Annotations,
  at: FieldPath,
  isTemplate: boolean,
): void {
  const checkAppArmor = isTemplate && !spec.securityContext?.appArmorProfile;
  const annotationsAt = at.child('metadata', 'annotations');
  const known = new Map<string, Known[]>();
  const each = (visit: (container: Container, where: FieldPath) => void) => {
    for (const list of lists)
      for (const [i, container] of (spec[list] ?? []).entries())
        visit(container as Container, at.child('spec', list).index(i));
  };
  each((container, where) => containerWarnings(warn, container, where, annotations, annotationsAt, checkAppArmor));
  each(({ ports }, where) => {
    if (ports) portWarnings(warn, ports, where.child('ports'), known);
  });
}
