// The kubelet's own HTTP API, on port 10250, with upstream's paths: logs, exec, attach, port-forward, pods, stats, health; and /dial, a raw TCP connection from
// the node, for the API server's proxy. Upstream: pkg/kubelet/server/server.go.
//
// Invariants: errors are plain text with upstream's status codes; it trusts its network, as only the API server and the sandbox can reach it.

import { RuntimeError } from '../../cri/runtime.ts';
import { messageOf } from '../../env/errors.ts';
import type { Handler } from '../../env/network.ts';
import { findSpecContainer } from '../pods/pod.ts';
import { findContainer, readySandbox } from '../pods/runtime-pod.ts';
import { containerLogs } from './logs.ts';
import { findPod, HttpError, type ServerParts } from './parts.ts';
import { statsSummary } from './stats.ts';
import { streamDuplex, streamProcess } from './streaming.ts';

export function kubeletHandler(parts: ServerParts): Handler {
  return async (request) => {
    try {
      return await route(parts, request);
    } catch (error) {
      const message = messageOf(error);
      return new Response(message, { status: codeOf(error), headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
    }
  };
}

function codeOf(error: unknown): number {
  if (error instanceof HttpError) return error.code;
  if (error instanceof RuntimeError && error.reason === 'NotFound') return 404;
  return 500;
}

async function route(parts: ServerParts, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const [first = '', ...rest] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  switch (first) {
    case 'healthz': {
      const problem = parts.healthy();
      return problem ? new Response(problem, { status: 500 }) : new Response('ok');
    }
    case 'pods':
      return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: parts.pods() });
    case 'stats':
      return json(await statsSummary(parts));
    case 'containerLogs':
      return containerLogs(parts, rest, url.searchParams, request.signal);
    case 'exec':
    case 'attach':
      return execOrAttach(parts, first, rest, url.searchParams, request);
    case 'portForward':
      return portForward(parts, rest, url.searchParams, request);
    case 'dial':
      return dial(parts, url.searchParams, request);
    case 'run':
      return run(parts, rest, url.searchParams);
    default:
      throw new HttpError(404, '404 page not found');
  }
}

function json(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } });
}

function runningContainer(parts: ServerParts, path: string[]) {
  const [namespace = '', podName = '', ...rest] = path;
  const containerName = rest.at(-1) ?? '';
  const { pod, runtimePod } = findPod(parts, namespace, podName);
  const status = findContainer(runtimePod, containerName);
  if (!findSpecContainer(pod, containerName) || !status)
    throw new HttpError(404, `container not found ("${containerName}")`);
  if (status.state !== 'running') throw new HttpError(400, `container not running (${containerName})`);
  return { container: findSpecContainer(pod, containerName)?.container, status };
}

async function execOrAttach(
  parts: ServerParts,
  verb: 'exec' | 'attach',
  path: string[],
  query: URLSearchParams,
  request: Request,
): Promise<Response> {
  const { container, status } = runningContainer(parts, path);
  const flag = (name: string, short: string) => ['1', 'true'].includes(query.get(name) ?? query.get(short) ?? '');
  const stdin = flag('stdin', 'input');
  const tty = verb === 'exec' ? flag('tty', 'tty') : (container?.tty ?? false);
  const command = query.getAll('command');
  if (verb === 'exec' && command.length === 0)
    throw new HttpError(400, 'you must specify at least 1 command for the container');
  const process =
    verb === 'exec'
      ? await parts.runtime.exec(status.id, { command, tty, stdin })
      : await parts.runtime.attach(status.id, { stdin: stdin && (container?.stdin ?? false), tty });
  return streamProcess(process, request, { stdin, tty, command });
}

async function portForward(
  parts: ServerParts,
  path: string[],
  query: URLSearchParams,
  request: Request,
): Promise<Response> {
  const [namespace = '', podName = ''] = path;
  const { runtimePod } = findPod(parts, namespace, podName);
  const sandbox = readySandbox(runtimePod);
  if (!sandbox) throw new HttpError(404, `failed to find sandbox of pod "${podName}"`);
  const port = portOf(query);
  return streamDuplex(() => parts.runtime.portForward(sandbox.id, port), request);
}

async function dial(parts: ServerParts, query: URLSearchParams, request: Request): Promise<Response> {
  const host = query.get('host') ?? '';
  if (host === '') throw new HttpError(400, 'missing host');
  const port = portOf(query);
  return streamDuplex(() => parts.os.dial(host, port), request);
}

function portOf(query: URLSearchParams): number {
  const port = Number(query.get('port'));
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new HttpError(400, `invalid port: ${query.get('port')}`);
  return port;
}

/** /run/ns/pod/container?cmd=: a command's output, without streams. */
async function run(parts: ServerParts, path: string[], query: URLSearchParams): Promise<Response> {
  const { status } = runningContainer(parts, path);
  const command = (query.get('cmd') ?? '').split(' ').filter((word) => word !== '');
  const result = await parts.runtime.execSync(status.id, command, 0);
  const output = new Uint8Array(result.stdout.length + result.stderr.length);
  output.set(result.stdout);
  output.set(result.stderr, result.stdout.length);
  if (result.exitCode !== 0)
    throw new HttpError(
      500,
      `command terminated with exit code ${result.exitCode}: ${new TextDecoder().decode(output)}`,
    );
  return new Response(output);
}
