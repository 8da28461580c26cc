// A computer in another thread, as its owner sees it. The kubelet, the proxy and the network beside it stay quick however busy the guest is: a slice of
// emulation takes tens of milliseconds, and in one thread every message and every chunk of a stream would wait for one.
//
// Invariants: requests are done in the order in which they were made; after `stop` resolved no more output comes until `run`.

import { realNow } from '../env/scaled-clock.ts';
import type { CreateEmulator, Emulator, EmulatorListeners, EmulatorParts } from './emulator.ts';
import { type EmulatorPort, type EmulatorReport, type EmulatorRequest, owned } from './emulator-messages.ts';

export interface EmulatorThread extends EmulatorPort<EmulatorRequest, EmulatorReport> {
  /** Ends the thread. */
  close(): void;
}

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Builds computers in threads that `open` starts. The buffers of the parts are handed over: they are empty afterwards. */
export function remoteEmulator(open: () => EmulatorThread): CreateEmulator {
  return async (parts, listeners) => {
    const emulator = new RemoteEmulator(open(), listeners);
    await emulator.start(parts);
    return emulator;
  };
}

class RemoteEmulator implements Emulator {
  readonly files: Emulator['files'];
  private readonly thread: EmulatorThread;
  private readonly listeners: EmulatorListeners;
  private starting: Waiting<void> | undefined;
  private destroyed: (() => void) | undefined;
  private readonly stops: ((at: number) => void)[] = [];
  private readonly unpacking = new Map<number, Waiting<string | undefined>>();
  private calls = 0;
  /** Guest milliseconds until it was last started, and when that was. */
  private ran = 0;
  private runningSince: number | undefined;

  constructor(thread: EmulatorThread, listeners: EmulatorListeners) {
    this.thread = thread;
    this.listeners = listeners;
    thread.onmessage = ({ data }) => this.receive(data);
    this.files = {
      unpack: (name, archive) =>
        new Promise((resolve, reject) => {
          const call = ++this.calls;
          this.unpacking.set(call, { resolve, reject });
          this.send({ type: 'unpack', call, name, archive }, [archive.buffer]);
        }),
    };
  }

  start(parts: EmulatorParts): Promise<void> {
    const { wasm, bios, vgaBios, start } = parts;
    const boot = 'state' in start ? [start.state] : [start.kernel, start.initrd];
    const console = this.listeners.onConsole !== undefined;
    return new Promise((resolve, reject) => {
      this.starting = { resolve, reject };
      this.send({ type: 'start', parts, console }, [wasm, bios, vgaBios, ...boot]);
    });
  }

  run(): void {
    this.runningSince ??= realNow();
    this.send({ type: 'run' });
  }

  async stop(): Promise<void> {
    const at = await new Promise<number>((stopped) => {
      this.stops.push(stopped);
      this.send({ type: 'stop' });
    });
    if (this.runningSince !== undefined) this.ran += Math.max(0, at - this.runningSince);
    this.runningSince = undefined;
  }

  guestTime(): number {
    return this.ran + (this.runningSince === undefined ? 0 : Math.max(0, realNow() - this.runningSince));
  }

  sendAgentBytes(bytes: Uint8Array): void {
    const { arrays, buffers } = owned([bytes]);
    this.send({ type: 'agent', bytes: arrays }, buffers);
  }

  sendFrames(frames: Uint8Array[]): void {
    const { arrays, buffers } = owned(frames);
    this.send({ type: 'frames', frames: arrays }, buffers);
  }

  async destroy(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.destroyed = resolve;
      this.send({ type: 'destroy' });
    });
    this.thread.close();
  }

  private send(request: EmulatorRequest, transfer: ArrayBuffer[] = []): void {
    this.thread.postMessage(request, transfer);
  }

  private receive(report: EmulatorReport): void {
    switch (report.type) {
      case 'started':
        this.starting?.resolve();
        break;
      case 'failed':
        this.thread.close();
        this.starting?.reject(new Error(report.message));
        break;
      case 'stopped':
        this.stops.shift()?.(report.at);
        break;
      case 'agent':
        for (const bytes of report.bytes) this.listeners.onAgentBytes(bytes);
        break;
      case 'frames':
        this.listeners.onFrames?.(report.frames);
        break;
      case 'console':
        this.listeners.onConsole?.(report.text);
        break;
      case 'unpacked': {
        const call = this.unpacking.get(report.call);
        this.unpacking.delete(report.call);
        if (report.error === undefined) call?.resolve(report.path);
        else call?.reject(new Error(report.error));
        break;
      }
      case 'destroyed':
        this.destroyed?.();
        break;
    }
  }
}
