// The thin layer over v86: one emulated computer with a virtio network card, a virtio console and a clock that can stand still.
//
// Facts about v86 this relies on (version pinned in package.json, held by machine.test.ts):
// - console ports from 2 on stay raw (/dev/vport*) only if the guest is never told that they are consoles, so SendEvent drops that event while booting;
// - an input chunk takes one guest buffer, at most 4096 bytes, and is dropped when none is free (agent.ts counts them);
// - the file system behind `filesystem: {}` is the property `fs9p`, whose methods keep their names in the published build (shared-files.ts);
// - all guest time comes from `microtick`, which is imported by the wasm module and also a static of the class behind `emulator.v86`.

import type { V86 as V86Class, V86Options } from 'v86';
import { gunzip, isGzip } from '../env/bytes.ts';
import { createTurns } from '../env/turns.ts';
import { keepTranslationsSmall } from './guest-code.ts';
import { type EmulatedFileSystem, SharedFiles } from './shared-files.ts';

/** What a computer is made of; plain data. */
export interface EmulatorParts {
  memoryMiB: number;
  wasm: ArrayBuffer;
  bios: ArrayBuffer;
  vgaBios: ArrayBuffer;
  /** A saved state (gzip or not), or what to boot from. */
  start: { state: ArrayBuffer } | { kernel: ArrayBuffer; initrd: ArrayBuffer; commandLine: string };
}

/** What comes out of it. */
export interface EmulatorListeners {
  onAgentBytes(bytes: Uint8Array): void;
  /** Frames sent since the last turn. The arrays are the listener's to keep. */
  onFrames?(frames: Uint8Array[]): void;
  /** Text of the serial console. */
  onConsole?(text: string): void;
}

export interface Emulator {
  run(): void;
  /** Resolves when no more guest instruction will run. Guest time stands still until `run`. */
  stop(): Promise<void>;
  sendAgentBytes(bytes: Uint8Array): void;
  sendFrames(frames: Uint8Array[]): void;
  /** What the guest sees by 9p. */
  files: Pick<SharedFiles, 'unpack'>;
  /** Milliseconds on a clock that runs only while the guest does. */
  guestTime(): number;
  destroy(): Promise<void>;
}

/** Builds a computer that does not run yet: in this thread (createEmulator) or in another (remote-emulator.ts). */
export type CreateEmulator = (parts: EmulatorParts, listeners: EmulatorListeners) => Promise<Emulator>;

export interface LocalEmulator extends Emulator {
  save(): Promise<ArrayBuffer>;
}

const agentPort = 2;
const consolePortEvent = 4;

interface Internals {
  fs9p: EmulatedFileSystem;
  v86: {
    cpu: { devices: { virtio_console?: { SendEvent(port: number, event: number, value: number): void } } };
    constructor: { microtick: () => number };
    /** Asks for `yield_callback(tick)` after a delay; a tick that is no longer the last one is ignored. */
    yield(delay: number, tick: number): void;
    yield_callback(tick: number): void;
    unregister_yield(): void;
  };
  bus: { send(event: string, data: unknown): void };
}

/** Unpacks a state here, where it is used: on its way between threads it is a third of its size, and nothing of it stays behind in another thread. */
async function unpacked(state: ArrayBuffer): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(state);
  return isGzip(bytes) ? (await gunzip(bytes)).buffer : state;
}

/** Builds the computer in this thread. While it is busy, nothing else in the thread has a turn more often than every few dozen milliseconds. */
export async function createEmulator(parts: EmulatorParts, listeners: EmulatorListeners): Promise<LocalEmulator> {
  const { V86 } = await import('v86');
  const { wasm } = parts;
  let hostTime: () => number = () => 0;
  let stoodStill = 0;
  let stoppedAt: number | undefined;
  const guestTime = () => (stoppedAt ?? hostTime()) - stoodStill;

  let refuse = (_: unknown) => {};
  const refused = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  // a state is restored below: of an initial one v86 would keep the bytes
  const boot: Partial<V86Options> =
    'state' in parts.start
      ? {}
      : {
          bzimage: { buffer: parts.start.kernel },
          initrd: { buffer: parts.start.initrd },
          cmdline: parts.start.commandLine,
        };
  const options = {
    ...boot,
    memory_size: parts.memoryMiB << 20,
    vga_memory_size: 1 << 20,
    bios: { buffer: parts.bios },
    vga_bios: { buffer: parts.vgaBios },
    filesystem: {},
    net_device: { type: 'virtio' },
    virtio_console: true,
    acpi: true,
    disable_speaker: true,
    disable_keyboard: true,
    disable_mouse: true,
    autostart: false,
    wasm_fn: async (imports: { env: { microtick: () => number } }) => {
      hostTime = imports.env.microtick;
      imports.env.microtick = guestTime;
      const program = WebAssembly.instantiate(wasm, imports as unknown as WebAssembly.Imports);
      const { instance } = await program.catch((error) => {
        refuse(error); // v86 itself would tell nobody
        return new Promise<never>(() => {});
      });
      keepTranslationsSmall(instance.exports);
      return instance.exports;
    },
  };
  const emulator: V86Class = new V86(options as unknown as V86Options);
  const ready = new Promise<void>((resolve) => emulator.add_listener('emulator-ready', () => resolve()));
  await Promise.race([ready, refused]);
  if ('state' in parts.start) {
    await emulator.restore_state(await unpacked(parts.start.state));
    // the state and v86's copy of it are waste now; engines look for waste when much memory was asked for, and what is never touched costs none
    void new ArrayBuffer(128 << 20);
  }
  const internals = emulator as unknown as Internals;
  internals.v86.constructor.microtick = guestTime;
  if (typeof process === 'undefined') {
    // v86 would hand each turn to a worker of its own and take it back, which costs two changes of thread
    internals.v86.unregister_yield();
    internals.v86.yield = createTurns((tick) => internals.v86.yield_callback(tick));
  }
  const console = internals.v86.cpu.devices.virtio_console;
  if (!('state' in parts.start) && console) {
    const sendEvent = console.SendEvent;
    console.SendEvent = function (port, event, value) {
      if (event === consolePortEvent && port >= agentPort) return;
      sendEvent.call(this, port, event, value);
    };
  }
  const listen = emulator.add_listener.bind(emulator) as (event: string, listener: (data: never) => void) => void;
  listen(`virtio-console${agentPort}-output-bytes`, (bytes: Uint8Array) => listeners.onAgentBytes(bytes));
  if (listeners.onFrames) {
    let frames: Uint8Array[] = [];
    const deliver = () => {
      const batch = frames;
      frames = [];
      listeners.onFrames?.(batch);
    };
    listen('net0-send', (frame: Uint8Array) => {
      // the emulator runs for a slice of time before any microtask does: one batch per slice
      if (frames.length === 0) queueMicrotask(deliver);
      frames.push(frame.slice()); // v86 reuses the buffer
    });
  }
  if (listeners.onConsole) {
    const decoder = new TextDecoder();
    listen('serial0-output-byte', (byte: number) =>
      listeners.onConsole?.(decoder.decode(Uint8Array.of(byte), { stream: true })),
    );
  }

  return {
    run() {
      if (stoppedAt !== undefined) {
        stoodStill += hostTime() - stoppedAt;
        stoppedAt = undefined;
      }
      void emulator.run();
    },
    async stop() {
      await emulator.stop();
      stoppedAt ??= hostTime();
    },
    sendAgentBytes: (bytes) => internals.bus.send(`virtio-console${agentPort}-input-bytes`, bytes),
    files: new SharedFiles(internals.fs9p),
    sendFrames: (frames) => {
      for (const frame of frames) internals.bus.send('net0-receive', frame);
    },
    guestTime,
    save: async () => (await emulator.save_state()) as ArrayBuffer,
    destroy: () => emulator.destroy() as unknown as Promise<void>,
  };
}
