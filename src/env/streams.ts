// How exec, attach and port-forward cross our fetch-shaped wire.
//
// A client POSTs with a streaming body, the server answers with a streaming body; both carry frames
//     uint32 (big endian) length of payload | uint8 channel | payload
// with the channel numbers of Kubernetes' remote command protocol v5: 0 stdin, 1 stdout, 2 stderr, 3 error (a metav1.Status in JSON, sent once, last),
// 4 resize ({"Width":80,"Height":24}), 255 close (payload: the channel that is closed). Port-forward, one port a request, uses 0 in, 1 out, 3 error.
// The Content-Type of both bodies is `channelStreamType`. Under Node a gateway turns WebSocket v5.channel.k8s.io messages into frames and back.

export const channelStreamType = 'application/vnd.drydock.channel-stream';

export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export interface Frame {
  channel: number;
  payload: Uint8Array;
}

export function encodeFrame(channel: number, payload: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  const out = new Uint8Array(5 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out[4] = channel;
  out.set(bytes, 5);
  return out;
}

/** Cuts a byte stream into frames, however it was chunked. Throws on a truncated last frame. */
export async function* decodeFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const reader = body.getReader();
  let buffer = new Uint8Array(0);
  try {
    for (;;) {
      while (buffer.length >= 5) {
        const length = new DataView(buffer.buffer, buffer.byteOffset).getUint32(0);
        if (buffer.length < 5 + length) break;
        yield { channel: buffer[4] as number, payload: buffer.slice(5, 5 + length) };
        buffer = buffer.subarray(5 + length);
      }
      const { done, value } = await reader.read();
      if (done) break;
      const joined = new Uint8Array(buffer.length + value.length);
      joined.set(buffer);
      joined.set(value, buffer.length);
      buffer = joined;
    }
    if (buffer.length > 0) throw new TypeError('channel stream ended inside a frame');
  } finally {
    await reader.cancel().catch(() => {});
  }
}
