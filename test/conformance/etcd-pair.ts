// Ours and Debian's etcd side by side: the same call goes to both, and the two answers are brought into a form in which they can be compared field by field. What
// differs by nature (ids, terms, sizes, hashes) becomes a placeholder on both sides; ids that a side made up are numbered in the order in which they show up.

import { type RealEtcd, startRealEtcd } from '../../scripts/etcd-real.ts';
import { LocalNetwork } from '../../src/env/node/local-network.ts';
import { createNodeEnv } from '../../src/env/node/node-env.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { type RunningEtcdMember, startEtcdMember } from '../../src/etcd/index.ts';

/** One call. "$name" in a body stands for what an earlier answer kept under that name. */
export interface ParityCase {
  name: string;
  path: string;
  body: string;
  /** Default POST. */
  method?: string;
  headers?: Record<string, string>;
  /** Lines to read of a stream; 0: the whole answer. */
  lines?: number;
  /** ms without a line after which a stream is read no further, however many were expected. Default 2,500. */
  patience?: number;
  /** Goes on reading the stream for so many ms after these lines, for more that should not come. */
  silence?: number;
  /** Compares a stream watch by watch: between the watches of one stream there is no order. */
  byWatch?: boolean;
  /** Which member to ask; default the first. "leader" and "follower" are looked up on each side. */
  member?: number | 'leader' | 'follower';
  /** Keeps parts of the answer, by dotted path, under names. Elements of a list are numbered or named. */
  keep?: Record<string, string>;
  /** Asks again, for a while, as long as the answer is 503: a cluster refuses changes of its members until it has been whole for seconds. */
  settle?: boolean;
  /** ms to wait before. */
  wait?: number;
  /** Compares only the status. */
  loose?: boolean;
}

export interface Shown {
  status: number;
  type: string | null;
  body: unknown;
}

/** base64 of a text. */
export const b = (text: string) => Buffer.from(text).toString('base64');

const volatile = new Set([
  'cluster_id',
  'member_id',
  'raft_term',
  'leader',
  'raftTerm',
  'raftIndex',
  'raftAppliedIndex',
  'dbSize',
  'dbSizeInUse',
  'hash',
  'remaining_bytes',
  'blob',
]);
const ids = new Set(['ID', 'lease', 'memberID', 'key']);

type Send = (member: number, path: string, init: RequestInit) => Promise<Response>;

/** Addresses that founding members have here and there. */
const founding = /^http:\/\/(127\.0\.0\.1|n\d):\d+$/;

/** Members in the order of their names: that of their ids is chance. */
function byName(members: unknown[]): unknown[] {
  const text = (member: unknown) => {
    const { name = '', peerURLs } = member as { name?: string; peerURLs?: string[] };
    return `${name} ${peerURLs?.join()}`;
  };
  return members.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}

class Side {
  readonly names = new Map<string, string>();
  readonly variables = new Map<string, string>();
  private readonly send: Send;
  private readonly count: number;

  constructor(count: number, send: Send) {
    this.count = count;
    this.send = send;
  }

  private async json(member: number, path: string): Promise<Record<string, unknown>> {
    return (await (await this.send(member, path, { method: 'POST', body: '{}' })).json()) as Record<string, unknown>;
  }

  /** Position of a member that leads, or of one that follows; members that were removed are passed over. */
  private async find(leads: boolean): Promise<number> {
    for (let attempt = 0; attempt < 50; attempt++) {
      for (let i = 0; i < this.count; i++) {
        const status = await this.json(i, '/v3/maintenance/status').catch(() => undefined);
        const { header, leader } = status ?? {};
        if (!leader) continue;
        if ((leader === (header as { member_id: string }).member_id) === leads) return i;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('no such member');
  }

  async ask(parityCase: ParityCase): Promise<Shown> {
    const { path, body, method = 'POST', headers = {}, keep = {}, member = 0 } = parityCase;
    const filled = body.replace(/\$(\w+)/g, (whole, name: string) => this.variables.get(name) ?? whole);
    const at = typeof member === 'number' ? member : await this.find(member === 'leader');
    const redirect = 'manual';
    const bodiless = method === 'GET' || method === 'HEAD';
    const send = () => this.send(at, path, { method, headers, redirect, ...(bodiless ? {} : { body: filled }) });
    let response = await send();
    for (let attempt = 0; parityCase.settle && response.status === 503 && attempt < 20; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      response = await send();
    }
    const text = await read(response, parityCase);
    for (const [name, dotted] of Object.entries(keep)) {
      let value: unknown = JSON.parse(text.split('\n')[0] ?? '');
      for (const step of dotted.split('.')) {
        const named = Array.isArray(value)
          ? value.find((item) => (item as { name?: string }).name === step)
          : undefined;
        value = named ?? (value as Record<string, unknown> | undefined)?.[step];
      }
      this.variables.set(name, String(value));
    }
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: this.normalize(text, parityCase),
    };
  }

  private normalize(text: string, { byWatch, lines = 0, silence = 0 }: ParityCase): unknown {
    const walk = (value: unknown, key: string): unknown => {
      if (Array.isArray(value)) {
        // in etcd the keys of a lease are a map, in no order
        const inOrder = key === 'members' ? byName(value) : key === 'keys' ? value.toSorted() : value;
        return inOrder.map((item) => walk(item, key));
      }
      if ((key === 'peerURLs' || key === 'clientURLs') && typeof value === 'string' && founding.test(value))
        return '<address>';
      if (value && typeof value === 'object' && 'grantedTTL' in value && 'TTL' in value) {
        // the two were not granted in the same moment, nor asked
        const { TTL, grantedTTL, ...rest } = value;
        const remains = Number(TTL) > 0 ? '<some>' : TTL;
        return { ...(walk(rest, key) as object), grantedTTL, remains };
      }
      if (value && typeof value === 'object')
        return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name)]));
      if (volatile.has(key)) return `<${key}>`;
      if (ids.has(key) && typeof value === 'string' && /^\d{10,}$/.test(value)) {
        if (!this.names.has(value)) this.names.set(value, `<id ${this.names.size + 1}>`);
        return this.names.get(value);
      }
      return value;
    };
    const shown = text
      .trim()
      .split('\n')
      .map((line) => {
        try {
          return walk(JSON.parse(line), '');
        } catch {
          return line;
        }
      });
    if (!byWatch) return lines > 0 && silence === 0 ? shown.slice(0, lines) : shown;
    const watches: Record<string, unknown[]> = {};
    for (const line of shown) {
      const id = (line as { result?: { watch_id?: string } }).result?.watch_id ?? '0';
      watches[id] = [...(watches[id] ?? []), line];
    }
    return watches;
  }
}

/** The text of an answer; of a stream, as many lines as are asked for. */
async function read(response: Response, { lines = 0, silence = 0, patience = 2500 }: ParityCase): Promise<string> {
  if (lines === 0) return response.text();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const enough = text.split('\n').length > lines;
    if (enough && silence === 0) break;
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<{ done: true; value?: Uint8Array }>((resolve) => {
      timer = setTimeout(resolve, enough ? silence : patience, { done: true });
    });
    const { done, value } = await Promise.race([reader.read(), silent]);
    clearTimeout(timer);
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

export interface EtcdPair {
  /** Sends a call to both; [ours, etcd's]. */
  ask(parityCase: ParityCase): Promise<[Shown, Shown]>;
  /** Ends a member of both at once. */
  kill(index: number): Promise<void>;
  /** Starts a member of ours again on the disk it had. */
  restartOurs(index: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both with as many members, on memory and in a temporary directory. */
export async function startEtcdPair(count = 1): Promise<EtcdPair> {
  const network = new LocalNetwork();
  const clock = new ScaledClock();
  const disks = createMemoryDisks();
  const members = Array.from({ length: count }, (_, i) => ({
    name: `n${i + 1}`,
    peer: `127.0.0.1:${i + 1}`,
    client: `n${i + 1}:2379`,
  }));
  const start = (name: string) =>
    startEtcdMember(createNodeEnv(name, { network, clock, disk: disks.open(name) }), { name, members });
  const [real, ...ours] = await Promise.all<[Promise<RealEtcd>, ...Promise<RunningEtcdMember>[]]>([
    startRealEtcd(count),
    ...members.map(({ name }) => start(name)),
  ]);
  const theirSide = new Side(count, (member, path, init) => fetch(`${real.endpoints[member]}${path}`, init));
  const ourSide = new Side(count, (member, path, init) =>
    (ours[member] as RunningEtcdMember).handler(new Request(`http://n${member + 1}:2379${path}`, init)),
  );
  return {
    ask: (parityCase) => Promise.all([ourSide.ask(parityCase), theirSide.ask(parityCase)]),
    kill: async (index) => {
      ours[index]?.faults.kill();
      network.takeDown(`n${index + 1}`);
      await real.kill(index);
    },
    restartOurs: async (index) => {
      ours[index] = await start(`n${index + 1}`);
    },
    stop: async () => {
      for (const member of ours) member.faults.kill();
      clock.close();
      await real.stop();
    },
  };
}
