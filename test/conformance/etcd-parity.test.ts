// The same calls to ours and to Debian's etcd, answers and errors compared field by field. Each set of calls is one long session on a pair of its own.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRealEtcd } from '../../scripts/etcd-real.ts';
import { clusterCases } from './etcd-cluster-cases.ts';
import { gatewayCases } from './etcd-gateway-cases.ts';
import { kvCases } from './etcd-kv-cases.ts';
import { type EtcdPair, startEtcdPair } from './etcd-pair.ts';
import { parityCases } from './etcd-parity-cases.ts';
import { watchCases } from './etcd-watch-cases.ts';

const sets = [
  { set: 'a bit of everything', cases: parityCases, members: 1 },
  { set: 'gateway', cases: gatewayCases, members: 1 },
  { set: 'keys and values', cases: kvCases, members: 1 },
  { set: 'watches and leases', cases: watchCases, members: 1 },
  { set: 'cluster of three', cases: clusterCases, members: 3 },
];

describe.skipIf(!hasRealEtcd())(
  'parity with etcd (skipped where the etcd binary is missing: Debian package etcd-server)',
  () => {
    describe.each(sets)('$set', ({ cases, members }) => {
      let pair: EtcdPair;

      beforeAll(async () => {
        pair = await startEtcdPair(members);
      });

      afterAll(async () => {
        await pair?.stop();
      });

      test.each(cases.map((parityCase, i) => ({ name: `${i + 1} ${parityCase.name}`, parityCase })))(
        '$name',
        async ({ parityCase }) => {
          const { wait = 0, loose = false } = parityCase;
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
          const [ours, theirs] = await pair.ask(parityCase);
          expect(ours.status, JSON.stringify(ours.body)).toBe(theirs.status);
          if (!loose) expect(ours).toEqual(theirs);
        },
      );
    });
  },
);
