// Agent streams as the CRI's processes, connections and log lines.

import { messageOf } from '../../env/errors.ts';
import { exitCodeOf } from '../../machine/agent.ts';
import { AgentError, type AgentStream, errno } from '../../machine/agent-stream.ts';
import type { Duplex, LogLine, Process } from '../runtime.ts';

/** A sink that sends to the guest; closing it sends the end. */
function sink(stream: AgentStream): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (bytes) => stream.write(bytes),
    close: () => stream.end(),
    abort: () => stream.end(),
  });
}

/** A started process somebody is attached to. */
export function asProcess(stream: AgentStream): Process {
  return {
    stdin: sink(stream),
    stdout: stream.stdout,
    stderr: stream.stderr,
    resize: (columns, rows) => stream.control('resize', 'cols', String(columns), 'rows', String(rows)),
    kill: () => stream.close(),
    // closed from this side: it was killed
    exited: stream.result.then(exitCodeOf, () => 137),
  };
}

/** A connection. */
export function asDuplex(stream: AgentStream): Duplex {
  return { readable: stream.stdout, writable: sink(stream) };
}

/** Why a TCP connection failed, as Go's net package words it: "dial tcp 10.244.1.5:80: connect: connection refused". */
export function dialError(error: unknown, host: string, port: number): string {
  const words: Record<number, string> = {
    [errno.ECONNREFUSED]: 'connect: connection refused',
    [errno.EHOSTUNREACH]: 'connect: no route to host',
    101: 'connect: network is unreachable',
    104: 'read: connection reset by peer',
    [errno.ETIMEDOUT]: 'i/o timeout',
  };
  const known = error instanceof AgentError ? words[error.errno] : undefined;
  return `dial tcp ${host}:${port}: ${known ?? messageOf(error)}`;
}

const newline = 10;

/** Lines of a CRI log file. A line marked P is a piece of a longer one and has no newline of its own. Malformed lines are left out. */
export async function* logLines(source: ReadableStream<Uint8Array>): AsyncGenerator<LogLine> {
  const reader = source.getReader();
  let rest = new Uint8Array(0);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
      let at = 0;
      for (let end = bytes.indexOf(newline, at); end >= 0; end = bytes.indexOf(newline, at)) {
        const line = parseLogLine(bytes.subarray(at, end + 1));
        at = end + 1;
        if (line) yield line;
      }
      rest = bytes.slice(at);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** `line` ends with its newline: "<time> stdout F text\n". */
function parseLogLine(line: Uint8Array): LogLine | undefined {
  const head = /^(\S+) (stdout|stderr) ([FP]) /.exec(new TextDecoder().decode(line.subarray(0, 64)));
  if (!head) return undefined;
  return {
    timestamp: head[1] as string,
    stream: head[2] as 'stdout' | 'stderr',
    content: line.slice(head[0].length, head[3] === 'P' ? line.length - 1 : line.length),
  };
}
