// One cache per resource and process, shared by everybody in it who needs that resource. Upstream: client-go tools/cache SharedIndexInformer.
//
// Invariants: the cache is changed before handlers hear of it; handlers hear of an object's changes in order, and of every object at least once; an update whose
// resourceVersion is unchanged reaches only handlers that asked for resync. Handlers must be quick and must not throw: they put keys on queues.

import { type Clock, every } from '../env/clock.ts';
import type { Random } from '../env/random.ts';
import type { Trace } from '../env/trace.ts';
import { Indexer, type IndexFunction, type Lister } from './indexer.ts';
import { keyOf, referenceTo } from './keys.ts';
import { Reflector } from './reflector.ts';
import { apiVersionOf, type KubernetesObject, type Resource } from './resources.ts';
import type { RestClient } from './rest-client.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface EventHandler<T> {
  onAdd?(object: T): void;
  onUpdate?(old: T, current: T): void;
  /** The object as it was when it was deleted, or as it was last known if the deletion itself was missed. */
  onDelete?(object: T): void;
}

export interface HandlerOptions {
  /** Every so often, call onUpdate for every object with old and current the same. Default: never. */
  resyncPeriodMs?: number;
}

export interface InformerOptions<T extends KubernetesObject> {
  client: RestClient;
  resource: Resource<T>;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Keep nothing but metadata. */
  metadataOnly?: boolean;
  clock: Clock;
  random: Random;
  trace: Trace;
  onError?: (error: unknown) => void;
  /** Deep-freezes every cached object, so that a handler that changes one throws (upstream's cache mutation detector). For tests. */
  detectMutation?: boolean;
}

export class SharedInformer<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #indexer = new Indexer<T>();
  readonly #handlers = new Set<{ handler: EventHandler<T>; options: HandlerOptions }>();
  readonly #reflector: Reflector<T>;
  readonly #syncWaiters: (() => void)[] = [];
  #synced = false;
  #signal: AbortSignal | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.resource = options.resource;
    this.#reflector = new Reflector<T>({
      ...options,
      sink: {
        replace: (items, resourceVersion) => this.#replace(items, resourceVersion),
        apply: (event) => this.#apply(event),
      },
    });
  }

  get lister(): Lister<T> {
    return this.#indexer;
  }

  /** Adds an index unless one of that name is there; allowed at any time. */
  addIndex(name: string, of: IndexFunction<T>): void {
    this.#indexer.addIndex(name, of);
  }

  get lastSyncResourceVersion(): string {
    return this.#reflector.lastSyncResourceVersion;
  }

  /** Whether the first list is in the cache and every handler has heard of it. */
  hasSynced(): boolean {
    return this.#synced;
  }

  /** Resolves once synced; never if it never is. */
  synced(): Promise<void> {
    return this.#synced ? Promise.resolve() : new Promise((resolve) => this.#syncWaiters.push(resolve));
  }

  /** Registers a handler; what the cache already holds is delivered as adds, at once. Returns a function that takes it away. */
  addHandler(handler: EventHandler<T>, options: HandlerOptions = {}): () => void {
    const entry = { handler, options };
    this.#handlers.add(entry);
    for (const object of this.#indexer.list()) deliver(() => handler.onAdd?.(object));
    if (this.#signal) this.#startResync(entry, this.#signal);
    return () => this.#handlers.delete(entry);
  }

  /** Starts the reflector; resolves when the signal aborts. Running twice is an error of the caller and throws. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#signal) throw new Error(`informer for ${this.resource.resource} is running already`);
    this.#signal = signal;
    for (const entry of this.#handlers) this.#startResync(entry, signal);
    await this.#reflector.run(signal);
  }

  #startResync(entry: { handler: EventHandler<T>; options: HandlerOptions }, signal: AbortSignal): void {
    const period = entry.options.resyncPeriodMs;
    if (!period || signal.aborted) return;
    const cancel = every(this.#options.clock, period, () => {
      if (!this.#handlers.has(entry)) return cancel();
      for (const object of this.#indexer.list()) deliver(() => entry.handler.onUpdate?.(object, object));
    });
    signal.addEventListener('abort', cancel, { once: true });
  }

  #replace(items: T[], resourceVersion: string): Promise<void> | undefined {
    const held = this.#options.trace.gate({
      gate: 'watch event',
      subject: { kind: this.resource.kind, apiVersion: apiVersionOf(this.resource), name: '', resourceVersion },
      saw: { type: 'LIST', count: items.length },
    });
    const commit = () => {
      const stale = new Set(this.#indexer.keys());
      for (const item of items) {
        stale.delete(keyOf(item));
        this.#store(item);
      }
      for (const key of stale) this.#remove(key);
      this.#synced = true;
      for (const resolve of this.#syncWaiters.splice(0)) resolve();
    };
    if (held) return held.then(commit);
    commit();
    return undefined;
  }

  #apply(event: WatchEvent<T>): Promise<void> | undefined {
    const held = this.#options.trace.gate({
      gate: 'watch event',
      subject: referenceTo(event.object),
      causes: [{ resourceVersion: event.object.metadata.resourceVersion ?? '' }],
      saw: { type: event.type },
    });
    const commit = () => {
      if (event.type === 'DELETED') this.#remove(keyOf(event.object), event.object);
      else this.#store(event.object);
    };
    if (held) return held.then(commit);
    commit();
    return undefined;
  }

  #store(object: T): void {
    if (this.#options.detectMutation) deepFreeze(object);
    const old = this.#indexer.set(object);
    if (!old) {
      this.#distribute((handler) => handler.onAdd?.(object));
    } else if (old.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody looked: two objects, so two events.
      this.#distribute((handler) => handler.onDelete?.(old));
      this.#distribute((handler) => handler.onAdd?.(object));
    } else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
      this.#distribute((handler) => handler.onUpdate?.(old, object));
    }
  }

  #remove(key: string, lastState?: T): void {
    const old = this.#indexer.delete(key);
    const object = lastState ?? old;
    if (old && object) this.#distribute((handler) => handler.onDelete?.(object));
  }

  #distribute(call: (handler: EventHandler<T>) => void): void {
    for (const { handler } of this.#handlers) deliver(() => call(handler));
  }
}

/** A handler that throws is a bug in that handler: reported as an uncaught error, without harm to the others. */
function deliver(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}
