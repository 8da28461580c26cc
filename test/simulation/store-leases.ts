// Clients that hold leases: grant them, hang keys on them, keep them alive for a while or not. No lease may end before the time last promised to its holder,
// as the fastest clock counts it, and none may live on for long after everybody let go.

import { pick, type Random, randomInt } from '../../src/env/random.ts';
import type { Command } from '../../src/etcd/server/commands.ts';
import { maxClockRate, type Node, type World } from './store-world.ts';

interface Held {
  id: string;
  ttl: number;
  /** Virtual time before which it must not end. */
  safeUntil: number;
  /** The holder asked for its end. */
  givenUp: boolean;
  ended: boolean;
}

export class LeaseClients {
  private readonly world: World;
  private readonly random: Random;
  private readonly leases = new Map<string, Held>();
  private next = 1;
  /** Requests under way. */
  private pending = 0;

  constructor(world: World, until: number) {
    this.world = world;
    this.random = world.random;
    const turn = () => {
      if (world.now >= until) return;
      world.after(20 + randomInt(this.random, 300), turn);
      const alive = world.alive();
      if (alive.length > 0 && world.now >= world.quietUntil) this.act(pick(this.random, alive));
    };
    world.after(800, turn);
  }

  /** Told of every command as it is applied somewhere. */
  applied(command: Command, failed: boolean): void {
    const lease = command.leaseRevoke?.ID === undefined ? undefined : this.leases.get(command.leaseRevoke.ID);
    if (!lease || failed || lease.ended) return;
    lease.ended = true;
    if (!lease.givenUp && this.world.now < lease.safeUntil)
      this.world.fail(`lease ${lease.id} ended ${lease.safeUntil - this.world.now} ms early`);
  }

  /** Whether no lease is left, and none can come any more. */
  get allEnded(): boolean {
    const leader = this.world.leader();
    return this.pending === 0 && leader !== undefined && leader.state.lessor.list().length === 0;
  }

  private act(node: Node): void {
    const held = [...this.leases.values()].filter((lease) => !lease.ended);
    const kind = this.random.next();
    if (held.length === 0 || (kind < 0.2 && held.length < 4)) this.grant(node);
    else {
      const lease = pick(this.random, held);
      if (kind < 0.7) this.keepAlive(lease);
      else if (kind < 0.92) this.propose(node, { put: { key: `l${lease.id}`, value: 'x', lease: lease.id } }, () => {});
      else {
        lease.givenUp = true;
        this.propose(node, { leaseRevoke: { ID: lease.id } }, () => {});
      }
    }
  }

  private grant(node: Node): void {
    const lease: Held = {
      id: String(this.next++),
      ttl: 1 + randomInt(this.random, 3),
      safeUntil: 0,
      givenUp: false,
      ended: false,
    };
    this.leases.set(lease.id, lease);
    const promised = this.promise(lease);
    this.propose(node, { leaseGrant: { ID: lease.id, TTL: lease.ttl } }, promised);
  }

  private propose(node: Node, command: Command, then: () => void): void {
    this.pending++;
    node.replica.propose(command, (outcome) => {
      this.pending--;
      if (!('error' in outcome)) then();
    });
  }

  private keepAlive(lease: Held): void {
    // a deposed one may still think it leads
    const leaders = this.world.alive().filter(({ replica }) => replica.raft.role === 'leader');
    if (leaders.length === 0) return;
    const promised = this.promise(lease);
    pick(this.random, leaders).leases.renew(lease.id, (answer) => {
      if (typeof answer === 'number' && answer > 0) promised();
    });
  }

  /** Call the result when the promise was given: it counts from when it was asked for. */
  private promise(lease: Held): () => void {
    const until = this.world.now + (lease.ttl * 1000) / maxClockRate;
    return () => {
      if (lease.ended && !lease.givenUp && this.world.now < until)
        this.world.fail(`lease ${lease.id} was promised anew after it had ended`);
      lease.safeUntil = Math.max(lease.safeUntil, until);
    };
  }
}
