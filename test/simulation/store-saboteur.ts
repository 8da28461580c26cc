// What goes wrong in a simulated run, and how the membership changes meanwhile.

import { pick, randomInt, shuffled } from '../../src/env/random.ts';
import type { ConfChange } from '../../src/etcd/raft/types.ts';
import { StoreDisk } from './store-disk.ts';
import type { World } from './store-world.ts';

/** Mean ms between faults. */
const interval = 600;

/** Plans faults until `until`. */
export function sabotage(world: World, until: number): void {
  const { random } = world;
  let fresh = 0;
  /** Set while a member whose disk was lost is on its way back: the membership has no slack then. */
  let replacing = '';
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
    const node = pick(random, alive);
    node.pausedUntil = world.now + randomInt(random, 4000);
    world.note(`pause ${node.id} until ${node.pausedUntil}`);
  }

  function skew(): void {
    const alive = world.alive();
    if (alive.length > 0) pick(random, alive).tickLength = pick(random, [40, 70, 100, 150, 300]);
  }

  function propose(change: ConfChange): void {
    const leader = world.leader();
    if (!leader || world.now < leader.pausedUntil) return;
    world.note(`propose ${JSON.stringify(change)} to ${leader.id}`);
    leader.replica.proposeConfChange(change, () => {});
  }

  /** Learners in and out, voters down to learners and back, one by one or jointly. */
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
    if (conf.voters.length > 3 && random.next() < 0.5)
      propose({
        changes: [
          { type: 'addLearner', id: a },
          { type: 'addLearner', id: b },
        ],
        transition: 'joint',
      });
    else propose({ changes: [{ type: 'addLearner', id: a }], transition: pick(random, ['simple', 'joint']) });
  }

  /** A disk is lost while all others are well: the member comes back under a new id. */
  function loseDisk(): void {
    const conf = world.conf();
    if (replacing !== '' || conf.voters.length < 3 || conf.learners.length > 0 || conf.votersOutgoing.length > 0)
      return;
    if (world.confInFlight() || conf.voters.some((id) => !world.nodes.get(id)?.alive)) return;
    const id = pick(random, conf.voters);
    const node = world.nodes.get(id);
    if (!node || fresh >= 3) return;
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
      else if (now.voters.includes(id) || now.learners.includes(id))
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
}

/** Elections at every turn, often two at once; whoever votes or leads may die at that moment and be back at once. */
export function storm(world: World, until: number): void {
  const { random } = world;
  const bounce = (id: string) => {
    const node = world.nodes.get(id);
    if (node?.alive) world.restart(node);
  };
  world.onSend = (m) => {
    const grants = m.type === 'voteResp' && !m.reject;
    if (world.now < until && grants && random.next() < 0.3) world.after(0, () => bounce(m.from));
  };
  const turn = () => {
    if (world.now >= until) return;
    world.after(20 + randomInt(random, 300), turn);
    const kind = random.next();
    const ids = shuffled(random, [...world.nodes.keys()]);
    if (kind < 0.5) {
      for (const id of ids.slice(0, 1 + randomInt(random, 2))) {
        const node = world.nodes.get(id);
        if (!node?.alive) continue;
        node.replica.receive({ type: 'timeoutNow', from: '', to: id, term: node.replica.raft.term });
      }
    } else if (kind < 0.7) {
      const at = 1 + randomInt(random, ids.length - 1);
      for (const a of ids.slice(0, at))
        for (const b of ids.slice(at)) {
          world.cut(a, b);
          world.cut(b, a);
        }
      world.after(randomInt(random, 400), () => world.heal());
    } else if (kind < 0.9) {
      const leader = world.leader();
      if (leader) bounce(leader.id);
    } else bounce(ids[0] as string);
  };
  world.after(500, turn);
}
