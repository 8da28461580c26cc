// A snapshot as a file: what /v3/maintenance/snapshot streams, and how a new cluster is made from it (etcdctl snapshot save and restore).
//
// Lines of JSON: the head, the pieces of the state, and at the end { pieces, check }, a check sum over all before it. A restored cluster is a new one: its members have
// new ids and an empty log; revisions, keys, leases go on where the snapshot was taken.

import type { Disk } from '../../env/disk.ts';
import { crc32 } from '../../env/disk-checksum.ts';
import { foundingIdentity, hashId } from './identity.ts';
import type { MemberConfig } from './peers.ts';
import type { StateHead, StateSnapshot } from './snapshot.ts';
import { Storage } from './storage.ts';

const encoder = new TextEncoder();
const add = (check: number, line: string) => (Math.imul(check, 31) ^ crc32(encoder.encode(line))) >>> 0;

/** The lines of a backup, each with its end. */
export function* writeBackup({ head, chunks, release }: StateSnapshot): Generator<string> {
  try {
    let check = 0;
    let pieces = 0;
    const seal = (line: string) => {
      check = add(check, line);
      return `${line}\n`;
    };
    yield seal(JSON.stringify(head));
    for (const chunk of chunks()) {
      pieces++;
      yield seal(JSON.stringify(chunk));
    }
    yield `${JSON.stringify({ pieces, check })}\n`;
  } finally {
    release();
  }
}

/** Checks a backup. Throws RangeError if something of it is missing or damaged. */
function readBackup(text: string): { head: StateHead; chunks: string[] } {
  const lines = text.trimEnd().split('\n');
  const end = lines.pop() ?? '';
  let check = 0;
  for (const line of lines) check = add(check, line);
  const whole = JSON.stringify({ pieces: lines.length - 1, check });
  if (lines.length === 0 || end !== whole) throw new RangeError('the snapshot is damaged or not whole');
  return {
    head: JSON.parse(lines[0] as string) as StateHead,
    chunks: lines.slice(1).map((line) => JSON.parse(line) as string),
  };
}

/**
 * Fills an empty disk so that a member of a new cluster starts with what the backup holds. Do so for every one of `members`, with the same backup.
 * Throws RangeError if the backup is damaged or the disk is not empty.
 */
export async function restoreBackup(
  disk: Disk,
  text: string,
  config: { name: string; members: readonly MemberConfig[] },
): Promise<void> {
  const { head, chunks } = readBackup(text);
  const storage = new Storage(disk);
  if (await storage.readIdentity()) throw new RangeError('the disk holds a member already');
  await storage.load();
  const founding = foundingIdentity(config.name, config.members, {});
  // members of the cluster the snapshot came from must not take this one for theirs
  const clusterId = hashId(`${founding.clusterId}/restored/${text.slice(-64)}`);
  const initial = founding.initial.map((member) => ({ ...member, id: hashId(`${clusterId}/${member.name}`) }));
  const id = hashId(`${clusterId}/${config.name}`);
  const voters = initial.map((member) => member.id).sort();
  const conf = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const attributes = initial.map(({ id: member, ...rest }): StateHead['attributes'][number] => [member, rest]);
  await storage.save({
    hardState: { term: 1, vote: '', commit: 1 },
    entries: [],
    snapshot: { index: 1, term: 1, conf, data: { head: { ...head, alarms: [], attributes }, chunks } },
    saved: false,
    afterSave: [],
  });
  await storage.writeIdentity({ ...founding, id, clusterId, initial });
  storage.close();
}
