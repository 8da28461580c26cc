// One cluster, several tabs: the tab that holds the Web Lock runs it and writes its disks; the others follow it read-only, over the same HTTP as everybody.
//
// Invariant: a follower can only GET. What it sees (objects, watches, the causal log, processes) is the leader's own, streamed.

import type { Json } from '../env/env.ts';
import { HttpClientLink, HttpServerLink } from '../env/http-link.ts';
import { randomHex } from '../env/random.ts';
import { systemRandom } from '../env/system-random.ts';
import { answerTabs, askTab } from '../env/worker/broadcast-link.ts';
import { Conductor } from '../trace/conductor.ts';
import type { TraceEvent } from '../trace/event.ts';
import { TraceLog } from '../trace/log.ts';
import type { Cluster, ClusterClock, Faults, ProcessStatus, TerminalSession } from './cluster.ts';
import type { ClusterConfig } from './config.ts';

const channelName = (cluster: string) => `drydock/${cluster}`;

const readOnlyMessage = 'this tab only follows the cluster, which runs in another tab of this browser';

/** Lets other tabs follow a cluster that runs here. Returns a function that ends it. */
export function shareCluster(cluster: Cluster): () => void {
  return answerTabs(channelName(cluster.config.name), (link) => {
    new HttpServerLink(link, (request) => answer(cluster, request));
  });
}

function answer(cluster: Cluster, request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (request.method !== 'GET') return Promise.resolve(forbidden());
  if (url.pathname === '/drydock/state') {
    return Promise.resolve(
      lines<{ processes?: readonly ProcessStatus[]; events?: readonly TraceEvent[]; now?: number }>(
        request.signal,
        (say) => {
          say({ events: cluster.trace.events({}, 2000), now: cluster.clock.now() });
          const ends = [
            cluster.onProcesses((processes) => say({ processes })),
            cluster.trace.subscribe((events) => say({ events, now: cluster.clock.now() })),
          ];
          return () => {
            for (const end of ends) end();
          };
        },
      ),
    );
  }
  if (url.pathname === '/drydock/inspect') {
    return cluster.inspect(url.searchParams.get('process') ?? '').then((value) => Response.json(value ?? null));
  }
  return cluster.fetch(url.pathname + url.search, {
    headers: withoutCredentials(request.headers),
    signal: request.signal,
  });
}

function withoutCredentials(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('authorization');
  return kept;
}

function forbidden(): Response {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: readOnlyMessage,
    reason: 'Forbidden',
    code: 403,
  };
  return Response.json(status, { status: 403 });
}

/** A stream of JSON lines, fed until the signal aborts. */
function lines<T>(signal: AbortSignal, feed: (say: (value: T) => void) => () => void): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      stop = feed((value) => controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`)));
      signal.addEventListener('abort', () => stop(), { once: true });
    },
    cancel: () => stop(),
  });
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
}

/** A cluster that runs in another tab, seen from here. */
export class FollowedCluster implements Cluster {
  readonly config: ClusterConfig;
  readonly readOnly = true;
  readonly trace = new TraceLog();
  readonly conductor = new Conductor();
  readonly clock: ClusterClock;
  readonly faults: Faults;
  readonly #link: HttpClientLink;
  readonly #subscribers = new Set<(processes: readonly ProcessStatus[]) => void>();
  #processes: readonly ProcessStatus[] = [];
  /** Leader's cluster time minus ours. */
  #ahead = 0;

  constructor(config: ClusterConfig, localNow: () => number) {
    this.config = config;
    this.#link = new HttpClientLink(askTab(channelName(config.name), randomHex(systemRandom, 16)));
    const refuse = () => {
      throw new Error(readOnlyMessage);
    };
    this.clock = {
      now: () => localNow() + this.#ahead,
      rate: 1,
      paused: false,
      setRate: refuse,
      fastForward: async () => refuse(),
      subscribe: () => () => {},
    };
    this.faults = { kill: refuse, start: refuse, cut: refuse, heal: refuse, cuts: [] };
    void this.#follow(localNow);
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#link.fetch(`http://cluster${path}`, init);
  }

  processes(): readonly ProcessStatus[] {
    return this.#processes;
  }

  onProcesses(callback: (processes: readonly ProcessStatus[]) => void): () => void {
    this.#subscribers.add(callback);
    callback(this.#processes);
    return () => this.#subscribers.delete(callback);
  }

  async inspect(process: string): Promise<Json | undefined> {
    const response = await this.fetch(`/drydock/inspect?process=${encodeURIComponent(process)}`);
    return ((await response.json()) as Json) ?? undefined;
  }

  nodeShell(): Promise<TerminalSession> {
    return Promise.reject(new Error(readOnlyMessage));
  }

  async stop(): Promise<void> {
    this.#link.close();
  }

  destroy(): Promise<void> {
    return Promise.reject(new Error(readOnlyMessage));
  }

  async #follow(localNow: () => number): Promise<void> {
    const response = await this.fetch('/drydock/state');
    if (!response.body) return;
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts)
        this.#take(JSON.parse(part) as { processes?: ProcessStatus[]; events?: TraceEvent[]; now?: number }, localNow);
    }
  }

  #take(message: { processes?: ProcessStatus[]; events?: TraceEvent[]; now?: number }, localNow: () => number): void {
    if (message.now !== undefined) this.#ahead = message.now - localNow();
    if (message.events) this.trace.append(message.events);
    if (!message.processes) return;
    this.#processes = message.processes;
    for (const subscriber of this.#subscribers) subscriber(this.#processes);
  }
}
