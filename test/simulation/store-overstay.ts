// Leaders that stay in office, as far as they know, while others are elected: what reads that rest on a lease must survive. The leader's clock is slow, the others'
// fast; it is cut off at the moment at which its lease is freshest, by surprise, after members that backed it restarted, or by handing over its office.

import { pick, randomInt, shuffled } from '../../src/env/random.ts';
import type { Node, World } from './store-world.ts';

export function overstay(world: World, until: number): void {
  const { random } = world;
  const fastest = world.clockRates[0] as number;
  const slowest = world.clockRates.at(-1) as number;

  const cutOff = (id: string, from: Iterable<string>) => {
    for (const other of from)
      if (other !== id) {
        world.cut(id, other);
        world.cut(other, id);
      }
  };

  /** Lets a member that has not heard of a leader for long stand at once: it could have chosen this moment. */
  const standIfFree = (node: Node | undefined) => {
    if (!node?.alive || world.now < node.pausedUntil) return;
    const { raft } = node.replica;
    if (raft.sinceLeader <= raft.config.electionTicks) return;
    raft.campaign();
    node.replica.drain();
  };

  const turn = () => {
    if (world.now >= until) return;
    world.after(1200 + randomInt(random, 1200), turn);
    const leader = world.leader();
    if (!leader || world.now < leader.pausedUntil) return;
    for (const node of world.alive()) world.setClockRate(node, node === leader ? slowest : fastest);
    world.heal();
    const others = shuffled(
      random,
      [...world.nodes.keys()].filter((id) => id !== leader.id),
    );
    const kind = random.next();
    if (kind < 0.4) {
      world.note(`${leader.id} overstays`);
      cutOff(leader.id, others);
      world.after(800 + randomInt(random, 1500), () => world.heal());
    } else if (kind < 0.7) {
      const [outsider = ''] = others;
      world.note(`${leader.id} overstays, backed by members that restart; ${outsider} has not heard of it`);
      // nothing is written, so that the outsider's log stays as good as the others'
      world.quietUntil = world.now + 1000;
      world.after(100 + 2 * world.maxDelay, () => {
        if (world.now < until) cutOff(leader.id, [outsider]);
      });
      world.after(1000 + randomInt(random, 100), () => {
        if (world.now >= until || !leader.alive) return;
        cutOff(leader.id, others);
        for (const id of others) {
          const node = world.nodes.get(id);
          if (id !== outsider && node?.alive) world.restart(node);
        }
        standIfFree(world.nodes.get(outsider));
        world.after(200 + randomInt(random, 600), () => world.heal());
      });
    } else {
      const to = pick(random, others);
      world.note(`${leader.id} hands over to ${to}, and does not hear of it`);
      let begun = false;
      world.onSend = (m) => {
        if (begun || m.context !== 'transfer' || world.now >= until) return;
        begun = true;
        cutOff(leader.id, others);
      };
      leader.replica.raft.transferLeadership(to);
      leader.replica.drain();
      world.after(300 + randomInt(random, 600), () => {
        world.onSend = () => {};
        world.heal();
      });
    }
  };
  world.after(900, turn);
}
