// Validation of probes and lifecycle hooks (pkg/apis/core/validation: validateProbe, validateHandler, validateLifecycle, validateStopSignal).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type { Container, HTTPGetAction, Lifecycle, LifecycleHandler, PodOS, Probe } from '../../generated/types.ts';
import { isHttpHeaderName, isValidPortName, isValidPortNum } from '../../names.ts';
import { nonNegative } from '../common.ts';

function validatePort(errors: FieldErrorList, port: number | string | undefined, at: FieldPath): void {
  const messages = typeof port === 'string' ? isValidPortName(port) : isValidPortNum(port ?? 0);
  for (const message of messages) errors.push(invalid(at, port ?? 0, message));
}

function validateHttpGet(errors: FieldErrorList, http: HTTPGetAction, at: FieldPath): void {
  if (!http.path) errors.push(required(at.child('path')));
  validatePort(errors, http.port, at.child('port'));
  const { scheme = '' } = http;
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(notSupported(at.child('scheme'), scheme, ['HTTP', 'HTTPS']));
  for (const { name } of http.httpHeaders ?? [])
    for (const message of isHttpHeaderName(name ?? ''))
      errors.push(invalid(at.child('httpHeaders'), name ?? '', message));
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** `grace` is the pod's termination grace period in seconds. */
function validateHandler(errors: FieldErrorList, handler: Handler, at: FieldPath, grace: number | undefined): void {
  let count = 0;
  const one = (name: keyof Handler, validate: (where: FieldPath) => void) => {
    if (count > 0) errors.push(forbidden(at.child(name), 'may not specify more than 1 handler type'));
    else validate(at.child(name));
    count++;
  };
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec)
    one('exec', (where) => {
      if ((exec.command ?? []).length === 0) errors.push(required(where.child('command')));
    });
  if (httpGet) one('httpGet', (where) => validateHttpGet(errors, httpGet, where));
  if (tcpSocket) one('tcpSocket', (where) => validatePort(errors, tcpSocket.port, where.child('port')));
  if (grpc) one('grpc', (where) => validatePort(errors, grpc.port ?? 0, where.child('port')));
  if (sleep)
    one('sleep', (where) => {
      const { seconds = 0 } = sleep;
      if (grace !== undefined && (seconds < 0 || seconds > grace))
        errors.push(
          invalid(where, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`),
        );
    });
  if (count === 0) errors.push(required(at, 'must specify a handler type'));
}

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(errors: FieldErrorList, probe: Probe, at: FieldPath, grace: number | undefined): void {
  const { exec, httpGet, tcpSocket, grpc } = probe;
  validateHandler(errors, { exec, httpGet, tcpSocket, grpc } as Handler, at, grace);
  for (const name of counts) if ((probe[name] ?? 0) < 0) nonNegative(errors, at.child(name), probe[name]);
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0)
    errors.push(invalid(at.child('terminationGracePeriodSeconds'), own, 'must be greater than 0'));
}

const linuxSignals = [
  ...['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT', 'KILL', 'PIPE', 'POLL'],
  ...['PROF', 'PWR', 'QUIT', 'RTMAX'],
  ...Array.from({ length: 14 }, (_, i) => `RTMAX-${i + 1}`),
  'RTMIN',
  ...Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`),
  ...['SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM', 'TRAP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'USR1', 'USR2', 'VTALRM'],
  ...['WINCH', 'XCPU', 'XFSZ'],
]
  .map((name) => `SIG${name}`)
  .sort();
const windowsSignals = ['SIGKILL', 'SIGTERM'];

function validateStopSignal(errors: FieldErrorList, signal: string, at: FieldPath, os: PodOS | undefined): void {
  if (!os) errors.push(forbidden(at, 'may not be set for containers with empty `spec.os.name`'));
  else if (os.name === 'windows' && !windowsSignals.includes(signal))
    errors.push(notSupported(at, signal, windowsSignals));
  else if (os.name === 'linux' && !linuxSignals.includes(signal)) errors.push(notSupported(at, signal, linuxSignals));
}

function validateLifecycle(
  errors: FieldErrorList,
  lifecycle: Lifecycle,
  at: FieldPath,
  grace: number | undefined,
  os: PodOS | undefined,
): void {
  for (const name of ['postStart', 'preStop'] as const) {
    const hook = lifecycle[name];
    if (hook) validateHandler(errors, hook, at.child(name), grace);
  }
  if (lifecycle.stopSignal !== undefined) validateStopSignal(errors, lifecycle.stopSignal, at.child('stopSignal'), os);
}

/** Hooks and probes of a container that keeps running: a regular one or a sidecar. */
export function validateHooks(
  errors: FieldErrorList,
  container: Container,
  at: FieldPath,
  grace: number | undefined,
  os: PodOS | undefined,
): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  if (lifecycle) validateLifecycle(errors, lifecycle, at.child('lifecycle'), grace, os);
  const once = (name: 'livenessProbe' | 'startupProbe', probe: Probe | undefined) => {
    if (!probe) return;
    validateProbe(errors, probe, at.child(name), grace);
    if (probe.successThreshold !== 1)
      errors.push(invalid(at.child(name, 'successThreshold'), probe.successThreshold ?? 0, 'must be 1'));
  };
  once('livenessProbe', livenessProbe);
  if (readinessProbe) {
    const where = at.child('readinessProbe');
    validateProbe(errors, readinessProbe, where, grace);
    const own = readinessProbe.terminationGracePeriodSeconds;
    if (own !== undefined)
      errors.push(invalid(where.child('terminationGracePeriodSeconds'), own, 'must not be set for readinessProbes'));
  }
  once('startupProbe', startupProbe);
}
