// Watchers of one collection who see the same: the same objects in the same form. What an event means to them is found out once, its bytes are made once, and
// what gathers between two rounds of sending is one piece for all of them.
//
// Invariants: each watcher is given every event after the revision it has reached, once and in order, or is cut off; whoever joins or sends a bookmark first has
// what has gathered delivered.

import type { Collection, EventSink } from '../storage/collection.ts';
import type { Entry, StoreEvent } from '../storage/entry.ts';
import type { Representation } from './representation.ts';
import type { Selection } from './selection.ts';

export type Bytes = Uint8Array<ArrayBuffer>;
type EventType = StoreEvent['type'];

const encoder = new TextEncoder();

export function encodeEvent(type: string, object: string): Bytes {
  return encoder.encode(`{"type":"${type}","object":${object}}\n`);
}

/** What watchers see. */
export interface View {
  /** Of the keys. */
  prefix: string;
  selection: Selection;
  representation: Representation;
}

/** An event as watchers are shown it. */
export interface Shown {
  revision: number;
  /** In the form of the view, or in another one. */
  encode(form?: Representation): Bytes;
}

/** An event that is sent in one form to watchers with different selections is encoded for the first of them. */
function sharedEncoding(event: StoreEvent, type: EventType, entry: Entry, representation: Representation): Bytes {
  event.encodings ??= new Map();
  const id = `${type} ${entry === event.entry ? '' : 'previous '}${representation.id}`;
  let bytes = event.encodings.get(id);
  if (!bytes) {
    bytes = encodeEvent(type, representation.one(entry));
    event.encodings.set(id, bytes);
  }
  return bytes;
}

/** What one event means to a selection: its type there, or undefined if it does not concern it. */
function seen(event: StoreEvent, selection: Selection): EventType | undefined {
  if (selection.all) return event.type;
  const before = event.previous !== undefined && selection.matches(event.previous.object);
  const after = event.type !== 'DELETED' && selection.matches(event.entry.object);
  if (after) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

/** The event as it looks in a view, or undefined if it is not seen there. */
export function shownAs(event: StoreEvent, { prefix, selection, representation }: View): Shown | undefined {
  if (!event.entry.key.startsWith(prefix)) return undefined;
  const type = seen(event, selection);
  if (!type) return undefined;
  // An object that leaves the selection is shown as it last was in it, at the revision at which it left.
  const entry =
    type === 'DELETED' && event.type !== 'DELETED' && event.previous ? event.previous.at(event.revision) : event.entry;
  return { revision: event.revision, encode: (form = representation) => sharedEncoding(event, type, entry, form) };
}

/** What has gathered for all watchers of an audience. */
export class Batch {
  readonly events: readonly Shown[];
  #bytes: Bytes | undefined;

  constructor(events: readonly Shown[]) {
    this.events = events;
  }

  get first(): number {
    return this.events[0]?.revision ?? 0;
  }

  get last(): number {
    return this.events[this.events.length - 1]?.revision ?? 0;
  }

  /** All of it; made once. */
  get bytes(): Bytes {
    this.#bytes ??= join(this.events.map((event) => event.encode()));
    return this.#bytes;
  }
}

export function join(pieces: readonly Bytes[]): Bytes {
  if (pieces.length === 1) return pieces[0] as Bytes;
  const joined = new Uint8Array(pieces.reduce((size, piece) => size + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.byteLength;
  }
  return joined;
}

/** One of an audience. */
export interface Listener {
  /** Takes what it has not had yet. Returns false when too much waits for it: it is then cut off. */
  take(batch: Batch): boolean;
  /** The watch cannot go on. */
  cut(): void;
}

/** Runs work soon: at once, or after others have gathered. */
export type Pace = (work: () => void) => void;

/** Of an audience: a round of sending to more would keep everybody else waiting for too long. */
const seats = 128;

const audiences = new WeakMap<Collection, Map<string, Audience>>();

export class Audience implements EventSink {
  readonly #view: View;
  readonly #pace: Pace;
  readonly #listeners = new Set<Listener>();
  readonly #leave: () => void;
  #gathered: Shown[] = [];

  private constructor(view: View, pace: Pace, leave: () => void) {
    this.#view = view;
    this.#pace = pace;
    this.#leave = leave;
  }

  /** An audience of a collection that sees what `key` stands for and has a free seat. */
  static of(collection: Collection, key: string, view: View, pace: Pace): Audience {
    const all = audiences.get(collection) ?? new Map<string, Audience>();
    audiences.set(collection, all);
    for (let room = 0; ; room++) {
      const id = `${room} ${key}`;
      const audience = all.get(id);
      if (audience && audience.#listeners.size < seats) return audience;
      if (audience) continue;
      const made = new Audience(view, pace, () => {
        all.delete(id);
        collection.sinks.delete(made);
      });
      all.set(id, made);
      collection.sinks.add(made);
      return made;
    }
  }

  join(listener: Listener): void {
    this.deliver();
    this.#listeners.add(listener);
  }

  leave(listener: Listener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#leave();
  }

  event(event: StoreEvent): boolean {
    const shown = shownAs(event, this.#view);
    if (!shown) return true;
    this.#gathered.push(shown);
    if (this.#gathered.length === 1) this.#pace(() => this.deliver());
    return true;
  }

  /** Gives everybody what has gathered. */
  deliver(): void {
    if (this.#gathered.length === 0) return;
    const batch = new Batch(this.#gathered);
    this.#gathered = [];
    for (const listener of this.#listeners) {
      if (listener.take(batch)) continue;
      this.leave(listener);
      listener.cut();
    }
  }

  cut(): void {
    this.deliver();
    for (const listener of [...this.#listeners]) listener.cut();
  }
}
