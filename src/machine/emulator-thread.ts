// The computer's side when it has a thread of its own: builds the emulator and does what its owner asks.

import { messageOf } from '../env/errors.ts';
import { realNow } from '../env/scaled-clock.ts';
import { createEmulator, type LocalEmulator } from './emulator.ts';
import { type EmulatorPort, type EmulatorReport, type EmulatorRequest, owned } from './emulator-messages.ts';

/** Serves one emulator at a port; the first request must be `start`. */
export function serveEmulator(port: EmulatorPort<EmulatorReport, EmulatorRequest>): void {
  let emulator: LocalEmulator | undefined;
  const report = (message: EmulatorReport, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

  let output: Uint8Array[] = [];
  const onAgentBytes = (bytes: Uint8Array) => {
    // one message for all that one slice of emulation wrote
    if (output.length === 0)
      queueMicrotask(() => {
        const { arrays, buffers } = owned(output);
        output = [];
        report({ type: 'agent', bytes: arrays }, buffers);
      });
    output.push(bytes.slice());
  };

  async function start({ parts, console }: Extract<EmulatorRequest, { type: 'start' }>): Promise<void> {
    try {
      emulator = await createEmulator(parts, {
        onAgentBytes,
        onFrames: (frames) => {
          const { arrays, buffers } = owned(frames);
          report({ type: 'frames', frames: arrays }, buffers);
        },
        ...(console ? { onConsole: (text: string) => report({ type: 'console', text }) } : {}),
      });
      report({ type: 'started' });
    } catch (error) {
      report({ type: 'failed', message: messageOf(error) });
    }
  }

  async function unpack(request: Extract<EmulatorRequest, { type: 'unpack' }>): Promise<void> {
    try {
      const path = await emulator?.files.unpack(request.name, request.archive);
      report({ type: 'unpacked', call: request.call, ...(path === undefined ? {} : { path }) });
    } catch (error) {
      report({ type: 'unpacked', call: request.call, error: messageOf(error) });
    }
  }

  port.onmessage = ({ data: request }) => {
    switch (request.type) {
      case 'start':
        void start(request);
        break;
      case 'run':
        emulator?.run();
        break;
      case 'stop':
        void emulator?.stop().then(() => report({ type: 'stopped', at: realNow() }));
        break;
      case 'agent':
        for (const bytes of request.bytes) emulator?.sendAgentBytes(bytes);
        break;
      case 'frames':
        emulator?.sendFrames(request.frames);
        break;
      case 'unpack':
        void unpack(request);
        break;
      case 'destroy':
        void emulator?.destroy().then(() => report({ type: 'destroyed' }));
        break;
    }
  };
}
