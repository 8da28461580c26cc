// One cluster for a file of conformance tests, spoken to without sockets: control plane, controllers, one hollow node.

import { afterAll, beforeAll, expect } from 'vitest';
import { type Headless, startHeadless } from '../../../src/bridge/headless.ts';
import { plainCluster } from '../plain-cluster.ts';

export interface Answer {
  code: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  body: any;
}

export interface WatchEvent {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read objects of every shape
  object: any;
}

export interface Watching {
  /** The next event that is no bookmark. Rejects after ten seconds. */
  next(): Promise<WatchEvent>;
  stop(): void;
}

export interface Cluster {
  call(method: string, path: string, body?: object | string, headers?: Record<string, string>): Promise<Answer>;
  /** Like call, and expects this code. */
  must(code: number, method: string, path: string, body?: object | string, type?: string): Promise<Answer['body']>;
  watch(path: string): Promise<Watching>;
  /** A namespace of its own for a test, with its default service account. */
  namespace(): Promise<string>;
  /** Asks until `holds`; returns the last answer. */
  until(path: string, holds: (answer: Answer) => boolean): Promise<Answer>;
}

export const mergePatch = 'application/merge-patch+json';
export const strategicPatch = 'application/strategic-merge-patch+json';
export const jsonPatch = 'application/json-patch+json';
export const applyPatch = 'application/apply-patch+yaml';

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts the cluster before the file's tests and stops it after them. */
export function useCluster(): Cluster {
  let headless: Headless;
  let count = 0;
  beforeAll(async () => {
    headless = await startHeadless(plainCluster);
  }, 60_000);
  afterAll(() => headless?.stop());

  const raw = (method: string, path: string, init: RequestInit = {}) =>
    headless.handle(
      new Request(`http://kube-apiserver:6443${path}`, {
        method,
        ...init,
        headers: { authorization: `Bearer ${headless.adminToken}`, ...(init.headers as Record<string, string>) },
      }),
    );
  const cluster: Cluster = {
    async call(method, path, body, headers = {}) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
      const response = await raw(method, path, {
        ...sent,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      });
      const text = await response.text();
      let parsed: unknown = text;
      try {
        parsed = JSON.parse(text);
      } catch {
        // not JSON: the text itself
      }
      return { code: response.status, headers: response.headers, body: parsed };
    },
    async must(code, method, path, body, type) {
      const answer = await cluster.call(method, path, body, type === undefined ? {} : { 'content-type': type });
      expect(answer.code, `${method} ${path}: ${JSON.stringify(answer.body).slice(0, 600)}`).toBe(code);
      return answer.body;
    },
    async watch(path) {
      const abort = new AbortController();
      const response = await raw('GET', path, { signal: abort.signal });
      expect(response.status).toBe(200);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      const lines: string[] = [];
      let rest = '';
      const read = async (): Promise<WatchEvent> => {
        for (;;) {
          const line = lines.shift();
          if (line !== undefined) {
            const event = JSON.parse(line) as WatchEvent;
            if (event.type === 'BOOKMARK') continue;
            return event;
          }
          const { done, value } = await reader.read();
          if (done) throw new Error('the watch ended');
          const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
          rest = parts.pop() as string;
          lines.push(...parts);
        }
      };
      return {
        next: () =>
          Promise.race([
            read(),
            sleep(10_000).then(() => {
              throw new Error('no event within ten seconds');
            }),
          ]),
        stop() {
          abort.abort();
          reader.cancel().catch(() => {});
        },
      };
    },
    async namespace() {
      const name = `space-${++count}`;
      await cluster.must(201, 'POST', '/api/v1/namespaces', { metadata: { name } });
      await cluster.until(`/api/v1/namespaces/${name}/serviceaccounts/default`, ({ code }) => code === 200);
      return name;
    },
    async until(path, holds) {
      for (let i = 0; ; i++) {
        const answer = await cluster.call('GET', path);
        if (holds(answer)) return answer;
        if (i > 400) throw new Error(`${path} stayed ${answer.code} ${JSON.stringify(answer.body).slice(0, 600)}`);
        await sleep(50);
      }
    },
  };
  return cluster;
}
