// A terminal session over a channel stream (env/streams.ts): what the page's node shell speaks with the node's console.

import { channelStreamType, channels, decodeFrames, encodeFrame } from '../env/streams.ts';
import type { TerminalSession } from './cluster.ts';

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Opens a session at `url`. Rejects with the server's words if it answers anything but a channel stream. */
export async function openChannelSession(fetch: Fetch, url: string): Promise<TerminalSession> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const frames = writable.getWriter();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': channelStreamType },
    body: readable,
    duplex: 'half',
  } as RequestInit);
  if (!response.ok || !response.body) throw new Error(await response.text());

  let output!: ReadableStreamDefaultController<Uint8Array>;
  let exit!: (code: number) => void;
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  const stdout = new ReadableStream<Uint8Array>({
    start: (controller) => {
      output = controller;
    },
  });
  const body = response.body;
  const receive = async () => {
    let code = 0;
    try {
      for await (const { channel, payload } of decodeFrames(body)) {
        if (channel === channels.stdout || channel === channels.stderr) output.enqueue(payload);
        else if (channel === channels.error) code = exitCodeOf(payload);
      }
      output.close();
    } catch {
      code = 255;
      output.close();
    }
    exit(code);
  };
  void receive();
  const send = (channel: number, payload: Uint8Array | string) =>
    frames.write(encodeFrame(channel, payload)).catch(() => {});
  return {
    stdin: new WritableStream({ write: (chunk) => send(channels.stdin, chunk) }),
    stdout,
    resize: (columns, rows) => void send(channels.resize, JSON.stringify({ Width: columns, Height: rows })),
    close: () => {
      frames.close().catch(() => {});
      body.cancel().catch(() => {});
    },
    exited,
  };
}

/** The exit code in a remote command's final Status: 0 for Success, the ExitCode cause, or 1. */
function exitCodeOf(payload: Uint8Array): number {
  const status = JSON.parse(new TextDecoder().decode(payload)) as {
    status?: string;
    details?: { causes?: { reason?: string; message?: string }[] };
  };
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  return Number(cause?.message ?? 1);
}
