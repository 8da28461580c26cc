// Validation of containers (pkg/apis/core/validation: validateContainers and what it calls).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../field-error.ts';
import type {
  Container,
  EnvVar,
  ExecAction,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  VolumeMount,
} from '../../generated/types.ts';
import {
  isConfigMapKey,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isHttpHeaderName,
  isInRange,
  isQualifiedName,
  isValidPortName,
  isValidPortNum,
} from '../../names.ts';
import { compareQuantity, tryParseQuantity } from '../../quantity.ts';
import { check, nonNegative, nonNegativeMessage, oneOf, requiredOneOf, unique } from '../common.ts';
import { validateSeccompProfile } from './security.ts';

const standardResources = ['cpu', 'memory', 'ephemeral-storage'];

export function validateResourceName(errors: FieldErrorList, name: string, at: FieldPath): void {
  check(errors, at, name, isQualifiedName);
  if (!name.includes('/') && !standardResources.includes(name) && !name.startsWith('hugepages-'))
    errors.push(
      invalid(at, name, 'must be a standard resource type or fully qualified'),
      invalid(at, name, 'must be a standard resource for containers'),
    );
}

export function validateResources(
  errors: FieldErrorList,
  resources: ResourceRequirements | undefined,
  at: FieldPath,
): void {
  if (!resources) return;
  const { limits = {}, requests = {} } = resources;
  const quantities = (list: Record<string, string>, where: FieldPath) => {
    for (const [name, quantity] of Object.entries(list)) {
      validateResourceName(errors, name, where.key(name));
      if (compareQuantity(quantity, 0) < 0) errors.push(invalid(where.key(name), quantity, nonNegativeMessage));
      if (name.includes('/') && (tryParseQuantity(quantity)?.nanos ?? 0n) % 1_000_000_000n !== 0n)
        errors.push(invalid(where.key(name), quantity, 'must be an integer'));
    }
  };
  quantities(limits, at.child('limits'));
  quantities(requests, at.child('requests'));
  for (const [name, quantity] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit !== undefined) {
      if (name.includes('/') && compareQuantity(quantity, limit) !== 0)
        errors.push(invalid(at.child('requests'), quantity, `must be equal to ${name} limit of ${limit}`));
      else if (compareQuantity(quantity, limit) > 0)
        errors.push(invalid(at.child('requests'), quantity, `must be less than or equal to ${name} limit of ${limit}`));
    } else if (name.includes('/'))
      errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
  }
}

function validatePort(errors: FieldErrorList, port: number | string | undefined, at: FieldPath): void {
  if (typeof port === 'string' && port !== '') check(errors, at, port, isValidPortName);
  else for (const message of isValidPortNum(Number(port ?? 0))) errors.push(invalid(at, port ?? 0, message));
}

const validateExec = (errors: FieldErrorList, exec: ExecAction, at: FieldPath) => {
  if ((exec.command ?? []).length === 0) errors.push(required(at.child('command')));
};

function validateHttpGet(errors: FieldErrorList, http: HTTPGetAction, at: FieldPath): void {
  if (!http.path) errors.push(required(at.child('path')));
  validatePort(errors, http.port, at.child('port'));
  oneOf(errors, at.child('scheme'), http.scheme, ['HTTP', 'HTTPS']);
  for (const header of http.httpHeaders ?? []) check(errors, at.child('httpHeaders'), header.name, isHttpHeaderName);
}

function validateHandler(errors: FieldErrorList, handler: LifecycleHandler & Probe, at: FieldPath): void {
  let count = 0;
  const next = (name: string, validate: (where: FieldPath) => void) => {
    if (count > 0) errors.push(forbidden(at.child(name), 'may not specify more than 1 handler type'));
    else validate(at.child(name));
    count++;
  };
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec) next('exec', (where) => validateExec(errors, exec, where));
  if (httpGet) next('httpGet', (where) => validateHttpGet(errors, httpGet, where));
  if (tcpSocket) next('tcpSocket', (where) => validatePort(errors, tcpSocket.port, where.child('port')));
  if (grpc)
    next('grpc', (where) => {
      for (const message of isValidPortNum(grpc.port)) errors.push(invalid(where.child('port'), grpc.port, message));
    });
  if (sleep) next('sleep', (where) => nonNegative(errors, where.child('seconds'), sleep.seconds));
  if (count === 0) errors.push(required(at, 'must specify a handler type'));
}

function validateProbe(errors: FieldErrorList, probe: Probe | undefined, at: FieldPath, once: boolean): void {
  if (!probe) return;
  validateHandler(errors, probe as LifecycleHandler & Probe, at);
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const)
    nonNegative(errors, at.child(name), probe[name]);
  if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0)
    errors.push(
      invalid(at.child('terminationGracePeriodSeconds'), probe.terminationGracePeriodSeconds, 'must be greater than 0'),
    );
  if (once && probe.successThreshold !== 1)
    errors.push(invalid(at.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
}

const fieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function validateEnvSource(errors: FieldErrorList, variable: EnvVar, at: FieldPath): void {
  const source = variable.valueFrom;
  if (!source) return;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (fieldRef) {
    const where = at.child('fieldRef');
    if (!fieldRef.apiVersion) errors.push(required(where.child('apiVersion')));
    if (!fieldRef.fieldPath) errors.push(required(where.child('fieldPath')));
    else if (
      !fieldPaths.includes(fieldRef.fieldPath) &&
      !/^metadata\.(labels|annotations)\['.+'\]$/.test(fieldRef.fieldPath)
    )
      errors.push(
        invalid(
          where.child('fieldPath'),
          fieldRef.fieldPath,
          `error converting fieldPath: field label not supported: ${fieldRef.fieldPath}`,
        ),
      );
  }
  if (resourceFieldRef && !resourceFieldRef.resource) errors.push(required(at.child('resourceFieldRef', 'resource')));
  for (const [name, ref] of [
    ['configMapKeyRef', configMapKeyRef],
    ['secretKeyRef', secretKeyRef],
  ] as const) {
    if (!ref) continue;
    if (!ref.name) errors.push(required(at.child(name, 'name')));
    if (!ref.key) errors.push(required(at.child(name, 'key')));
    else check(errors, at.child(name, 'key'), ref.key, isConfigMapKey);
  }
  if (count === 0)
    errors.push(
      invalid(at, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'),
    );
  else if (variable.value) errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
}

function validateMounts(
  errors: FieldErrorList,
  mounts: readonly VolumeMount[],
  volumes: ReadonlySet<string>,
  at: FieldPath,
): void {
  const paths = new Set<string>();
  for (const [i, mount] of mounts.entries()) {
    const where = at.index(i);
    if (!mount.name) errors.push(required(where.child('name')));
    else if (!volumes.has(mount.name)) errors.push(notFound(where.child('name'), mount.name));
    if (!mount.mountPath) errors.push(required(where.child('mountPath')));
    if (paths.has(mount.mountPath)) errors.push(invalid(where.child('mountPath'), mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    for (const name of ['subPath', 'subPathExpr'] as const) {
      const sub = mount[name];
      if (!sub) continue;
      if (sub.startsWith('/')) errors.push(invalid(where.child(name), sub, 'must be a relative path'));
      if (sub.split('/').includes('..')) errors.push(invalid(where.child(name), sub, "must not contain '..'"));
    }
    if (mount.subPath && mount.subPathExpr)
      errors.push(
        invalid(where.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
      );
  }
}

function validatePorts(errors: FieldErrorList, container: Container, at: FieldPath, hostNetwork: boolean): void {
  const names = new Set<string>();
  for (const [i, port] of (container.ports ?? []).entries()) {
    const where = at.index(i);
    if (port.name) {
      const wrong = isValidPortName(port.name);
      for (const message of wrong) errors.push(invalid(where.child('name'), port.name, message));
      if (wrong.length === 0) unique(errors, names, where.child('name'), port.name);
    }
    if (!port.containerPort) errors.push(required(where.child('containerPort')));
    else
      for (const message of isValidPortNum(port.containerPort))
        errors.push(invalid(where.child('containerPort'), port.containerPort, message));
    if (port.hostPort)
      for (const message of isValidPortNum(port.hostPort))
        errors.push(invalid(where.child('hostPort'), port.hostPort, message));
    requiredOneOf(errors, where.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']);
    if (hostNetwork && port.hostPort && port.hostPort !== port.containerPort)
      errors.push(
        invalid(where.child('containerPort'), port.containerPort, 'must match `hostPort` when `hostNetwork` is true'),
      );
  }
}

export interface ContainerContext {
  volumes: ReadonlySet<string>;
  hostNetwork: boolean;
  /** Names seen so far in the pod. */
  names: Set<string>;
  hostPorts: Set<string>;
}

function validateContainer(
  errors: FieldErrorList,
  container: Container,
  at: FieldPath,
  context: ContainerContext,
): void {
  if (!container.name) errors.push(required(at.child('name')));
  else {
    check(errors, at.child('name'), container.name, isDns1123Label);
    unique(errors, context.names, at.child('name'), container.name);
  }
  if (!container.image) errors.push(required(at.child('image')));
  else if (container.image !== container.image.trim())
    errors.push(invalid(at.child('image'), container.image, 'must not have leading or trailing whitespace'));
  requiredOneOf(errors, at.child('terminationMessagePolicy'), container.terminationMessagePolicy, [
    'FallbackToLogsOnError',
    'File',
  ]);
  requiredOneOf(errors, at.child('imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  validatePorts(errors, container, at.child('ports'), context.hostNetwork);
  for (const [i, variable] of (container.env ?? []).entries()) {
    const where = at.child('env').index(i);
    if (!variable.name) errors.push(required(where.child('name')));
    else check(errors, where.child('name'), variable.name, isEnvVarName);
    validateEnvSource(errors, variable, where.child('valueFrom'));
  }
  for (const [i, source] of (container.envFrom ?? []).entries()) {
    const where = at.child('envFrom').index(i);
    if (!source.configMapRef && !source.secretRef)
      errors.push(invalid(where, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (source.configMapRef && source.secretRef)
      errors.push(invalid(where, '', 'may not have more than one field specified at a time'));
    for (const name of ['configMapRef', 'secretRef'] as const) {
      const ref = source[name];
      if (!ref) continue;
      if (!ref.name) errors.push(required(where.child(name, 'name')));
      else
        for (const message of isDns1123Subdomain(ref.name))
          errors.push(invalid(where.child(name, 'name'), ref.name, message));
    }
  }
  validateMounts(errors, container.volumeMounts ?? [], context.volumes, at.child('volumeMounts'));
  validateResources(errors, container.resources, at.child('resources'));
  const security = container.securityContext;
  if (security) {
    const where = at.child('securityContext');
    for (const name of ['runAsUser', 'runAsGroup'] as const) {
      const id = security[name];
      if (id !== undefined)
        for (const message of isInRange(id, 0, 2147483647)) errors.push(invalid(where.child(name), id, message));
    }
    validateSeccompProfile(errors, security.seccompProfile, where.child('seccompProfile'));
    if (security.allowPrivilegeEscalation === false && security.privileged)
      errors.push(invalid(where, security, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
  }
  for (const [i, port] of (container.ports ?? []).entries()) {
    if (!port.hostPort) continue;
    const text = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
    if (context.hostPorts.has(text)) errors.push(duplicate(at.child('ports').index(i).child('hostPort'), text));
    context.hostPorts.add(text);
  }
}

function validateHooks(errors: FieldErrorList, container: Container, at: FieldPath, gracePeriod?: number): void {
  validateProbe(errors, container.livenessProbe, at.child('livenessProbe'), true);
  validateProbe(errors, container.readinessProbe, at.child('readinessProbe'), false);
  validateProbe(errors, container.startupProbe, at.child('startupProbe'), true);
  for (const name of ['postStart', 'preStop'] as const) {
    const hook = container.lifecycle?.[name];
    if (hook) validateHandler(errors, hook as LifecycleHandler & Probe, at.child('lifecycle', name));
    if (hook?.sleep && gracePeriod !== undefined && hook.sleep.seconds > gracePeriod)
      errors.push(
        invalid(
          at.child('lifecycle', name, 'sleep'),
          hook.sleep.seconds,
          `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`,
        ),
      );
  }
}

export function validateContainers(
  errors: FieldErrorList,
  containers: readonly Container[],
  at: FieldPath,
  context: ContainerContext,
  gracePeriod?: number,
): void {
  if (containers.length === 0) errors.push(required(at));
  for (const [i, container] of containers.entries()) {
    validateContainer(errors, container, at.index(i), context);
    validateHooks(errors, container, at.index(i), gracePeriod);
  }
}

export function validateInitContainers(
  errors: FieldErrorList,
  containers: readonly Container[],
  at: FieldPath,
  context: ContainerContext,
  gracePeriod?: number,
): void {
  for (const [i, container] of containers.entries()) {
    const where = at.index(i);
    validateContainer(errors, container, where, context);
    if (container.restartPolicy === 'Always') {
      validateHooks(errors, container, where, gracePeriod);
      continue;
    }
    if (container.restartPolicy !== undefined && !['Never', 'OnFailure'].includes(container.restartPolicy))
      errors.push(
        notSupported(where.child('restartPolicy'), container.restartPolicy, ['Always', 'Never', 'OnFailure']),
      );
    for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
      if (container[name])
        errors.push(forbidden(where.child(name), 'may not be set for init containers without restartPolicy=Always'));
  }
}
