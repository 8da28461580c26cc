// What goes wrong in a simulated run, and how the membership changes meanwhile.

import { pick, randomInt, shuffled } from '../../src/env/random.ts';
import type { ConfChange } from '../../src/etcd/raft/types.ts';
import { StoreDisk } from './store-disk.ts';
import type { World } from './store-world.ts';

/** Plans faults until `until`, one every `interval` ms in the mean. The answer says whether a member that lost its disk is still on its way back. */
export function sabotage(world: World, until: number, interval = 600): () => boolean {
  const { random } = world;
  let fresh = 0;
  /** Set while a member whose disk was lost is on its way back: the membership has no slack then. */
  let replacing = '';
  /** Changes that were proposed and not answered: they may be on their way, in no log yet. */
  const underWay = new Set<ConfChange>();
  const turn = () => {
    if (world.now >= until) return;
    world.after(1 + randomInt(random, 2 * interval), turn);
    const kind = random.next();
    if (kind < 0.3) crash();
    else if (kind < 0.5) partition();
    else if (kind < 0.6) pause();
    else if (kind < 0.7) skew();
    else if (kind < 0.8) changeMembers();
    else if (kind < 0.87) loseDisk();
    else if (kind < 0.95) transfer();
    else world.heal();
  };
  world.after(interval, turn);

  function crash(): void {
    const alive = world.alive();
    if (alive.length === 0) return;
    const leader = world.leader();
    const node = leader && random.next() < 0.5 ? leader : pick(random, alive);
    world.note(`crash ${node.id}`);
    world.crash(node);
    world.after(randomInt(random, 3000), () => {
      const current = world.nodes.get(node.id);
      if (current === node && !node.alive) world.boot(node.id, node.disk);
    });
  }

  function partition(): void {
    const ids = shuffled(random, [...world.nodes.keys()]);
    const at = 1 + randomInt(random, ids.length - 1);
    const oneWay = random.next() < 0.2;
    world.note(`cut ${ids.slice(0, at)} from ${ids.slice(at)}${oneWay ? ' one way' : ''}`);
    for (const a of ids.slice(0, at))
      for (const b of ids.slice(at)) {
        world.cut(a, b);
        if (!oneWay) world.cut(b, a);
      }
    world.after(randomInt(random, 4000), () => world.heal());
  }

  function pause(): void {
    const alive = world.alive();
    if (alive.length === 0) return;
    const leader = world.leader();
    const node = leader && random.next() < 0.4 ? leader : pick(random, alive);
    node.pausedUntil = world.now + randomInt(random, 4000);
    world.note(`pause ${node.id} until ${node.pausedUntil}`);
  }

  function skew(): void {
    const alive = world.alive();
    if (alive.length > 0) world.setClockRate(pick(random, alive), pick(random, world.clockRates));
  }

  function propose(change: ConfChange): void {
    const leader = world.leader();
    if (!leader || world.now < leader.pausedUntil) return;
    world.note(`propose ${JSON.stringify(change)} to ${leader.id}`);
    underWay.add(change);
    leader.replica.proposeConfChange(change, () => underWay.delete(change));
  }

  /** Learners in and out, voters down to learners and back, one by one or jointly; strangers in, members out for good. */
  function changeMembers(): void {
    const conf = world.conf();
    if (conf.votersOutgoing.length > 0 || replacing !== '') return;
    const learner = conf.learners[0];
    if (learner !== undefined) {
      if (world.nodes.get(learner)) propose({ changes: [{ type: 'addVoter', id: learner }], transition: 'simple' });
      return;
    }
    if (conf.voters.length < 3) return;
    const [a, b] = shuffled(random, conf.voters) as [string, string];
    const kind = random.next();
    if (kind < 0.25 && conf.voters.length < 5 && fresh < 3) {
      const id = `x${++fresh}`;
      world.boot(id, new StoreDisk());
      propose({ changes: [{ type: 'addLearner', id }], transition: 'simple' });
    } else if (kind < 0.4 && conf.voters.length > 3)
      propose({ changes: [{ type: 'remove', id: a }], transition: 'simple' });
    else if (kind < 0.7 && conf.voters.length > 3)
      propose({
        changes: [
          { type: 'addLearner', id: a },
          { type: 'addLearner', id: b },
        ],
        transition: 'joint',
      });
    else propose({ changes: [{ type: 'addLearner', id: a }], transition: pick(random, ['simple', 'joint']) });
  }

  /** A disk is lost, whatever else is going on: the member comes back under a new id. Only never so that no quorum could be left. */
  function loseDisk(): void {
    if (replacing !== '' || fresh >= 3) return;
    const id = pick(random, world.conf().voters);
    const node = world.nodes.get(id);
    const confs = world.possibleConfs([...underWay]);
    // one that may be on its way out cannot stand any more, and may have too long a log to vote for the others
    const stays = (voter: string) =>
      voter !== id && world.nodes.has(voter) && confs.every(({ voters }) => voters.includes(voter));
    const keeps = (voters: string[]) => voters.length === 0 || voters.filter(stays).length > voters.length / 2;
    const harmless = confs.every((conf) => keeps(conf.voters) && keeps(conf.votersOutgoing));
    if (!node || !harmless) return;
    const replacement = `${id.split('-')[0]}-${++fresh}`;
    world.note(`${id} loses its disk, comes back as ${replacement}`);
    replacing = replacement;
    world.crash(node);
    world.nodes.delete(id);
    world.boot(replacement, new StoreDisk());
    const insist = () => {
      const now = world.conf();
      if (now.voters.includes(replacement)) replacing = '';
      if (replacing === '' || world.now > until + 8000) return;
      world.after(700, insist);
      if (now.votersOutgoing.length > 0) return;
      if (now.learners.includes(replacement))
        propose({ changes: [{ type: 'addVoter', id: replacement }], transition: 'simple' });
      else
        propose({
          changes: [
            { type: 'remove', id },
            { type: 'addLearner', id: replacement },
          ],
          transition: 'joint',
        });
    };
    world.after(100, insist);
  }

  function transfer(): void {
    const leader = world.leader();
    if (!leader || world.now < leader.pausedUntil) return;
    const to = pick(random, leader.replica.raft.conf.voters);
    world.note(`transfer from ${leader.id} to ${to}`);
    leader.replica.raft.transferLeadership(to);
    leader.replica.drain();
  }

  return () => replacing !== '';
}
