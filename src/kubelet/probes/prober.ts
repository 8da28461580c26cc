// One probe, once. Upstream: pkg/kubelet/prober prober.go. Time-outs are counted by the machine (runtime and NodeOs), not by the cluster's clock.

import type { Container, Probe } from '../../api/generated/types.ts';
import type { NodeOs } from '../../cri/node-os.ts';
import { type ContainerRuntime, RuntimeError } from '../../cri/runtime.ts';
import { messageOf } from '../../env/errors.ts';
import { expand } from '../containers/expansion.ts';
import { resolvePort } from '../containers/ports.ts';

export type ProbeResult = { verdict: 'success' | 'failure'; message: string } | { verdict: 'error'; message: string };

const decoder = new TextDecoder();
const maxOutput = 10 * 1024;
export const userAgent = 'kube-probe/1.36';

export interface ProbeTarget {
  runtime: ContainerRuntime;
  os: NodeOs;
  container: Container;
  containerId: string;
  podIp: string;
}

/** Never rejects. */
export async function runProbe(target: ProbeTarget, probe: Probe): Promise<ProbeResult> {
  try {
    return await attempt(target, probe);
  } catch (error) {
    return { verdict: 'error', message: messageOf(error) };
  }
}

async function attempt(target: ProbeTarget, probe: Probe): Promise<ProbeResult> {
  const { runtime, os, container, containerId, podIp } = target;
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  if (probe.exec) {
    const envs = new Map((container.env ?? []).map((variable) => [variable.name, variable.value]));
    const command = (probe.exec.command ?? []).map((word) => expand(word, (name) => envs.get(name)));
    try {
      const result = await runtime.execSync(containerId, command, timeoutSeconds);
      const output = (decoder.decode(result.stdout) + decoder.decode(result.stderr)).slice(0, maxOutput);
      return { verdict: result.exitCode === 0 ? 'success' : 'failure', message: output };
    } catch (error) {
      if (error instanceof RuntimeError && error.reason === 'DeadlineExceeded')
        return {
          verdict: 'failure',
          message: `command timed out: "${command.join(' ')}" timed out after ${timeoutSeconds}s`,
        };
      throw error;
    }
  }
  if (probe.httpGet) {
    const { host, path = '/', port, scheme = 'HTTP', httpHeaders = [] } = probe.httpGet;
    const number = resolvePort(container, port);
    if (number === undefined) return { verdict: 'error', message: `couldn't find port: ${JSON.stringify(port)}` };
    const headers = [...httpHeaders];
    if (!headers.some((header) => header.name.toLowerCase() === 'user-agent'))
      headers.push({ name: 'User-Agent', value: userAgent });
    if (!headers.some((header) => header.name.toLowerCase() === 'accept'))
      headers.push({ name: 'Accept', value: '*/*' });
    const outcome = await os.probeHttp({
      scheme: scheme.toUpperCase() === 'HTTPS' ? 'https' : 'http',
      host: host || podIp,
      port: number,
      path: path.startsWith('/') ? path : `/${path}`,
      headers,
      timeoutSeconds,
    });
    return { verdict: outcome.success ? 'success' : 'failure', message: outcome.message };
  }
  if (probe.tcpSocket) {
    const { host, port } = probe.tcpSocket;
    const number = resolvePort(container, port);
    if (number === undefined) return { verdict: 'error', message: `couldn't find port: ${JSON.stringify(port)}` };
    const outcome = await os.probeTcp(host || podIp, number, timeoutSeconds);
    return { verdict: outcome.success ? 'success' : 'failure', message: outcome.message };
  }
  if (probe.grpc)
    return { verdict: 'failure', message: 'this kubelet cannot make gRPC probes: no HTTP/2 client on this node' };
  return { verdict: 'error', message: `missing probe handler for ${container.name}` };
}
