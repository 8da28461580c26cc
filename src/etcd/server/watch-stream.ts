// /v3/watch: one streamed request of create, cancel and progress messages, one streamed answer of {"result": WatchResponse} lines (etcd's gateway).
//
// Invariants: what goes out for one watch is in revision order; a reader that does not read stops its watches, not the store (WatchHub).

import { every } from '../../env/clock.ts';
import type { Event, ResponseHeader, WatchCreateRequest, WatchRequest, WatchResponse } from '../api/types.ts';
import { etcdError } from '../errors.ts';
import type { Watcher } from '../mvcc/watch-hub.ts';
import type { Backend } from './backend.ts';

interface Open {
  watcher: Watcher;
  id: string;
  progressNotify: boolean;
  /** Whether events went out since the last progress tick. */
  busy: boolean;
}

export interface WatchOutput {
  /** Whether the reader takes more. */
  hasRoom(): boolean;
  write(response: WatchResponse): void;
  fail(error: unknown): void;
}

/** The watches of one stream. Call ready() when the reader takes more again, close() when it is gone. */
export class WatchSession {
  private readonly backend: Backend;
  private readonly output: WatchOutput;
  private readonly open = new Map<string, Open>();
  private nextId = 0;
  private readonly stopProgress: () => void;

  constructor(backend: Backend, output: WatchOutput) {
    this.backend = backend;
    this.output = output;
    this.stopProgress = every(backend.clock, backend.progressNotifyInterval, () => this.tick());
  }

  /** Handles one message of the request stream. */
  handle(request: WatchRequest): void {
    if (request.createRequest) this.create(request.createRequest);
    else if (request.cancelRequest) this.cancel(request.cancelRequest.watchId ?? '0');
    else if (request.progressRequest) this.progress();
  }

  ready(): void {
    for (const { watcher } of [...this.open.values()]) this.backend.hub.ready(watcher);
  }

  close(): void {
    this.stopProgress();
    for (const { watcher } of this.open.values()) this.backend.hub.remove(watcher);
    this.open.clear();
  }

  private header(): ResponseHeader {
    return this.backend.header();
  }

  private create(request: WatchCreateRequest): void {
    let id = request.watchId ?? '0';
    if (id === '0') {
      while (this.open.has(String(this.nextId))) this.nextId++;
      id = String(this.nextId++);
    } else if (this.open.has(id)) {
      this.output.write({
        header: this.header(),
        watchId: '-1',
        created: true,
        canceled: true,
        cancelReason: 'mvcc: duplicate watch ID provided on the WatchStream',
      });
      return;
    }
    const key = request.key ?? '';
    const end = request.rangeEnd || undefined;
    if (end !== undefined && end !== '\0' && end <= key) {
      const reason = 'mvcc: watcher range is empty';
      this.output.write({ header: this.header(), watchId: '-1', created: true, canceled: true, cancelReason: reason });
      return;
    }
    this.output.write({ header: this.header(), watchId: id, created: true });
    const filters = request.filters ?? [];
    const backend = this.backend;
    const session = this;
    const watcher = backend.hub.add(
      {
        key: key === '' && end !== undefined ? '\0' : key || '\0',
        end,
        startRevision: request.startRevision ?? 0,
        prevKv: request.prevKv === true,
        noPut: filters.includes('NOPUT'),
        noDelete: filters.includes('NODELETE'),
      },
      {
        get hasRoom() {
          return session.output.hasRoom();
        },
        events: (events: Event[]) => {
          const open = session.open.get(id);
          if (open) open.busy = true;
          session.output.write({ header: session.header(), watchId: id, events });
        },
        compacted: (compactRevision: number) => {
          session.open.delete(id);
          const { revision: _, ...header } = session.header();
          session.output.write({ header, watchId: id, canceled: true, compactRevision });
        },
      },
    );
    this.open.set(id, { watcher, id, progressNotify: request.progressNotify === true, busy: false });
    backend.hub.ready(watcher);
  }

  private cancel(id: string): void {
    const open = this.open.get(id);
    if (!open) return;
    this.backend.hub.remove(open.watcher);
    this.open.delete(id);
    this.output.write({ header: this.header(), watchId: id, canceled: true });
  }

  /** Says how far the stream has come, once every watch of it has seen all of that. */
  private progress(): void {
    for (const { watcher } of this.open.values()) if (!watcher.synced) return;
    this.output.write({ header: this.header(), watchId: '-1' });
  }

  private tick(): void {
    for (const open of this.open.values()) {
      if (open.progressNotify && !open.busy && open.watcher.synced && this.output.hasRoom())
        this.output.write({ header: this.header(), watchId: open.id });
      open.busy = false;
    }
  }

  /** Ends the stream because this member lost touch with the cluster. */
  noLeader(): void {
    this.output.fail(etcdError('noLeader'));
  }
}
