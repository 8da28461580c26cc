// Calls made up at random, few keys and many options, so that they meet: what the lists of cases did not think of.

import type { Random } from '../../src/env/random.ts';
import type { ParityCase } from './etcd-pair.ts';

const keys = ['a', 'b', 'c', 'ab', 'a\0', 'b/1', 'b/2', 'z', '\xff', '\xff\xff'];
const ends = [...keys, '\0', '\0\0', 'b0', 'd', '~'];
const values = ['', '0', '1', '2', 'x', '\0\xff', 'a longer value'];
const leases = [0, 1, 2, 3, 4, -9];

const bytes = (text: string) => Buffer.from(text, 'latin1').toString('base64');

/** Makes calls up; `revision` is where the store stands. */
export class CallMaker {
  private readonly random: Random;
  private revision = 1;

  constructor(random: Random) {
    this.random = random;
  }

  next(revision: number): ParityCase {
    this.revision = revision;
    const [path, body] = this.pick<() => [string, object]>(
      ...Array.from({ length: 5 }, () => () => ['kv/put', this.put()] as [string, object]),
      ...Array.from({ length: 2 }, () => () => ['kv/deleterange', this.remove()] as [string, object]),
      ...Array.from({ length: 4 }, () => () => ['kv/range', this.range()] as [string, object]),
      ...Array.from({ length: 6 }, () => () => ['kv/txn', this.txn(2)] as [string, object]),
      () => ['lease/grant', { TTL: 3600, ID: this.pick(...leases.slice(1)) }],
      () => ['lease/revoke', { ID: this.pick(...leases) }],
      () => ['lease/timetolive', { ID: this.pick(...leases), keys: true }],
      () => (this.chance(0.3) ? ['kv/compaction', this.compaction()] : ['kv/range', this.range()]),
    )();
    return { name: path, path: `/v3/${path}`, body: JSON.stringify(body) };
  }

  /** A watch of what happened since a revision; there must be something. */
  watch(since: number): ParityCase {
    const body = {
      create_request: {
        key: bytes('\0'),
        range_end: bytes('\0'),
        start_revision: since,
        ...this.maybe('prev_kv', true),
        ...this.maybe('progress_notify', true),
        ...(this.chance(0.3) ? { filters: ['NODELETE'] } : {}),
      },
    };
    return { name: 'watch', path: '/v3/watch', body: JSON.stringify(body), lines: 2 };
  }

  private chance(part: number): boolean {
    return this.random.next() < part;
  }

  private pick<T>(...from: T[]): T {
    return from[Math.floor(this.random.next() * from.length)] as T;
  }

  private maybe(name: string, value: unknown, part = 0.3): object {
    return this.chance(part) ? { [name]: value } : {};
  }

  /** A few of what `make` makes. */
  private some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: Math.floor(this.random.next() * (most + 1)) }, make);
  }

  /** Mostly of the last few; now and then nonsense. */
  private someRevision(): number {
    if (this.chance(0.1)) return this.pick(-1, 0, 1, this.revision + 1, this.revision + 50, 2 ** 40);
    return Math.max(0, this.revision - Math.floor(this.random.next() * 12));
  }

  private key(): object {
    return this.chance(0.02) ? {} : { key: bytes(this.pick(...keys)) };
  }

  private keyOrRange(part = 0.5): object {
    return { ...this.key(), ...(this.chance(part) ? { range_end: bytes(this.pick(...ends)) } : {}) };
  }

  private put(): object {
    return {
      ...this.key(),
      ...this.maybe('value', bytes(this.pick(...values)), 0.8),
      ...this.maybe('lease', this.pick(...leases), 0.3),
      ...this.maybe('prev_kv', true),
      ...this.maybe('ignore_value', true, 0.1),
      ...this.maybe('ignore_lease', true, 0.1),
    };
  }

  private remove(): object {
    return { ...this.keyOrRange(), ...this.maybe('prev_kv', true) };
  }

  private range(): object {
    return {
      ...this.keyOrRange(0.8),
      ...this.maybe('limit', this.pick(0, 1, 2, 3, 10, -1)),
      ...this.maybe('revision', this.someRevision()),
      ...this.maybe('sort_order', this.pick<string | number>('NONE', 'ASCEND', 'DESCEND', 0, 1, 2, 5)),
      ...this.maybe('sort_target', this.pick<string>('KEY', 'VERSION', 'CREATE', 'MOD')),
      ...this.maybe('serializable', true),
      ...this.maybe('keys_only', true, 0.2),
      ...this.maybe('count_only', true, 0.2),
      ...this.maybe('min_mod_revision', this.someRevision(), 0.15),
      ...this.maybe('max_mod_revision', this.someRevision(), 0.15),
      ...this.maybe('min_create_revision', this.someRevision(), 0.15),
      ...this.maybe('max_create_revision', this.someRevision(), 0.15),
    };
  }

  private compaction(): object {
    return { revision: this.someRevision(), ...this.maybe('physical', true) };
  }

  private compare(): object {
    const [target, field, value] = this.pick<[string | number, string, unknown]>(
      ['VERSION', 'version', this.pick(0, 1, 2, 3, -1)],
      ['CREATE', 'create_revision', this.someRevision()],
      ['MOD', 'mod_revision', this.someRevision()],
      ['VALUE', 'value', bytes(this.pick(...values))],
      ['LEASE', 'lease', this.pick(...leases)],
      [9, 'version', 1],
    );
    return {
      ...this.keyOrRange(0.3),
      target,
      result: this.pick<string | number>('EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL', 'EQUAL', 8),
      ...this.maybe(field, value, 0.9),
    };
  }

  private operation(depth: number): object {
    return this.pick<() => object>(
      () => ({ request_put: this.put() }),
      () => ({ request_put: this.put() }),
      () => ({ request_delete_range: this.remove() }),
      () => ({ request_range: this.range() }),
      () => (depth > 0 ? { request_txn: this.txn(depth - 1) } : { request_range: this.range() }),
    )();
  }

  private txn(depth: number): object {
    return {
      compare: this.some(2, () => this.compare()),
      success: this.some(4, () => this.operation(depth)),
      failure: this.some(3, () => this.operation(depth)),
    };
  }
}
