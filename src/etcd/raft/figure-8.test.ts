// Figure 8 of the raft paper: an entry of an older term on a majority of disks may still be replaced, so a leader must not count it as committed. A leader that does
// is caught by the invariants of the simulation.

import { expect, test } from 'vitest';
import { Invariants, Violation } from '../../../test/simulation/store-invariants.ts';
import { Transcript } from './testing/transcript.ts';

/** Plays the figure; `broken`: leaders count replicas of entries of any term. */
function play(broken: boolean): void {
  const transcript = new Transcript();
  const invariants = new Invariants();
  const run = (line: string) => {
    transcript.run(line);
    if (broken)
      for (const { raft } of transcript.members.values()) {
        const matches = Object.getPrototypeOf(raft.log).matches.bind(raft.log);
        raft.log.matches = (index: number, term: number) => (raft.role === 'leader' ? true : matches(index, term));
      }
    for (const { raft } of transcript.members.values()) invariants.check(raft);
  };
  const restart = (id: string) => {
    invariants.forget(id);
    run(`restart ${id}`);
  };
  const isolate = (...side: string[]) => {
    run('heal');
    for (const a of side) for (const b of ['1', '2', '3', '4', '5']) if (!side.includes(b)) run(`cut ${a} ${b}`);
  };
  const clear = () => {
    transcript.wire = [];
  };
  run('cluster 5');
  // (a) 1 leads and gets its entry 2 to nobody but 2
  run('depose 1');
  run('deliver');
  isolate('1', '2');
  run('propose 1 old');
  run('deliver');
  clear();
  // (b) 1 is gone; 5 leads term 2 with the votes of 3 and 4, and dies with an entry of its own at the same place
  restart('1');
  isolate('3', '4', '5');
  run('depose 5');
  run('deliver 6');
  expect(transcript.members.get('5')?.raft.role).toBe('leader');
  clear();
  restart('5');
  // (c) 1 leads again, and 3 and 4 get its old entry, but nothing of its new term: the entry is on a majority
  isolate('1', '3', '4');
  run('depose 1');
  run('deliver');
  clear();
  run('depose 1');
  const { raft } = transcript.members.get('1') as { raft: { progress: Map<string, { match: number }>; term: number } };
  for (let i = 0; i < 100 && !['3', '4'].every((id) => raft.progress.get(id)?.match === 2); i++) run('deliver 1');
  expect(raft.progress.get('3')?.match).toBe(2);
  clear();
  restart('1');
  // (d) 5 leads, its newer entry takes the place of the old one
  isolate('3', '4', '5');
  run('depose 5');
  run('deliver');
  run('depose 5');
  run('deliver');
  expect(transcript.members.get('3')?.raft.log.termAt(2)).toBe(2);
}

test('a leader commits entries of older terms only through one of its own', () => {
  expect(() => play(false)).not.toThrow();
});

test('a leader that counts replicas of older terms is caught', () => {
  expect(() => play(true)).toThrow(Violation);
});
