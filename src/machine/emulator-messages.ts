// What a computer in another thread and its owner say to each other. Byte arrays are handed over, not copied.

import type { EmulatorParts } from './emulator.ts';

/** To the computer. */
export type EmulatorRequest =
  | { type: 'start'; parts: EmulatorParts; console: boolean }
  | { type: 'run' }
  | { type: 'stop' }
  | { type: 'agent'; bytes: Uint8Array[] }
  | { type: 'frames'; frames: Uint8Array[] }
  | { type: 'unpack'; call: number; name: string; archive: Uint8Array<ArrayBuffer> }
  | { type: 'destroy' };

/** From the computer. */
export type EmulatorReport =
  | { type: 'started' }
  | { type: 'failed'; message: string }
  /** `at`: real milliseconds since the epoch. */
  | { type: 'stopped'; at: number }
  | { type: 'agent'; bytes: Uint8Array[] }
  | { type: 'frames'; frames: Uint8Array[] }
  | { type: 'console'; text: string }
  | { type: 'unpacked'; call: number; path?: string; error?: string }
  | { type: 'destroyed' };

/** A worker seen from outside, its global scope seen from inside, or a MessagePort. */
export interface EmulatorPort<Out, In> {
  postMessage(message: Out, transfer: ArrayBuffer[]): void;
  onmessage: ((event: MessageEvent<In>) => void) | null;
}

/** Arrays that own their whole buffer, so that it may be handed over. */
export function owned(arrays: Uint8Array[]): { arrays: Uint8Array<ArrayBuffer>[]; buffers: ArrayBuffer[] } {
  const own = arrays.map((array) =>
    array.buffer instanceof ArrayBuffer && array.byteLength === array.buffer.byteLength
      ? (array as Uint8Array<ArrayBuffer>)
      : array.slice(),
  );
  return { arrays: own, buffers: own.map(({ buffer }) => buffer) };
}
