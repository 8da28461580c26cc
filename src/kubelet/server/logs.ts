// GET /containerLogs/<namespace>/<pod>/<container>. Upstream: getContainerLogs in server.go, GetKubeletContainerLogs and validateContainerLogStatus.
//
// Invariants: a followed log ends when the container ends or the client goes away; limitBytes cuts exactly.

import type { ContainerStatus } from '../../cri/runtime.ts';
import { findSpecContainer } from '../pods/pod.ts';
import { findPod, HttpError, type ServerParts } from './parts.ts';

export function containerLogs(
  parts: ServerParts,
  path: string[],
  query: URLSearchParams,
  signal: AbortSignal,
): Response {
  const [namespace = '', podName = '', containerName = ''] = path;
  const { pod, runtimePod } = findPod(parts, namespace, podName);
  if (!findSpecContainer(pod, containerName))
    throw new HttpError(404, `container "${containerName}" not found in pod "${podName}"`);
  const attempts = (runtimePod?.containers ?? []).filter((status) => status.metadata.name === containerName);
  const status = chooseAttempt(attempts, query.get('previous') === 'true', containerName, podName, () =>
    waitingReason(pod.status?.containerStatuses?.find((entry) => entry.name === containerName)?.state?.waiting?.reason),
  );

  const number = (name: string) => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) throw new HttpError(400, `invalid value for ${name}: ${text}`);
    return value;
  };
  const tailLines = number('tailLines');
  const sinceSeconds = number('sinceSeconds');
  const limitBytes = number('limitBytes');
  const since = query.get('sinceTime');
  const sinceTime = since
    ? Date.parse(since)
    : sinceSeconds === undefined
      ? undefined
      : parts.clock.now() - sinceSeconds * 1000;
  const timestamps = query.get('timestamps') === 'true';
  const only = query.get('stream');
  const ending = new AbortController();
  signal.addEventListener('abort', () => ending.abort(), { once: true });
  const lines = parts.runtime
    .logs(status.id, {
      follow: query.get('follow') === 'true',
      ...(tailLines === undefined ? {} : { tailLines }),
      ...(sinceTime === undefined || Number.isNaN(sinceTime) ? {} : { sinceTime }),
      signal: ending.signal,
    })
    [Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const { done, value } = left > 0 ? await lines.next() : { done: true as const, value: undefined };
        if (done) {
          ending.abort();
          controller.close();
          return;
        }
        if (only && only !== 'All' && only.toLowerCase() !== value.stream) continue;
        const prefix = timestamps ? encoder.encode(`${value.timestamp} `) : new Uint8Array();
        const chunk = new Uint8Array(prefix.length + value.content.length);
        chunk.set(prefix);
        chunk.set(value.content, prefix.length);
        controller.enqueue(chunk.subarray(0, Math.min(chunk.length, left)));
        left -= chunk.length;
        return;
      }
    },
    cancel() {
      ending.abort();
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}

function chooseAttempt(
  attempts: ContainerStatus[],
  previous: boolean,
  containerName: string,
  podName: string,
  waiting: () => string,
): ContainerStatus {
  const started = attempts.filter((status) => status.state === 'running' || status.state === 'exited');
  if (previous) {
    // while the newest one has ended and waits to be started again, it is the previous one
    const found = attempts[0]?.state === 'running' ? started[1] : (started[1] ?? started[0]);
    if (!found)
      throw new HttpError(400, `previous terminated container "${containerName}" in pod "${podName}" not found`);
    return found;
  }
  const found = started[0];
  if (!found) throw new HttpError(400, `container "${containerName}" in pod "${podName}" ${waiting()}`);
  return found;
}

function waitingReason(reason: string | undefined): string {
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff')
    return 'is waiting to start: trying and failing to pull image';
  if (reason === 'InvalidImageName') return "is waiting to start: image can't be pulled";
  return `is waiting to start: ${reason ?? 'ContainerCreating'}`;
}
