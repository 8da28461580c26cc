// How a process of the cluster is started, wherever it is hosted.

import type { Env, Json, Running } from '../../env/env.ts';
import type { ClusterPlan } from '../plan.ts';

export interface ClusterProcess extends Running {
  /** The process's account of itself, for the inspector. */
  inspect?(): Json | Promise<Json>;
  /** Of a node: what kind of machine it became. */
  runtime?: 'linux' | 'hollow';
  /** Stops and restarts what does not follow env.clock by itself (an emulated machine). */
  setPaused?(paused: boolean): void;
}

export type StartProcess = (
  env: Env,
  plan: ClusterPlan,
  progress: (message: string) => void,
) => Promise<ClusterProcess>;
