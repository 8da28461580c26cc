// What happens while a call waits: watches that see others write, contenders for a lock or an office, leases that run out. On ours and on Debian's etcd, three members
// each, compared field by field.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRealEtcd } from '../../scripts/etcd-real.ts';
import { b, type EtcdPair, type ParityCase, type Shown, startEtcdPair } from './etcd-pair.ts';

const call = (path: string, body: object, more: Partial<ParityCase> = {}): ParityCase => ({
  name: path,
  path: `/v3/${path}`,
  body: JSON.stringify(body),
  ...more,
});
const put = (key: string, value: string, more = {}) => call('kv/put', { key: b(key), value: b(value), ...more });
const remove = (key: string, end = '') =>
  call('kv/deleterange', { key: b(key), ...(end ? { range_end: b(end) } : {}) });
const moment = (ms = 300) => new Promise((resolve) => setTimeout(resolve, ms));

interface Message {
  result?: { header: { revision?: string }; watch_id?: string; events?: { kv: { mod_revision: string } }[] };
}

/** Events of a stream by watch, in order: into how many messages they went is chance. */
function eventsOf({ status, body }: Shown): unknown {
  const watches: Record<string, unknown[]> = {};
  for (const { result } of body as Message[]) {
    if (!result) continue;
    const { events = [], watch_id = '0', header: _, ...rest } = result;
    watches[watch_id] = [...(watches[watch_id] ?? []), ...(events.length === 0 ? [rest] : events)];
  }
  return { status, watches };
}

describe.skipIf(!hasRealEtcd())('while a call waits (skipped where the etcd binary is missing)', () => {
  let pair: EtcdPair;

  beforeAll(async () => {
    pair = await startEtcdPair(3);
  });

  afterAll(async () => {
    await pair?.stop();
  });

  /** Both answers, alike. */
  const both = async (parityCase: ParityCase): Promise<Shown> => {
    const [ours, theirs] = await pair.ask(parityCase);
    expect(ours, parityCase.body).toEqual(theirs);
    return ours;
  };

  /** Opens a stream at both, does something, and compares the events of both, which are as many as said. */
  async function watching(requests: object[], events: number, doing: ParityCase[], member = 0): Promise<void> {
    const body = requests.map((request) => JSON.stringify(request)).join('');
    const stream = pair.ask({ ...call('watch', {}), body, lines: requests.length + events, silence: 400, member });
    await moment(500);
    for (const step of doing) await both(step);
    const [ours, theirs] = await stream;
    expect(eventsOf(ours)).toEqual(eventsOf(theirs));
  }
  const create = (key: string, end = '', more = {}) => ({
    create_request: { key: b(key), ...(end ? { range_end: b(end) } : {}), ...more },
  });

  test.each([0, 1, 2])('a watch at member %i sees what is written elsewhere', async (member) => {
    await watching(
      [create('w', 'x', { prev_kv: true })],
      4,
      [
        put('w1', 'a'),
        put('w1', 'b', { prev_kv: true }),
        put('v', 'not this'),
        call('kv/txn', {
          success: [
            { request_put: { key: b('w2'), value: b('a') } },
            { request_delete_range: { key: b('w1') } },
            { request_put: { key: b('w3'), value: b('a') } },
          ],
        }),
        remove('w', 'x'),
      ],
      member,
    );
  });

  test('several watches of one stream, each with what it asked for', async () => {
    await watching(
      [
        create('m', '', { watch_id: 1 }),
        create('m', 'n', { watch_id: 2, filters: ['NODELETE'] }),
        create('m', 'n', { watch_id: 3, filters: ['NOPUT'], prev_kv: true }),
        create('m\0', '\0', { watch_id: 4 }),
      ],
      10,
      [put('m', '1'), put('m1', '1'), remove('m'), put('m', '2'), remove('m', 'n'), put('n', '1'), remove('n')],
    );
  });

  test('a watch of the future is silent until it is there', async () => {
    const { body } = await both(put('f', '0'));
    const now = Number((body as { header: { revision: string } }[])[0]?.header.revision);
    await watching([create('f', '', { start_revision: now + 3 })], 2, [
      put('f', '1'),
      put('f', '2'),
      put('f', '3'),
      put('f', '4'),
    ]);
  });

  test('keys of a lease that runs out, and of one that is revoked', async () => {
    await both(call('lease/grant', { TTL: 2, ID: 51 }));
    await both(call('lease/grant', { TTL: 600, ID: 52 }));
    await watching([create('l', 'm', { prev_kv: true })], 4, [
      ...['l2', 'l1'].map((key) => put(key, 'x', { lease: 51 })),
      ...['l4', 'l3'].map((key) => put(key, 'x', { lease: 52 })),
      call('lease/revoke', { ID: 52 }),
    ]);
    // the other runs out in its own time
    await moment(5000);
    await both(call('kv/range', { key: b('l'), range_end: b('m') }));
  });

  /** Sends a call that waits, at both; resolves with a look at whether they still do, and their answers. */
  function waiting(parityCase: ParityCase) {
    let answered = false;
    const answers = pair.ask(parityCase).then((shown) => {
      answered = true;
      return shown;
    });
    return {
      waits: () => !answered,
      compare: async () => {
        const [ours, theirs] = await answers;
        expect(ours).toEqual(theirs);
        return ours;
      },
    };
  }

  test('a lock goes from one to the next, whoever they asked', async () => {
    for (const ID of [61, 62, 63]) await both(call('lease/grant', { TTL: 600, ID }));
    await both(call('lock/lock', { name: b('lock'), lease: 61 }));
    const second = waiting(call('lock/lock', { name: b('lock'), lease: 62 }, { member: 1 }));
    await moment();
    const third = waiting(call('lock/lock', { name: b('lock'), lease: 63 }, { member: 2 }));
    await moment();
    expect([second.waits(), third.waits()]).toEqual([true, true]);
    await both(call('kv/range', { key: b('lock/'), range_end: b('lock0') }));
    await both(call('lock/unlock', { key: b('lock/3d') }));
    await second.compare();
    expect(third.waits()).toBe(true);
    // the holder's lease is gone, and the lock with it
    await both(call('lease/revoke', { ID: 62 }));
    await third.compare();
    await both(call('lock/unlock', { key: b('lock/3f') }));
  });

  // etcd 3.4 hands it the lock all the same, later ones do not
  test('one that waits for a lock and loses its lease is told', async () => {
    for (const ID of [64, 65]) await both(call('lease/grant', { TTL: 600, ID }));
    await both(call('lock/lock', { name: b('lost'), lease: 64 }));
    const second = pair.ask(call('lock/lock', { name: b('lost'), lease: 65 }));
    await moment();
    await both(call('lease/revoke', { ID: 65 }));
    await moment();
    await both(call('lock/unlock', { key: b('lost/40') }));
    const [ours, theirs] = await second;
    expect(theirs.status).toBe(200);
    expect(ours.body).toMatchObject([{ code: 2, message: 'mutex: session is expired' }]);
  });

  test('an office goes from one to the next, and who observes sees it', async () => {
    for (const ID of [71, 72]) await both(call('lease/grant', { TTL: 600, ID }));
    const observed = pair.ask(call('election/observe', { name: b('office') }, { lines: 4, silence: 400, member: 2 }));
    await moment();
    const first = await both(call('election/campaign', { name: b('office'), lease: 71, value: b('one') }));
    const { leader } = (first.body as { leader: object }[])[0] as { leader: object };
    const second = waiting(call('election/campaign', { name: b('office'), lease: 72, value: b('two') }, { member: 1 }));
    await moment();
    expect(second.waits()).toBe(true);
    await both(call('election/leader', { name: b('office') }, { member: 2 }));
    await both(call('election/proclaim', { leader, value: b('one again') }));
    await moment();
    await both(call('election/resign', { leader }));
    await second.compare();
    await both(call('election/leader', { name: b('office') }));
    await moment();
    await both(call('election/resign', { leader: { ...leader, key: b('office/48'), rev: '1' } }));
    await both(call('lease/revoke', { ID: 72 }));
    await both(call('election/leader', { name: b('office') }));
    await both(call('election/campaign', { name: b('office'), lease: 71, value: b('three') }));
    const [ours, theirs] = await observed;
    const values = ({ body }: Shown) => (body as { result: { kv: object } }[]).map(({ result }) => result.kv);
    expect(values(ours)).toEqual(values(theirs));
  });
});
