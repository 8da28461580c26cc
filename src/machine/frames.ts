// The frames that page and guest agent exchange over a virtio-console port; images/node/agent/agent.h is the other half and says what they mean.
//
// A frame is  u32 length of the rest | u32 stream | u8 type | payload  (little endian). A list is a run of (u32 length | bytes) items.

export const frameTypes = {
  open: 1,
  data: 2,
  dataErr: 3,
  end: 4,
  credit: 5,
  control: 6,
  close: 7,
  started: 8,
  result: 9,
  ack: 10,
} as const;

export interface AgentFrame {
  stream: number;
  type: number;
  payload: Uint8Array;
}

/** Bytes a side may send on a stream before the other grants more. */
export const streamWindow = 256 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One frame as bytes. */
export function encodeAgentFrame(stream: number, type: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const out = new Uint8Array(9 + payload.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, payload.length + 5, true);
  view.setUint32(4, stream, true);
  out[8] = type;
  out.set(payload, 9);
  return out;
}

/** Items as a list payload. */
export function encodeList(items: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = items.map((item) => (typeof item === 'string' ? encoder.encode(item) : item));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

/** The items of a list payload, as text. Throws RangeError if it is cut short. */
export function decodeList(payload: Uint8Array): string[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const items: string[] = [];
  for (let at = 0; at < payload.length; ) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > payload.length) throw new RangeError('list is cut short');
    items.push(decoder.decode(payload.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return items;
}

export function encodeUint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

export function decodeUint32(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(0, true);
}

/** Cuts a run of bytes, however it is chunked, into frames. */
export class FrameReader {
  private buffer = new Uint8Array(0);
  private readonly onFrame: (frame: AgentFrame) => void;

  constructor(onFrame: (frame: AgentFrame) => void) {
    this.onFrame = onFrame;
  }

  /** Takes bytes as they came; payloads handed on are copies. */
  push(bytes: Uint8Array): void {
    if (this.buffer.length === 0) this.buffer = bytes.slice();
    else {
      const joined = new Uint8Array(this.buffer.length + bytes.length);
      joined.set(this.buffer);
      joined.set(bytes, this.buffer.length);
      this.buffer = joined;
    }
    let at = 0;
    const view = new DataView(this.buffer.buffer);
    while (this.buffer.length - at >= 9) {
      const size = view.getUint32(at, true);
      if (this.buffer.length - at < size + 4) break;
      this.onFrame({
        stream: view.getUint32(at + 4, true),
        type: this.buffer[at + 8] as number,
        payload: this.buffer.slice(at + 9, at + 4 + size),
      });
      at += size + 4;
    }
    if (at > 0) this.buffer = this.buffer.slice(at);
  }
}
