// One worker node's computer: restored from the node image's snapshot, talked to through its agent, with a network card that sends and takes Ethernet frames.
//
// Invariants: while paused no guest instruction runs and guest time stands still, except while an agent call is under way, so that step mode can do one
// thing at a time; after `stop` every agent stream has ended with an error.

import type { Clock } from '../env/clock.ts';
import { Agent } from './agent.ts';
import { type CreateEmulator, createEmulator, type Emulator } from './emulator.ts';
import type { NodeImage, NodeImageManifest } from './image.ts';

export interface MachineOptions {
  image: NodeImage;
  /** Where the computer is: in this thread unless said otherwise. */
  createEmulator?: CreateEmulator;
  /** Frames the guest sent since the last turn. The arrays are the receiver's to keep. */
  onFrames?(frames: Uint8Array[]): void;
  /** Text of the guest's serial console. */
  onConsole?(text: string): void;
  /** The plug was pulled. */
  onStop?(): void;
}

export class Machine {
  readonly agent: Agent;
  readonly files: Emulator['files'];
  readonly manifest: NodeImageManifest;
  /** The guest's own time: it stands still while the machine does. */
  readonly clock: Clock;
  private readonly emulator: Emulator;
  private readonly onStop: () => void;
  private paused = false;
  private calls = 0;
  private running = false;
  private stopped = false;
  private settling: Promise<void> = Promise.resolve();

  private constructor(
    emulator: Emulator,
    manifest: NodeImageManifest,
    onStop: () => void,
    connect: (agent: Agent) => void,
  ) {
    this.onStop = onStop;
    this.emulator = emulator;
    this.agent = new Agent({
      send: (bytes) => emulator.sendAgentBytes(bytes),
      busy: (change) => {
        this.calls += change;
        this.settle();
      },
    });
    this.files = emulator.files;
    this.manifest = manifest;
    this.clock = {
      now: () => emulator.guestTime(),
      after: (milliseconds, callback) => {
        const timer = this.agent.open(['wait', String(Math.max(0, Math.ceil(milliseconds)))], true);
        let cancelled = false;
        timer.result.then(
          () => {
            if (!cancelled) callback();
          },
          () => {}, // the machine is gone, and its time with it
        );
        return () => {
          cancelled = true;
          timer.close();
        };
      },
    };
    connect(this.agent);
  }

  /** Restores a machine and lets it run. */
  static async boot(options: MachineOptions): Promise<Machine> {
    let agent: Agent | undefined;
    const { image, onFrames, onConsole } = options;
    const emulator = await (options.createEmulator ?? createEmulator)(
      {
        memoryMiB: image.manifest.memoryMiB,
        wasm: image.wasm,
        bios: image.bios,
        vgaBios: image.vgaBios,
        start: { state: image.state },
      },
      {
        onAgentBytes: (bytes) => agent?.receive(bytes),
        ...(onFrames ? { onFrames } : {}),
        ...(onConsole ? { onConsole } : {}),
      },
    );
    const machine = new Machine(emulator, image.manifest, options.onStop ?? (() => {}), (made) => {
      agent = made;
    });
    machine.settle();
    return machine;
  }

  /** Frames from the network. Lost while the machine is stopped for good, kept by the card while it is paused. */
  receiveFrames(frames: Uint8Array[]): void {
    if (this.stopped) return;
    this.emulator.sendFrames(frames);
  }

  /** Resolves when the guest stands still (calls under way are waited for). */
  async pause(): Promise<void> {
    this.paused = true;
    this.settle();
    await this.settling;
  }

  resume(): void {
    this.paused = false;
    this.settle();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Pulls the plug. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.agent.abandon(new Error('the machine was stopped'));
    this.onStop();
    await this.settling;
    await this.emulator.destroy();
  }

  private settle(): void {
    if (this.stopped) return;
    const should = !this.paused || this.calls > 0;
    if (should === this.running) return;
    this.running = should;
    this.settling = this.settling.then(async () => {
      if (this.running !== should || this.stopped) return;
      if (should) this.emulator.run();
      else await this.emulator.stop();
    });
  }
}
