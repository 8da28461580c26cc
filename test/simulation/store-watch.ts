// A client that watches all keys somewhere, is slow at times, goes on elsewhere when its member dies, and lists anew when compaction passed it.

import { pick } from '../../src/env/random.ts';
import type { Event } from '../../src/etcd/api/types.ts';
import type { Watcher } from '../../src/etcd/mvcc/watch-hub.ts';
import type { Node, World } from './store-world.ts';

const all = { key: 'a', end: 'z' };

export class WatchClient {
  private readonly world: World;
  private readonly seen: string[] = [];
  /** Revisions [after, upTo] that compaction hid and a list stood in for. */
  private readonly gaps: { after: number; upTo: number }[] = [];
  private next = 2;
  private lastRevision = 0;
  private room = true;
  private attached: { node: Node; watcher: Watcher } | undefined;

  constructor(world: World, number: number) {
    this.world = world;
    world.after(10 + number, () => this.follow());
    const mood = () => {
      this.room = world.faults ? world.random.next() < 0.75 : true;
      const { attached } = this;
      if (this.room && attached?.node.alive) attached.node.hub.ready(attached.watcher);
      if (!attached || (world.faults && world.random.next() < 0.03)) this.move();
      world.after(150, mood);
    };
    world.after(200, mood);
  }

  private move(): void {
    if (this.attached?.node.alive) this.attached.node.hub.remove(this.attached.watcher);
    this.attached = undefined;
    this.follow();
  }

  follow(): void {
    if (this.attached?.node.alive && this.world.nodes.get(this.attached.node.id) === this.attached.node) return;
    const alive = this.world.alive();
    if (alive.length > 0) this.attach(pick(this.world.random, alive));
  }

  private attach(node: Node): void {
    const self = this;
    const watcher = node.hub.add(
      { ...all, startRevision: this.next, prevKv: false, noPut: false, noDelete: false },
      {
        get hasRoom() {
          return self.room;
        },
        events: (events) => this.take(events),
        compacted: (revision) => this.compacted(revision),
      },
    );
    this.attached = { node, watcher };
    node.hub.ready(watcher);
  }

  private take(events: Event[]): void {
    for (const { kv, type } of events) {
      const revision = kv?.modRevision ?? 0;
      if (revision < this.lastRevision) this.world.fail(`watch went back from ${this.lastRevision} to ${revision}`);
      if (revision < this.next - 1) this.world.fail(`watch saw ${revision} again`);
      this.lastRevision = revision;
      this.seen.push(`${revision} ${kv?.key} ${type === 'DELETE' ? 0 : kv?.value}`);
      this.next = revision + 1;
    }
  }

  /** The watch was cancelled: list somewhere that is far enough, and go on from there. */
  private compacted(revision: number): void {
    if (revision < this.next) this.world.fail(`watch cancelled at ${revision} though it was at ${this.next} already`);
    this.attached = undefined;
    this.world.after(5, () => this.listAnew());
  }

  private listAnew(): void {
    if (this.attached) return;
    const { world } = this;
    const far = world.alive().filter((node) => node.state.store.currentRevision >= this.next);
    // nobody yet: mood() tries the watch again
    if (far.length === 0) return;
    const node = pick(world.random, far);
    const { store } = node.state;
    const upTo = store.currentRevision;
    const listed = store.read(all.key, all.end).kvs.map((kv) => `${kv.key} ${kv.value}`);
    const expected = world.history.pairsAt(upTo);
    if (listed.join() !== expected.join()) world.fail(`a list at ${upTo} showed ${listed} where ${expected} was`);
    this.gaps.push({ after: this.next - 1, upTo });
    this.next = upTo + 1;
    this.lastRevision = upTo;
    this.attach(node);
  }

  /** Whether everything up to revision `newest` was seen or listed. */
  isAt(newest: number): boolean {
    return this.next === newest + 1;
  }

  /** Holds what was seen against what happened. */
  verify(newest: number): void {
    const { history } = this.world;
    const expected: string[] = [];
    let at = 1;
    for (const { after, upTo } of this.gaps) {
      expected.push(...history.between(at, after));
      at = upTo;
    }
    expected.push(...history.between(at, newest));
    for (let i = 0; i < expected.length; i++)
      if (this.seen[i] !== expected[i]) this.world.fail(`watch saw ${this.seen[i]} where ${expected[i]} happened`);
    if (this.seen.length !== expected.length)
      this.world.fail(`watch saw ${this.seen.length} of ${expected.length} events`);
  }
}
