// The official JavaScript client on a Lease: many candidates, of whom one leads.

import * as k8s from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { eventually, useOfficialClient } from './client-node.ts';

const { api, config } = useOfficialClient();

// As client-go's leader election does it (tools/leaderelection, resourcelock/leaselock.go).
describe('leader election over a Lease', () => {
  const namespace = 'kube-system';
  const name = 'captain';
  const leaseDurationSeconds = 15;
  const leases = () => api(k8s.CoordinationV1Api);
  const codeOf = (work: Promise<unknown>): Promise<number> =>
    work.then(
      () => 200,
      (error: { code: number }) => error.code,
    );

  /** This version of the client hands times with microseconds out as it reads them: as text. */
  const at = (time: unknown): number => Date.parse(String(time));

  /** The lease as a candidate would write it over the one it saw. */
  function claim(identity: string, now: number, seen?: k8s.V1Lease): k8s.V1Lease {
    const { holderIdentity, leaseTransitions = 0, acquireTime } = seen?.spec ?? {};
    const same = holderIdentity === identity;
    return {
      metadata: seen?.metadata ?? { name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds,
        renewTime: new k8s.V1MicroTime(now),
        acquireTime: new k8s.V1MicroTime(same ? at(acquireTime) : now),
        leaseTransitions: same || !seen ? leaseTransitions : leaseTransitions + 1,
      },
    };
  }
  const replace = (body: k8s.V1Lease) => leases().replaceNamespacedLease({ name, namespace, body });
  const read = () => leases().readNamespacedLease({ name, namespace });

  test('of many who come first one wins; of many who follow a dead leader one wins; the dead one cannot come back unseen', async () => {
    const crew = ['ann', 'bob', 'cid', 'dee'];
    const now = Date.now();
    const first = await Promise.all(
      crew.map((who) => codeOf(leases().createNamespacedLease({ namespace, body: claim(who, now) }))),
    );
    expect([...first].sort()).toEqual([200, 409, 409, 409]);
    const leader = crew[first.indexOf(200)] as string;
    const held = await read();
    expect(held.spec).toMatchObject({ holderIdentity: leader, leaseTransitions: 0, leaseDurationSeconds });
    expect(at(held.spec?.renewTime)).toBe(now);

    // The leader renews; who had seen the lease before that cannot take it.
    const renewed = await replace(claim(leader, now + 1000, held));
    expect(at(renewed.spec?.acquireTime)).toBe(now);
    const others = crew.filter((who) => who !== leader);
    await expect(replace(claim(others[0] as string, now + 2000, held))).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining(
        'Operation cannot be fulfilled on leases.coordination.k8s.io \\"captain\\": the object has been modified; please apply your changes to the latest version and try again',
      ),
    });

    // It falls silent: all others see the same old lease.
    const late = now + 60_000;
    const second = await Promise.all(others.map((who) => codeOf(replace(claim(who, late, renewed)))));
    expect([...second].sort()).toEqual([200, 409, 409]);
    const heir = others[second.indexOf(200)] as string;
    expect((await read()).spec).toMatchObject({ holderIdentity: heir, leaseTransitions: 1 });
    expect(await codeOf(replace(claim(leader, late + 1000, renewed)))).toBe(409);

    // It lets go, as at the end of a program that releases on cancel, and the next takes over at once.
    const current = await read();
    const released = claim('', late + 1500, current);
    const free = await replace(released);
    expect((await replace(claim(leader, late + 2000, free))).spec).toMatchObject({
      holderIdentity: leader,
      leaseTransitions: 3,
    });
  });

  test('leases that make no sense are refused', async () => {
    const refused = (spec: k8s.V1LeaseSpec) =>
      codeOf(leases().createNamespacedLease({ namespace, body: { metadata: { name: 'odd' }, spec } }));
    expect(await refused({ leaseDurationSeconds: 0 })).toBe(422);
    expect(await refused({ leaseTransitions: -1 })).toBe(422);
  });

  test('a watch on the lease tells who leads', async () => {
    const holders: string[] = [];
    const watch = new k8s.Watch(config);
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const request = await watch.watch(
      path,
      { fieldSelector: `metadata.name=${name}` },
      (_type, lease: k8s.V1Lease) => holders.push(lease.spec?.holderIdentity ?? ''),
      () => {},
    );
    const seen = await read();
    await replace(claim('eve', Date.now(), seen));
    await eventually(async () => holders.at(-1) === 'eve');
    request.abort();
  });
});
