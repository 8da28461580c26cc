// The real kubectl against a fresh control plane over HTTPS: each command's output is upstream's.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { findKubectl } from './kubectl-binary.ts';
import { chapters, type Step } from './kubectl-commands.ts';

const kubectl = findKubectl();
const binary = 'path' in kubectl ? kubectl.path : '';
if ('missing' in kubectl) console.warn(`kubectl conformance skipped: ${kubectl.missing}`);

let cluster: Headless;
let home: string;

beforeAll(async () => {
  if (!binary) return;
  home = mkdtempSync(join(tmpdir(), 'drydock-kubectl-'));
  cluster = await startHeadless({
    port: 0,
    bindAddress: '127.0.0.1',
    kubeconfigOut: undefined,
    tokenAuthFile: undefined,
    etcdServers: [],
    dataDir: undefined,
    hollowNodes: 1,
    controllers: true,
    authorizationMode: 'RBAC',
  });
  writeFileSync(join(home, 'config'), cluster.kubeconfig, { mode: 0o600 });
}, 60_000);

afterAll(async () => {
  if (!binary) return;
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Splits at blanks; what stands in single quotes is one word. */
const words = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));

function run(step: Step): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, KUBECONFIG: join(home, 'config'), HOME: home, KUBECTL_EXTERNAL_DIFF: 'diff -u -N' };
    const child = execFile(
      binary,
      words(step.command),
      { env, timeout: 90_000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0;
        resolve({ code, output: stdout + stderr });
      },
    );
    child.stdin?.end(step.stdin ?? '');
  });
}

const holds = (step: Step, { code, output }: { code: number; output: string }) =>
  code === (step.code ?? 0) &&
  step.expect.every((part) => (typeof part === 'string' ? output.includes(part) : part.test(output)));

for (const [chapter, steps] of Object.entries(chapters))
  describe.skipIf(!binary)(chapter, () => {
    for (const step of steps)
      test(`kubectl ${step.command.slice(0, 100)}`, { timeout: 120_000 }, async () => {
        let result = await run(step);
        for (let i = 0; step.eventually && i < 60 && !holds(step, result); i++) {
          await new Promise((resolve) => setTimeout(resolve, 250));
          result = await run(step);
        }
        for (const part of step.expect) {
          if (typeof part === 'string') expect(result.output).toContain(part);
          else expect(result.output).toMatch(part);
        }
        expect(result.code, result.output).toBe(step.code ?? 0);
      });
  });
