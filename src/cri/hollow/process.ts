// Processes of a hollow node, which has none: streams that say so and end.

import type { Process } from '../runtime.ts';

export const hollowNotice = 'this is a hollow node: it has no Linux and runs no processes';

/** A process that has already written all it will and ends with `exitCode`. */
export function finishedProcess(stdout: string, stderr: string, exitCode: number): Process {
  return {
    stdin: new WritableStream(),
    stdout: streamOf(stdout),
    stderr: streamOf(stderr),
    resize: () => {},
    kill: () => {},
    exited: Promise.resolve(exitCode),
  };
}

/** What a command gets that would need a real process: the reason on stderr and exit code 126 ("cannot be executed"). */
export function cannotRun(command: string[]): Process {
  return finishedProcess('', `cannot run "${command.join(' ')}": ${hollowNotice}\n`, 126);
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (text) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}
