import { describe, expect, test } from 'vitest';
import type { Disk } from '../../env/disk.ts';
import { pick, randomInt, seededRandom } from '../../env/random.ts';
import { createMemoryDisks } from '../../env/simulated/memory-disk.ts';
import { DiskSnapshot, segmentsToKeep } from './disk-snapshot.ts';
import { loadSnapshot, takeSnapshot } from './snapshot.ts';
import { State } from './state.ts';

const conf = { voters: ['1'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
const point = (index: number, state: State) => ({ index, term: 1, conf, head: takeSnapshotHead(state) });
const takeSnapshotHead = (state: State) => {
  const { head, release } = takeSnapshot(state);
  release();
  return head;
};

async function save(disk: DiskSnapshot, state: State, index: number, incoming: number): Promise<boolean> {
  const { head, parts, release } = takeSnapshot(state);
  const written = await disk.write({ index, term: 1, conf, head }, parts, incoming, state.store.sizeInUse);
  release();
  state.store.forgetBuried(disk.oldest);
  return written;
}

async function loaded(disk: DiskSnapshot): Promise<State> {
  const state = new State();
  const snapshot = await disk.load();
  if (snapshot) loadSnapshot(state, snapshot.head, snapshot.chunks);
  return state;
}

function expectSame(copy: State, state: State): void {
  expect(copy.hash()).toEqual(state.hash());
  expect(copy.store.currentRevision).toBe(state.store.currentRevision);
  expect(copy.store.events).toEqual(state.store.events);
  expect(copy.store.keyCount).toBe(state.store.keyCount);
  expect(copy.lessor.list()).toEqual(state.lessor.list());
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('a state saved again and again, seed %i', (seed) => {
  test('comes back as it was at each snapshot: changes, deletions and compactions between them', async () => {
    const random = seededRandom(seed);
    const device = createMemoryDisks().open('m');
    let disk = new DiskSnapshot(device);
    const state = new State();
    let kept = 0;
    for (let index = 1; index < 60; index++) {
      let incoming = 0;
      for (let i = randomInt(random, 30); i > 0; i--) {
        const key = `k${randomInt(random, pick(random, [5, 200]))}`;
        const kind = random.next();
        if (kind < 0.6) {
          const value = 'x'.repeat(randomInt(random, 60));
          state.apply({ put: { key, value } }, 0);
          incoming += value.length + 64;
        } else if (kind < 0.7) state.apply({ put: { key, value: 'leased', lease: '5' } }, 0);
        else if (kind < 0.72) state.apply({ leaseGrant: { ID: '5', TTL: 60 } }, 0);
        else if (kind < 0.74) state.apply({ leaseRevoke: { ID: '5' } }, 0);
        else if (kind < 0.9) state.apply({ deleteRange: { key } }, 0);
        else state.apply({ compaction: { revision: state.store.currentRevision - randomInt(random, 12) } }, 0);
      }
      if (random.next() < 0.2) {
        // one that somebody else reads holds sweeping back
        const other = takeSnapshot(state);
        state.apply({ compaction: { revision: state.store.currentRevision } }, 0);
        await save(disk, state, index, incoming);
        expectSame(await loaded(new DiskSnapshot(device)), restarted(state));
        other.release();
      } else await save(disk, state, index, incoming);
      const again = new DiskSnapshot(device);
      const copy = await loaded(again);
      expectSame(copy, restarted(state));
      if (again.oldest < copy.store.currentRevision) kept++;
      if (random.next() < 0.3) {
        disk = new DiskSnapshot(device);
        const snapshot = await disk.load();
        if (snapshot) loadSnapshot(state, snapshot.head, snapshot.chunks);
      }
    }
    // most were written in part only
    expect(kept).toBeGreaterThan(10);
  });
});

/** The same state, swept. */
function restarted(state: State): State {
  const { head, chunks } = takeSnapshot(state);
  const copy = new State();
  loadSnapshot(copy, head, [...chunks()]);
  return copy;
}

function filled(keys: number): State {
  const state = new State();
  for (let i = 0; i < keys; i++) state.apply({ put: { key: `k${i}`, value: 'x'.repeat(1000) } }, 0);
  return state;
}

test('a deletion that was compacted away does not bring back what an older segment holds', async () => {
  const device = createMemoryDisks().open('m');
  const disk = new DiskSnapshot(device);
  const state = filled(50);
  await save(disk, state, 1, 50_000);
  state.apply({ deleteRange: { key: 'k7' } }, 0);
  state.apply({ compaction: { revision: state.store.currentRevision } }, 0);
  await save(disk, state, 2, 100);
  expect(disk.oldest).toBeLessThan(state.store.currentRevision);
  const copy = await loaded(new DiskSnapshot(device));
  expect(copy.store.get('k7')).toBeUndefined();
  expectSame(copy, state);
});

test('little is written for little that changed, and what is of no use any more is deleted', async () => {
  const device = createMemoryDisks().open('m');
  const disk = new DiskSnapshot(device);
  const state = filled(3000);
  await save(disk, state, 1, 3_000_000);
  const first = await device.list();
  expect(first.length).toBeGreaterThan(2);
  state.apply({ put: { key: 'k1', value: 'new' } }, 0);
  await save(disk, state, 2, 100);
  const second = await device.list();
  expect(second.filter((name) => name.startsWith('snapshot/0000000000000001/'))).toEqual(first.slice(1));
  expect(second.filter((name) => !first.includes(name)).length).toBe(2);
  expect(second).not.toContain(first[0]);
  state.apply({ deleteRange: { key: 'k', rangeEnd: 'l' } }, 0);
  state.apply({ compaction: { revision: state.store.currentRevision } }, 0);
  await save(disk, state, 3, 100);
  expect(await device.list()).toEqual(['snapshot/0000000000000003']);
});

test('which segments stay: the older, larger ones', () => {
  expect(segmentsToKeep([], 10, 100)).toBe(0);
  expect(segmentsToKeep([50], 10, 100)).toBe(1);
  expect(segmentsToKeep([50, 10], 10, 100)).toBe(2);
  expect(segmentsToKeep([50, 10, 10], 10, 100)).toBe(1);
  expect(segmentsToKeep([20, 30], 10, 100)).toBe(0);
  // more than half of it is of no use
  expect(segmentsToKeep([50], 10, 29)).toBe(0);
});

test('a snapshot from elsewhere voids one that is being written', async () => {
  const device = createMemoryDisks().open('m');
  const disk = new DiskSnapshot(device);
  const state = filled(3000);
  const own = takeSnapshot(state);
  const writing = disk.write({ index: 5, term: 1, conf, head: own.head }, own.parts, 3_000_000, 3_000_000);
  const other = new State();
  other.apply({ put: { key: 'other', value: 'state' } }, 0);
  const snapshot = takeSnapshot(other);
  const chunks = [...snapshot.chunks()];
  loadSnapshot(state, snapshot.head, chunks);
  const replaced = disk.replace(point(9, other), chunks);
  expect(await writing).toBe(false);
  await replaced;
  const again = new DiskSnapshot(device);
  expectSame(await loaded(again), other);
  expect(again.index).toBe(9);
  // what is held in place for the void one is free again, later ones are written
  own.release();
  other.apply({ put: { key: 'other', value: 'later' } }, 0);
  expect(await save(disk, other, 10, 100)).toBe(true);
  expectSame(await loaded(new DiskSnapshot(device)), other);
});

test('a crash at any write leaves the snapshot before or the new one', async () => {
  const before = filled(100);
  for (let writes = 0; ; writes++) {
    const device = createMemoryDisks().open('m');
    const disk = new DiskSnapshot(device);
    const state = restarted(before);
    await save(disk, state, 1, 100_000);
    state.apply({ put: { key: 'k5', value: 'after' } }, 0);
    state.apply({ deleteRange: { key: 'k6', rangeEnd: 'k7' } }, 0);
    let left = writes;
    const failing: Disk = {
      openLog: (name) => device.openLog(name),
      wipe: () => device.wipe(),
      list: () => device.list(),
      get: (name) => device.get(name),
      put: async (name, value) => (left-- > 0 ? device.put(name, value) : Promise.reject(new Error('crash'))),
      delete: async (name) => (left-- > 0 ? device.delete(name) : Promise.reject(new Error('crash'))),
    };
    const again = new DiskSnapshot(failing);
    await again.load();
    const done = await save(again, state, 2, 100).catch(() => false);
    const copy = await loaded(new DiskSnapshot(device));
    expect([before.store.currentRevision, state.store.currentRevision]).toContain(copy.store.currentRevision);
    expectSame(copy, copy.store.currentRevision === before.store.currentRevision ? before : state);
    if (!done) continue;
    // a piece, the manifest, and the end of the one before
    expect(writes).toBe(3);
    return;
  }
});

test('a missing or damaged piece is an error', async () => {
  const device = createMemoryDisks().open('m');
  await save(new DiskSnapshot(device), filled(10), 1, 10_000);
  const name = 'snapshot/0000000000000001/0';
  const piece = (await device.get(name)) as Uint8Array;
  for (const damaged of [piece.map((byte, i) => (i === 700 ? byte ^ 1 : byte)), piece.subarray(0, 3), undefined]) {
    await (damaged ? device.put(name, damaged) : device.delete(name));
    await expect(new DiskSnapshot(device).load()).rejects.toThrow(`log ${name}`);
  }
});
