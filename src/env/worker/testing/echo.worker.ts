// A process for the worker host's tests: serves HTTP, ticks on its clock, passes gates, and echoes channel messages.

import * as Comlink from 'comlink';
import type { Disk } from '../../disk.ts';
import type { Env } from '../../env.ts';
import type { WorkerBirth } from '../control.ts';
import { createWorkerEnv } from '../worker-env.ts';

const noDisk = () => ({}) as Disk;

function serve(env: Env): void {
  env.network.serve(`${env.name}:80`, async (request) => {
    const path = new URL(request.url).pathname;
    if (path === '/echo') {
      const headers = Object.fromEntries(request.headers);
      const body = JSON.stringify({ from: env.name, method: request.method, body: await request.text(), headers });
      return new Response(body, { headers: { 'content-length': String(new TextEncoder().encode(body).length) } });
    }
    if (path === '/hang') return new Promise(() => {});
    if (path === '/stream') return new Response(request.body);
    if (path.startsWith('/via/'))
      return env.network.fetch(`http://${path.slice(5)}/echo`, { method: 'POST', body: `via ${env.name}` });
    return new Response('not found', { status: 404 });
  });
}

const api = {
  async start(birth: WorkerBirth, control: MessagePort) {
    const env = createWorkerEnv(birth, control, noDisk);
    serve(env);
    const channel = env.network.channel('test');
    const got: string[] = [];
    channel.onmessage = (from, message) => got.push(`${from}: ${message}`);
    let passed = 0;
    Object.assign(api, {
      send: (to: string, message: string) => channel.send(to, message),
      received: () => got,
      now: () => env.clock.now(),
      passed: () => passed,
      pass: async () => {
        const held = env.trace.gate({ gate: 'reconcile', will: 'pass' });
        if (held) await held;
        passed++;
      },
    });
    return true;
  },
};

export interface EchoWorker {
  start(birth: WorkerBirth, control: MessagePort): Promise<boolean>;
  send(to: string, message: string): void;
  received(): string[];
  now(): number;
  passed(): number;
  pass(): Promise<void>;
}

Comlink.expose(api);
