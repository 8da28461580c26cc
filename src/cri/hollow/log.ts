// A container's log: the last lines it wrote, kept in memory, with readers that follow it.
//
// Invariant: a follower sees every line that is kept, once, in order, and ends when the log is closed (the container ended) or its signal aborts.

import type { LogLine, LogOptions } from '../runtime.ts';

const keptLines = 2000;

export class ContainerLog {
  private lines: { at: number; line: LogLine }[] = [];
  /** Number of lines dropped from the front. */
  private dropped = 0;
  private closed = false;
  private wake: (() => void)[] = [];

  append(at: number, stream: LogLine['stream'], text: string): void {
    const encoder = new TextEncoder();
    for (const content of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const timestamp = `${new Date(at).toISOString().slice(0, 23)}000000Z`;
      this.lines.push({ at, line: { timestamp, stream, content: encoder.encode(content) } });
    }
    const excess = this.lines.length - keptLines;
    if (excess > 0) {
      this.lines.splice(0, excess);
      this.dropped += excess;
    }
    this.notify();
  }

  close(): void {
    this.closed = true;
    this.notify();
  }

  async *read(options: LogOptions): AsyncGenerator<LogLine> {
    const { tailLines, sinceTime, follow, signal } = options;
    let next = this.dropped;
    if (tailLines !== undefined) next = Math.max(next, this.dropped + this.lines.length - tailLines);
    for (;;) {
      if (signal?.aborted) return;
      next = Math.max(next, this.dropped);
      const entry = this.lines[next - this.dropped];
      if (entry) {
        next++;
        if (sinceTime === undefined || entry.at >= sinceTime) yield entry.line;
      } else if (!follow || this.closed) return;
      else await this.changed(signal);
    }
  }

  private changed(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done);
        resolve();
      };
      signal?.addEventListener('abort', done, { once: true });
      this.wake.push(done);
    });
  }

  private notify(): void {
    for (const wake of this.wake.splice(0)) wake();
  }
}
