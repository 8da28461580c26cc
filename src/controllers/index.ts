// kube-controller-manager: all controllers in one process, of which one replica leads. Upstream: cmd/kube-controller-manager/app.
//
// Invariants: controllers run only while this process holds the Lease kube-system/kube-controller-manager; when it loses the Lease everything it ran is stopped,
// caches included, and it stands for election again with fresh ones (upstream exits and is restarted).

import { InformerFactory, newEventRecorder, RestClient, runLeaderElection } from '../client/index.ts';
import type { Env, Running } from '../env/env.ts';
import { serveHealthz } from '../env/healthz.ts';
import { randomUuid } from '../env/random.ts';
import { type ControllerManagerConfig, defaultConfig } from './config.ts';
import { controllers, enabledControllers } from './registry.ts';
import type { ControllerContext } from './shared/context.ts';

export type { ControllerManagerConfig } from './config.ts';
export { controllers, enabledControllers } from './registry.ts';

export interface ControllerManagerOptions extends Partial<ControllerManagerConfig> {
  /** "http://kube-apiserver:6443" */
  server: string;
  token?: string;
  /** Default true. */
  leaderElect?: boolean;
  /** Who stands for election; default the host's name and a fresh UUID, as upstream. A process that takes an earlier one's identity takes its Lease at once. */
  identity?: string;
  /** Told of failed reconciles, lists and watches. */
  onError?: (where: string, error: unknown) => void;
  /** Freezes cached objects, so that a controller that changes one fails. For tests. */
  detectMutation?: boolean;
}

/** Starts; resolves at once, also when the API server is not up yet. Rejects if `controllers` names one that does not exist. */
export async function startControllerManager(env: Env, options: ControllerManagerOptions): Promise<Running> {
  const {
    server,
    token,
    leaderElect = true,
    identity = `${env.name}_${randomUuid(env.random)}`,
    onError = () => {},
    detectMutation,
    ...flags
  } = options;
  const config: ControllerManagerConfig = { ...defaultConfig, ...flags };
  const enabled = enabledControllers(config.controllers);
  const client = new RestClient({
    fetch: (input, init) => env.network.fetch(input, init),
    server,
    token,
    userAgent: 'kube-controller-manager/v1.36.0',
    clock: env.clock,
  });

  async function lead(signal: AbortSignal): Promise<void> {
    const informers = new InformerFactory(env, client, {
      detectMutation,
      onError: (resource, error) => onError(`watch ${resource.resource}`, error),
    });
    const context: ControllerContext = {
      env,
      client,
      informers,
      config,
      recorder: (component) => newEventRecorder(env, client, { component }),
      onError: (controller) => (key, error) => onError(`${controller} ${key}`, error),
    };
    const loops = enabled.map((name) => controllers[name]!(context));
    informers.start(signal);
    if (!(await informers.waitForCacheSync(signal))) return;
    await Promise.all(loops.map((loop) => loop.run(AbortSignal.any([signal]))));
  }

  const stopping = new AbortController();
  const { signal } = stopping;
  const running = leaderElect
    ? runLeaderElection(
        {
          env,
          client,
          namespace: 'kube-system',
          name: 'kube-controller-manager',
          identity,
          onStartedLeading: lead,
          recorder: newEventRecorder(env, client, { component: identity }),
        },
        signal,
      )
    : lead(signal);
  const healthz = serveHealthz(env.network, env.name, 10257);
  return {
    async stop() {
      healthz.close();
      stopping.abort(new Error(`${env.name} is stopping`));
      await running;
    },
  };
}
