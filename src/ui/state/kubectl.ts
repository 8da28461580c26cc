// kubectl as the page runs it: one program (src/kubectl), loaded when first needed, with the editor's files and the cluster's clock.

import type { Clock } from '../../env/clock.ts';
import type { KubectlIo } from '../../kubectl/io.ts';
import type { KubectlResult } from '../../sandbox/cluster.ts';
import { later } from './page-time.ts';

/** What src/kubectl/index.ts offers. */
export interface KubectlProgram {
  runKubectl(args: string[] | string, io: KubectlIo): Promise<number>;
  /** A line with pipes and redirections. */
  runShell(line: string, io: KubectlIo): Promise<number>;
  complete(
    line: string,
    cursor: number,
    io: KubectlIo,
  ): Promise<{ start: number; candidates: string[]; space: boolean }>;
}

/** Runs a command that nobody types into and collects what it prints. */
export async function collect(
  program: KubectlProgram,
  args: string[] | string,
  io: Omit<KubectlIo, 'stdout' | 'stderr'>,
): Promise<KubectlResult> {
  const out = new TextDecoder();
  const err = new TextDecoder();
  let stdout = '';
  let stderr = '';
  const exitCode = await program.runKubectl(args, {
    ...io,
    stdout: (data) => {
      stdout += typeof data === 'string' ? data : out.decode(data, { stream: true });
    },
    stderr: (data) => {
      stderr += typeof data === 'string' ? data : err.decode(data, { stream: true });
    },
  });
  return { stdout, stderr, exitCode };
}

/** The cluster's time for ages and stamps; waits on the reader's watch, so that a command can be waited for while the cluster is paused. */
export function kubectlClock(now: () => number): Clock {
  return { now, after: later };
}
