// What a worker offers to the page through Comlink: start, inspect, pause, stop. Everything else a process does goes over its own ports.

import * as Comlink from 'comlink';
import type { Json } from '../env/env.ts';
import type { WorkerBirth } from '../env/worker/control.ts';
import { openIndexedDbDisk } from '../env/worker/indexeddb-disk.ts';
import { createWorkerEnv } from '../env/worker/worker-env.ts';
import type { ClusterPlan } from './plan.ts';
import type { ClusterProcess, StartProcess } from './processes/process.ts';

export interface WorkerProcess {
  /** Starts the process; resolves when it serves. */
  start(
    birth: WorkerBirth,
    plan: ClusterPlan,
    control: MessagePort,
    progress: (message: string) => void,
  ): Promise<{ runtime?: 'linux' | 'hollow' }>;
  inspect(): Promise<Json | undefined>;
  setPaused(paused: boolean): void;
  stop(): Promise<void>;
}

/** Makes this worker a process of the cluster. */
export function runProcess(startProcess: StartProcess): void {
  let running: ClusterProcess | undefined;
  let paused = false;
  const api: WorkerProcess = {
    async start(birth, plan, control, progress) {
      const env = createWorkerEnv(birth, control, openIndexedDbDisk);
      running = await startProcess(env, plan, progress);
      if (paused) running.setPaused?.(true);
      return running.runtime ? { runtime: running.runtime } : {};
    },
    async inspect() {
      return running?.inspect?.();
    },
    setPaused(value) {
      paused = value;
      running?.setPaused?.(value);
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
  };
  Comlink.expose(api);
}
