// What every controller of the manager is given, and what it gives back. Upstream: cmd/kube-controller-manager/app ControllerContext and controller descriptors.

import type { EventRecorder, InformerFactory, RestClient } from '../../client/index.ts';
import type { Env } from '../../env/env.ts';
import type { ControllerManagerConfig } from '../config.ts';

export interface ControllerContext {
  readonly env: Env;
  readonly client: RestClient;
  /** One informer per resource for the whole manager; ask while initialising, they are started afterwards. */
  readonly informers: InformerFactory;
  readonly config: ControllerManagerConfig;
  /** A recorder whose Events come from `component` ("deployment-controller"). */
  recorder(component: string): EventRecorder;
  /** For Controller's onError. */
  onError(controller: string): (key: string, error: unknown) => void;
}

/** A loop that works until its signal aborts. Informers have synced when it is run. */
export interface Runnable {
  run(signal: AbortSignal): Promise<void>;
}

/** Registers informers, indices and handlers; does nothing else until it is run. */
export type InitController = (context: ControllerContext) => Runnable;

/** Several loops as one. */
export function together(...parts: Runnable[]): Runnable {
  return { run: async (signal) => void (await Promise.all(parts.map((part) => part.run(signal)))) };
}
