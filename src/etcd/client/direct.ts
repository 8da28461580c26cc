// Calls on members that run in this very process: no text, no requests, no streams; messages are handed over as they are.
//
// What is asked for in one turn goes to the store together, at the turn's end: writes share one place in the log and one record on the disk.
//
// Invariants: messages are as the plain form has them (../api/plain.ts), so all else is as over a wire: reads are tried again while there is no leader, a write
// whose fate is unknown is not.

import { type Clock, sleep } from '../../env/clock.ts';
import type { LeaseId, WatchCreateRequest, WatchResponse } from '../api/types.ts';
import { etcdError, grpc } from '../errors.ts';
import type { Backend } from '../server/backend.ts';
import { calls } from '../server/service.ts';
import { WatchSession } from '../server/watch-stream.ts';
import { TransportedClient } from './index.ts';
import { type CallOptions, isCutOff, pause, rounds, type Transport, untilAborted } from './transport.ts';
import { type EtcdClient, EtcdError } from './types.ts';

export interface DirectClientConfig {
  /** The member to ask now: the leader, if there is one. */
  member: () => { readonly backend: Backend };
  clock: Clock;
  /** Does something at the end of this turn. */
  atTurnsEnd: (work: () => void) => void;
}

/** A client of members in this process. */
export function createDirectEtcdClient(config: DirectClientConfig): EtcdClient {
  return new TransportedClient(new DirectTransport(config));
}

interface Waiting {
  path: string;
  request: object;
  resolve(answer: object): void;
  reject(error: unknown): void;
}

/** Watch answers that may wait for the reader; after that the store feeds it from its history. */
const mostWaiting = 256;
const never = new AbortController().signal;

class DirectTransport implements Transport {
  private readonly config: DirectClientConfig;
  private waiting: Waiting[] = [];

  constructor(config: DirectClientConfig) {
    this.config = config;
  }

  async call<T>(path: string, request: object, { retry = false, signal }: CallOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answered = this.ask(path, request);
        return (await (signal ? untilAborted(answered, signal) : answered)) as T;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof EtcdError) || !isCutOff(error) || !retry || attempt >= rounds) throw error;
        await sleep(this.config.clock, pause, signal);
      }
    }
  }

  private ask(path: string, request: object): Promise<object> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ path, request, resolve, reject });
      if (this.waiting.length === 1) this.config.atTurnsEnd(() => this.flush());
    });
  }

  private flush(): void {
    const member = this.config.member().backend;
    for (const { path, request, resolve, reject } of this.waiting.splice(0)) {
      const call = calls[path];
      if (call) call(member, request as never, never).then(resolve, reject);
      else reject(new EtcdError(grpc.unimplemented, 'Method not allowed'));
    }
  }

  async *stream<T>(path: string, request: object, signal: AbortSignal): AsyncGenerator<T> {
    if (path === '/v3/watch') {
      yield* this.watch(request as { createRequest: WatchCreateRequest }, signal) as AsyncGenerator<T>;
      return;
    }
    if (path !== '/v3/lease/keepalive') throw new EtcdError(grpc.unimplemented, 'Method not allowed');
    const ID = (request as LeaseId).ID ?? '0';
    yield { ID, TTL: await this.config.member().backend.leaseRenew(ID) } as T;
  }

  private async *watch(
    { createRequest }: { createRequest: WatchCreateRequest },
    signal: AbortSignal,
  ): AsyncGenerator<WatchResponse> {
    const member = this.config.member().backend;
    let waiting: WatchResponse[] = [];
    let failure: unknown;
    let wake = () => {};
    const session = new WatchSession(member, {
      hasRoom: () => waiting.length < mostWaiting,
      write: (response) => {
        waiting.push(response);
        wake();
      },
      fail: (error) => {
        failure = error ?? etcdError('stopped');
        wake();
      },
    });
    const onAbort = () => wake();
    signal.addEventListener('abort', onAbort, { once: true });
    member.streams.add(session);
    try {
      session.handle({ createRequest });
      while (!signal.aborted) {
        if (waiting.length > 0) {
          const some = waiting;
          waiting = [];
          yield* some;
          session.ready();
        } else if (failure !== undefined) throw failure;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      member.streams.delete(session);
      session.close();
    }
  }
}
