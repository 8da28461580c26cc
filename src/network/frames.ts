// Ethernet frames as the switch sees them, and how a batch of them crosses a message channel: one array of (u32 length, little endian | frame) items.

/** "02:42:ac:12:00:02". */
export function macText(frame: Uint8Array, offset: number): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += (i ? ':' : '') + (frame[offset + i] ?? 0).toString(16).padStart(2, '0');
  return text;
}

export const destinationOf = (frame: Uint8Array) => macText(frame, 0);
export const sourceOf = (frame: Uint8Array) => macText(frame, 6);

/** Broadcast or multicast: goes to everybody. */
export const isGroupAddressed = (frame: Uint8Array) => ((frame[0] ?? 0) & 1) === 1;

export function packFrames(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(frames.reduce((sum, frame) => sum + 4 + frame.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const frame of frames) {
    view.setUint32(at, frame.length, true);
    out.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return out;
}

/** Frames of a batch; stops at the first item that is cut short. */
export function unpackFrames(batch: Uint8Array): Uint8Array[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 4 <= batch.length; ) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > batch.length) break;
    frames.push(batch.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}
