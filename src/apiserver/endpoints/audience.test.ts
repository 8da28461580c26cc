import { expect, test } from 'vitest';
import { Collection } from '../storage/collection.ts';
import { Entry } from '../storage/entry.ts';
import { Audience, type Batch, type Listener, type View } from './audience.ts';

const view: View = {
  prefix: '/registry/pods/',
  selection: { all: true, name: undefined, key: '', matches: () => true },
  representation: {
    id: 'v1',
    one: (entry) => entry.json,
    item: (entry) => entry.json,
    list: () => ({ head: '', tail: '' }),
  },
};

function pod(name: string, revision: number, labels: Record<string, string> = {}): Entry {
  const value = JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata: { name, labels } });
  return new Entry(`/registry/pods/${name}`, revision, value);
}

class Ear implements Listener {
  readonly batches: Batch[] = [];
  patient = true;
  wasCut = false;
  take(batch: Batch) {
    this.batches.push(batch);
    return this.patient;
  }
  cut() {
    this.wasCut = true;
  }
  get lines() {
    return this.batches.map(({ bytes }) =>
      new TextDecoder()
        .decode(bytes)
        .trim()
        .split('\n')
        .map((line) => {
          const { type, object } = JSON.parse(line);
          return `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`;
        }),
    );
  }
}

/** An audience whose rounds a test calls. */
function gathering(of: View = view) {
  const collection = new Collection('/registry/pods/', 1);
  const work: (() => void)[] = [];
  const audience = Audience.of(collection, 'key', of, (it) => work.push(it));
  const round = () => {
    for (const it of work.splice(0)) it();
  };
  return { collection, audience, work, round };
}

test('what gathers between two rounds is one piece, the same for all', () => {
  const { collection, audience, work, round } = gathering();
  const [a, b] = [new Ear(), new Ear()];
  audience.join(a);
  audience.join(b);
  collection.put(pod('x', 2));
  collection.put(pod('y', 3));
  collection.remove('/registry/pods/x', (last) => last.at(4));
  expect([work.length, a.batches.length]).toEqual([1, 0]);
  round();
  expect(a.lines).toEqual([['ADDED x 2', 'ADDED y 3', 'DELETED x 4']]);
  expect(a.batches[0]?.bytes).toBe(b.batches[0]?.bytes);
  expect([a.batches[0]?.first, a.batches[0]?.last]).toEqual([2, 4]);
  collection.put(pod('y', 5));
  round();
  expect(a.lines[1]).toEqual(['MODIFIED y 5']);
});

test('who joins is not given what had gathered before', () => {
  const { collection, audience, round } = gathering();
  const [a, late] = [new Ear(), new Ear()];
  audience.join(a);
  collection.put(pod('x', 2));
  audience.join(late);
  round();
  expect([a.lines.length, late.lines.length]).toEqual([1, 0]);
});

test('a selection is shown what enters and what leaves it', () => {
  const blue: View = {
    ...view,
    selection: {
      all: false,
      name: undefined,
      key: 'blue',
      matches: ({ metadata }) => metadata.labels?.['blue'] === '1',
    },
  };
  const { collection, audience, round } = gathering(blue);
  const ear = new Ear();
  audience.join(ear);
  collection.put(pod('x', 2));
  collection.put(pod('x', 3, { blue: '1' }));
  collection.put(pod('x', 4, { blue: '1', more: '1' }));
  collection.put(pod('x', 5));
  round();
  expect(ear.lines).toEqual([['ADDED x 3', 'MODIFIED x 4', 'DELETED x 5']]);
});

test('who cannot take more is cut off; the others go on', () => {
  const { collection, audience, round } = gathering();
  const [slow, quick] = [new Ear(), new Ear()];
  slow.patient = false;
  audience.join(slow);
  audience.join(quick);
  collection.put(pod('x', 2));
  round();
  expect([slow.wasCut, quick.wasCut]).toEqual([true, false]);
});

test('when an audience is full the next ones sit in another, and a free seat is taken again', () => {
  const { collection, audience, work, round } = gathering();
  const ears = Array.from({ length: 128 }, () => new Ear());
  for (const ear of ears) audience.join(ear);
  const other = Audience.of(collection, 'key', view, (it) => work.push(it));
  expect(other).not.toBe(audience);
  const late = new Ear();
  other.join(late);
  collection.put(pod('x', 2));
  expect(work.length).toBe(2);
  round();
  expect([ears[127]?.lines, late.lines]).toEqual([[['ADDED x 2']], [['ADDED x 2']]]);
  audience.leave(ears[5] as Ear);
  expect(Audience.of(collection, 'key', view, (it) => work.push(it))).toBe(audience);
  other.leave(late);
  expect(collection.sinks.size).toBe(1);
});

test('an audience that everybody has left is forgotten', () => {
  const { collection, audience } = gathering();
  const [a, b] = [new Ear(), new Ear()];
  audience.join(a);
  audience.join(b);
  expect(collection.sinks.size).toBe(1);
  audience.leave(a);
  expect(Audience.of(collection, 'key', view, (it) => it())).toBe(audience);
  audience.leave(b);
  audience.leave(b);
  expect(collection.sinks.size).toBe(0);
  expect(Audience.of(collection, 'key', view, (it) => it())).not.toBe(audience);
});

test('a collection that is rebuilt gives out what had gathered, then cuts everybody off', () => {
  const { collection, audience } = gathering();
  const ear = new Ear();
  audience.join(ear);
  collection.put(pod('x', 2));
  collection.cutAll();
  expect([ear.lines, ear.wasCut]).toEqual([[['ADDED x 2']], true]);
});
