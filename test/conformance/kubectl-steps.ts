// A fresh control plane over HTTPS with one hollow node, and a real kubectl that is asked step after step what a person would type.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { plainCluster } from './plain-cluster.ts';

export interface Step {
  command: string;
  stdin?: string;
  /** Found in stdout and stderr together: text, or a pattern. */
  expect: (string | RegExp)[];
  /** Exit code. Default 0. */
  code?: number;
  /** Asked again until it holds: something in the cluster has to happen first. */
  eventually?: boolean;
}

export const ok = (command: string, ...expect: (string | RegExp)[]): Step => ({ command, expect });
export const fails = (command: string, ...expect: (string | RegExp)[]): Step => ({ command, expect, code: 1 });
export const feed = (command: string, stdin: string, ...expect: (string | RegExp)[]): Step => ({
  command,
  stdin,
  expect,
});
export const soon = (command: string, ...expect: (string | RegExp)[]): Step => ({ command, expect, eventually: true });

export interface Ran {
  code: number;
  output: string;
}

/** A kubectl with a home of its own. */
export interface Kubectl {
  readonly home: string;
  readonly cluster: Headless;
  /** Runs it, or another program, to its end. */
  run(args: string[], options?: { env?: Record<string, string>; stdin?: string; program?: string }): Promise<Ran>;
  /** Starts a kubectl that goes on running; ends it when `work`, which begins once it has said `until`, is done. Resolves with all it said. */
  background(
    args: string[],
    until: RegExp,
    work: (said: string) => Promise<void>,
    env?: Record<string, string>,
  ): Promise<string>;
}

/** Prepares a cluster for the tests of this file, unless there is no kubectl. */
export function useKubectl(binary: string): Kubectl {
  let cluster: Headless;
  let home: string;
  const environment = (more: Record<string, string> = {}) => ({
    ...process.env,
    KUBECONFIG: join(home, 'config'),
    HOME: home,
    KUBECTL_EXTERNAL_DIFF: 'diff -u -N',
    ...more,
  });

  beforeAll(async () => {
    if (!binary) return;
    home = mkdtempSync(join(tmpdir(), 'drydock-kubectl-'));
    cluster = await startHeadless(plainCluster);
    writeFileSync(join(home, 'config'), cluster.kubeconfig, { mode: 0o600 });
  }, 60_000);

  afterAll(async () => {
    if (!binary) return;
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  });

  return {
    get home() {
      return home;
    },
    get cluster() {
      return cluster;
    },
    run: (args, { env, stdin = '', program = binary } = {}) =>
      new Promise((resolve) => {
        const options = { env: environment(env), timeout: 90_000, maxBuffer: 64 << 20 };
        const child = execFile(program, args, options, (error, stdout, stderr) => {
          const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0;
          resolve({ code, output: stdout + stderr });
        });
        child.stdin?.end(stdin);
      }),
    async background(args, until, work, env) {
      const child = spawn(binary, args, { env: environment(env) });
      let said = '';
      try {
        await new Promise<void>((resolve, reject) => {
          for (const stream of [child.stdout, child.stderr])
            stream.on('data', (chunk) => {
              said += String(chunk);
              if (until.test(said)) resolve();
            });
          child.on('exit', () => reject(new Error(said)));
        });
        await work(said);
      } finally {
        child.kill();
      }
      return said;
    },
  };
}

/** Splits at blanks; what stands in single quotes is one word. */
const words = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));

const holds = (step: Step, { code, output }: Ran) =>
  code === (step.code ?? 0) &&
  step.expect.every((part) => (typeof part === 'string' ? output.includes(part) : part.test(output)));

/** One test for each step, in their order: each builds on those before. */
export function walkThrough(kubectl: Kubectl, chapters: Record<string, Step[]>, skip: boolean): void {
  for (const [chapter, steps] of Object.entries(chapters))
    describe.skipIf(skip)(chapter, () => {
      for (const step of steps)
        test(`kubectl ${step.command.slice(0, 100)}`, { timeout: 120_000 }, async () => {
          const run = () => kubectl.run(words(step.command), step.stdin === undefined ? {} : { stdin: step.stdin });
          let result = await run();
          for (let i = 0; step.eventually && i < 160 && !holds(step, result); i++) {
            await new Promise((resolve) => setTimeout(resolve, 250));
            result = await run();
          }
          for (const part of step.expect) {
            if (typeof part === 'string') expect(result.output).toContain(part);
            else expect(result.output).toMatch(part);
          }
          expect(result.code, result.output).toBe(step.code ?? 0);
        });
    });
}
