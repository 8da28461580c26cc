// Calls of one kind to one endpoint, gathered: while enough exchanges are under way, what is asked for meanwhile becomes the next one (the client's side of group
// commit). One exchange costs the same however many calls it carries, and the member puts them into its log together.
//
// Invariant: a call waits at most `maxWait` for others, so a slow exchange holds up nobody.

import type { Cancel, Clock } from '../../env/clock.ts';

export interface BatchAnswer {
  ok?: Record<string, unknown>;
  code?: number;
  message?: string;
}

interface Waiting {
  text: string;
  resolve(answer: BatchAnswer): void;
  reject(error: unknown): void;
}

const maxUnderWay = 2;
/** ms */
const maxWait = 5;
const maxCalls = 512;
/** Characters of calls in one exchange. */
const maxText = 1 << 20;

export class Batcher {
  private readonly clock: Clock;
  private readonly exchange: (body: string) => Promise<BatchAnswer[]>;
  private queue: Waiting[] = [];
  private underWay = 0;
  private scheduled = false;
  private timer: Cancel | undefined;

  constructor(clock: Clock, exchange: (body: string) => Promise<BatchAnswer[]>) {
    this.clock = clock;
    this.exchange = exchange;
  }

  /** `text`: one [path, request] as JSON. Rejects as the exchange does. */
  call(text: string): Promise<BatchAnswer> {
    return new Promise((resolve, reject) => {
      this.queue.push({ text, resolve, reject });
      if (this.scheduled) return;
      this.scheduled = true;
      queueMicrotask(() => {
        this.scheduled = false;
        this.flush();
      });
    });
  }

  private flush(): void {
    if (this.queue.length === 0) return;
    if (this.underWay < maxUnderWay) this.send();
    else
      this.timer ??= this.clock.after(maxWait, () => {
        this.timer = undefined;
        this.send();
        this.flush();
      });
  }

  private send(): void {
    let count = 0;
    for (let size = 0; count < this.queue.length && count < maxCalls; count++) {
      size += (this.queue[count] as Waiting).text.length;
      if (size > maxText && count > 0) break;
    }
    if (count === 0) return;
    const batch = this.queue.splice(0, count);
    if (this.queue.length === 0) {
      this.timer?.();
      this.timer = undefined;
    }
    this.underWay++;
    this.exchange(`[${batch.map(({ text }) => text).join(',')}]`)
      .then(
        (answers) => {
          for (let i = 0; i < batch.length; i++) {
            const answer = answers[i];
            if (answer) batch[i]?.resolve(answer);
            else batch[i]?.reject(new TypeError('an answer is missing'));
          }
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      )
      .finally(() => {
        this.underWay--;
        this.flush();
      });
  }
}
