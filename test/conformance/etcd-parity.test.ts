// The same calls to ours and to Debian's etcd, answers and errors compared field by field. What differs by nature (ids, terms, sizes, hashes) is replaced by a
// placeholder on both sides.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRealEtcd, type RealEtcd, startRealEtcd } from '../../scripts/etcd-real.ts';
import { LocalNetwork } from '../../src/env/node/local-network.ts';
import { createNodeEnv } from '../../src/env/node/node-env.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { createMemoryDisks } from '../../src/env/simulated/memory-disk.ts';
import { type RunningEtcdMember, startEtcdMember } from '../../src/etcd/index.ts';
import { parityCases } from './etcd-parity-cases.ts';

type Call = (path: string, body: string) => Promise<{ status: number; body: string }>;

const volatile = new Set([
  'cluster_id',
  'member_id',
  'raft_term',
  'leader',
  'raftTerm',
  'raftIndex',
  'raftAppliedIndex',
]);
const sizes = new Set(['dbSize', 'dbSizeInUse', 'hash', 'compact_revision_of_hash']);

/** JSON with what must differ replaced; ids that one side made up are numbered in the order in which they show up. */
function normalize(text: string, names: Map<string, string>): unknown {
  const walk = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (value && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name)]));
    if (volatile.has(key) || sizes.has(key)) return `<${key}>`;
    if ((key === 'ID' || key === 'lease' || key === 'memberID') && typeof value === 'string' && value.length > 9) {
      if (!names.has(value)) names.set(value, `<id ${names.size + 1}>`);
      return names.get(value);
    }
    return value;
  };
  return text
    .trim()
    .split('\n')
    .map((line) => {
      try {
        return walk(JSON.parse(line), '');
      } catch {
        return line;
      }
    });
}

describe.skipIf(!hasRealEtcd())(
  'parity with etcd (skipped where the etcd binary is missing: Debian package etcd-server)',
  () => {
    let real: RealEtcd;
    let ours: RunningEtcdMember;

    beforeAll(async () => {
      real = await startRealEtcd(1);
      const network = new LocalNetwork();
      const clock = new ScaledClock();
      const disk = createMemoryDisks().open('n1');
      const env = createNodeEnv('n1', { network, clock, disk });
      ours = await startEtcdMember(env, { name: 'n1', members: [{ name: 'n1', client: 'n1:2379' }] });
    });

    afterAll(async () => {
      await ours?.stop();
      await real?.stop();
    });

    /** Sends a call; a stream is read until it has been silent for a moment. */
    const read = async (response: Response, lines: number) => {
      if (lines === 0) return { status: response.status, body: await response.text() };
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      let body = '';
      while (body.split('\n').length <= lines) {
        const { done, value } = await reader.read();
        if (done) break;
        body += decoder.decode(value, { stream: true });
      }
      await reader.cancel();
      return { status: response.status, body };
    };

    const toReal =
      (lines: number): Call =>
      async (path, body) =>
        read(await fetch(real.endpoints[0] + path, { method: 'POST', body }), lines);
    const toOurs =
      (lines: number): Call =>
      async (path, body) =>
        read(await ours.handler(new Request(`http://n1:2379${path}`, { method: 'POST', body })), lines);

    const realNames = new Map<string, string>();
    const ourNames = new Map<string, string>();
    const realVariables = new Map<string, string>();
    const ourVariables = new Map<string, string>();

    test.each(parityCases.map((parityCase, i) => ({ name: `${i + 1} ${parityCase.name}`, parityCase })))(
      '$name',
      async ({ parityCase }) => {
        const { path, lines = 0, keep, loose, wait = 0 } = parityCase;
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        const fill = (variables: Map<string, string>) =>
          parityCase.body.replace(/\$(\w+)/g, (_, name: string) => variables.get(name) ?? '0');
        const expected = await toReal(lines)(path, fill(realVariables));
        const actual = await toOurs(lines)(path, fill(ourVariables));
        if (keep) {
          realVariables.set(keep, String((JSON.parse(expected.body) as Record<string, unknown>)['ID']));
          ourVariables.set(keep, String((JSON.parse(actual.body) as Record<string, unknown>)['ID']));
        }
        expect(actual.status, actual.body).toBe(expected.status);
        if (loose) return;
        expect(normalize(actual.body, ourNames)).toEqual(normalize(expected.body, realNames));
      },
    );
  },
);
