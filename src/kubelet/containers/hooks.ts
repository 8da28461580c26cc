// postStart and preStop. Upstream: pkg/kubelet/lifecycle handlers.go.
//
// Time-outs are the machine's: exec hooks are run by the runtime with the container's remaining grace as their limit.

import type { Container, LifecycleHandler } from '../../api/generated/types.ts';
import type { NodeOs } from '../../cri/node-os.ts';
import type { ContainerRuntime } from '../../cri/runtime.ts';
import { sleep } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import { resolvePort } from './ports.ts';

export interface HookContext {
  env: Env;
  runtime: ContainerRuntime;
  os: NodeOs;
  podIp: string;
}

const decoder = new TextDecoder();

/** Runs a handler to its end; rejects with what events show if it failed. */
export async function runHook(
  context: HookContext,
  container: Container,
  containerId: string,
  handler: LifecycleHandler,
  timeoutSeconds: number,
): Promise<void> {
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const result = await context.runtime.execSync(containerId, command, timeoutSeconds);
    if (result.exitCode === 0) return;
    const output = decoder.decode(result.stdout) + decoder.decode(result.stderr);
    throw new Error(`command '${command.join(' ')}' exited with ${result.exitCode}: ${output}`);
  }
  if (handler.httpGet) {
    const { host, path = '/', port, scheme = 'HTTP', httpHeaders = [] } = handler.httpGet;
    const number = resolvePort(container, port);
    if (number === undefined) throw new Error(`failed to find port "${port}"`);
    const outcome = await context.os.probeHttp({
      scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
      host: host || context.podIp,
      port: number,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: httpHeaders,
      timeoutSeconds,
    });
    if (!outcome.success) throw new Error(outcome.message);
    return;
  }
  if (handler.sleep) {
    await sleep(context.os.clock ?? context.env.clock, Math.min(handler.sleep.seconds, timeoutSeconds) * 1000);
    return;
  }
  throw new Error('invalid handler: must specify exec, httpGet or sleep');
}
