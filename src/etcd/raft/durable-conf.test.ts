// A configuration that was acted on is remembered. Else this could happen (the simulation found it): all members apply that a third one votes, one of the old two
// loses its disk, the others restart and know of the change only as an entry of their logs; they wait for a vote that nobody can give any more.

import { expect, test } from 'vitest';
import { RaftLog } from './log.ts';
import { Raft } from './raft.ts';
import type { ConfState, Unsaved } from './types.ts';

const conf: ConfState = { voters: ['1'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** A leader of one, whose disk holds what `write` was given. */
function leader() {
  const raft = new Raft({
    id: '1',
    log: new RaftLog(),
    hardState: { term: 0, vote: '' },
    conf,
    random: () => 0.5,
    snapshot: () => {
      throw new Error('nobody lags');
    },
  });
  const disk = { commit: 0, last: 0 };
  const write = (unsaved: Unsaved | undefined) => {
    if (!unsaved) return;
    if (!unsaved.saved) disk.commit = unsaved.hardState.commit;
    disk.last = unsaved.entries.at(-1)?.index ?? disk.last;
    for (const message of unsaved.afterSave) raft.step(message);
  };
  raft.campaign();
  for (let i = 0; i < 5; i++) {
    write(raft.ready(true).unsaved);
    raft.applied();
  }
  expect(raft.role).toBe('leader');
  return { raft, disk, write };
}

test('a committed change of the configuration waits until the disk knows that it is committed', () => {
  const { raft, disk, write } = leader();
  const change = { changes: [{ type: 'addLearner', id: '2' }], transition: 'simple' };
  raft.propose(['before']);
  raft.propose([JSON.stringify(change)], 1);
  raft.propose(['after']);
  const applied: string[] = [];
  for (let i = 0; i < 6; i++) {
    const { unsaved, committed } = raft.ready(true);
    for (const { kind, index, data } of committed) {
      applied.push(kind === 1 ? 'change' : data);
      if (kind === 1) expect(disk.commit).toBeGreaterThanOrEqual(index);
    }
    raft.applied();
    write(unsaved);
  }
  expect(applied).toEqual(['before', 'change', 'after']);
  expect(raft.hasUnsaved).toBe(false);
});

test('nothing is applied past it while a write is under way', () => {
  const { raft, write } = leader();
  raft.propose(['before']);
  raft.propose([JSON.stringify({ changes: [{ type: 'addLearner', id: '2' }], transition: 'simple' })], 1);
  raft.propose(['after']);
  write(raft.ready(true).unsaved);
  expect(raft.ready(false).committed.map(({ data }) => data)).toEqual(['before']);
  const { unsaved, committed } = raft.ready(true);
  expect(committed).toEqual([]);
  expect(unsaved?.hardState.commit).toBe(raft.log.lastIndex);
  expect(raft.ready(false).committed).toEqual([]);
  write(unsaved);
  expect(raft.ready(true).committed).toHaveLength(2);
});
