// Runs that aim at one thing: elections (storm) and commits (duel). Random still, but with the faults where they hurt.

import { pick, randomInt, shuffled } from '../../src/env/random.ts';
import type { Node, World } from './store-world.ts';

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

/**
 * Duels (after figure 8 of the raft paper): two rivals take turns in leading, each without the other, and often with next to nobody once it leads; at the moment
 * one commits it is likely to die, and what it just sent with it. What was committed on too little is then replaced.
 */
export function duel(world: World, until: number): void {
  const { random } = world;
  /** Lets a member stand for election, not behind the times. */
  const stand = (node: Node | undefined) => {
    if (!node?.alive) return;
    const term = Math.max(...[...world.nodes.values()].map(({ replica }) => replica.raft.term));
    node.replica.receive({ type: 'voteResp', reject: true, from: '', to: node.id, term });
    node.replica.receive({ type: 'timeoutNow', from: '', to: node.id, term });
  };
  /** Cuts a few members off from the rest. */
  const isolate = (inside: readonly string[]) => {
    world.heal();
    for (const a of inside)
      for (const b of world.nodes.keys())
        if (!inside.includes(b)) {
          world.cut(a, b);
          world.cut(b, a);
        }
  };
  let rounds = 0;
  let peace = true;
  let rivals: string[] = [];
  const turn = () => {
    if (world.now >= until) return;
    if (rounds-- === 0) {
      // peace, for all to be equals again; then two others
      world.heal();
      peace = true;
      stand(pick(random, [...world.nodes.values()]));
      rivals = shuffled(random, [...world.nodes.keys()]).slice(0, 2);
      rounds = 4 + randomInt(random, 4);
      world.after(150 + 10 * world.maxDelay, turn);
      return;
    }
    peace = false;
    rivals.reverse();
    const candidate = rivals[0] as string;
    const others = shuffled(
      random,
      [...world.nodes.keys()].filter((id) => !rivals.includes(id)),
    );
    isolate([candidate, ...others.slice(0, 2 + randomInt(random, 2))]);
    stand(world.nodes.get(candidate));
    world.after(30 + 4 * world.maxDelay + randomInt(random, 100), () => {
      if (world.now >= until) return;
      const node = world.nodes.get(candidate);
      if (node?.alive && random.next() < 0.4) world.restart(node);
      turn();
    });
  };
  const led = new Map<string, number>();
  world.onSend = (m) => {
    // a new leader's first word: it may reach one other, or nobody
    if (m.type !== 'app' || led.get(m.from) === m.term || peace || world.now >= until) return;
    led.set(m.from, m.term);
    if (random.next() < 0.5)
      isolate([
        m.from,
        ...shuffled(
          random,
          [...world.nodes.keys()].filter((id) => id !== m.from),
        ).slice(0, randomInt(random, 2)),
      ]);
  };
  world.onCommit = (leader) => {
    // most of all while the rest of its log is still under way
    const { log } = leader.replica.raft;
    if (peace || world.now >= until || random.next() > (log.committed < log.lastIndex ? 0.8 : 0.1)) return;
    isolate([leader.id]);
    world.after(0, () => {
      if (leader.alive) world.restart(leader);
    });
  };
  world.after(500, turn);
}
