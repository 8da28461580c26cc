// Processes and connections over channel frames (env/streams.ts): frames of the request body go in, frames of the answer come out.
//
// Invariants: channel 3 carries exactly one metav1.Status, last; when the client goes away the process is killed and the connection closed.

import type { Duplex, Process } from '../../cri/runtime.ts';
import { messageOf } from '../../env/errors.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame } from '../../env/streams.ts';

export interface StreamOptions {
  stdin: boolean;
  tty: boolean;
  command: string[];
}

export function streamProcess(process: Process, request: Request, options: StreamOptions): Response {
  const { body, send, close } = frameBody(() => process.kill());
  request.signal.addEventListener('abort', () => process.kill(), { once: true });
  const outputs = [pump(process.stdout, channels.stdout, send)];
  if (!options.tty) outputs.push(pump(process.stderr, channels.stderr, send));
  if (request.body) void feed(request.body, process, options).catch(() => {});
  void (async () => {
    const code = await process.exited.catch(() => 137);
    await Promise.all(outputs);
    send(encodeFrame(channels.error, JSON.stringify(exitStatus(code, options.command))));
    close();
  })();
  return frameResponse(body);
}

async function feed(body: ReadableStream<Uint8Array>, process: Process, options: StreamOptions): Promise<void> {
  const writer = process.stdin.getWriter();
  const closed = { done: false };
  const closeStdin = async () => {
    if (closed.done) return;
    closed.done = true;
    await writer.close().catch(() => {});
  };
  if (!options.stdin) await closeStdin();
  for await (const { channel, payload } of decodeFrames(body)) {
    if (channel === channels.stdin && options.stdin && !closed.done)
      await writer.write(payload).catch(() => closeStdin());
    else if (channel === channels.resize) resize(process, payload);
    else if (channel === channels.close && payload[0] === channels.stdin) await closeStdin();
  }
  await closeStdin();
}

function resize(process: Process, payload: Uint8Array): void {
  try {
    const { Width, Height } = JSON.parse(new TextDecoder().decode(payload)) as { Width?: number; Height?: number };
    if (Width && Height) process.resize(Width, Height);
  } catch {
    // a size that cannot be read changes nothing
  }
}

/** The Status that ends an exec. Upstream: remotecommand's writeStatus. */
export function exitStatus(code: number, command: string[]): object {
  if (code === 0) return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** Joins a byte connection to the request: channel 0 in, 1 out, 3 the error that ended it. */
export async function streamDuplex(connect: () => Promise<Duplex>, request: Request): Promise<Response> {
  const ending = new AbortController();
  const { body, send, close } = frameBody(() => ending.abort());
  request.signal.addEventListener('abort', () => ending.abort(), { once: true });
  let duplex: Duplex;
  try {
    duplex = await connect();
  } catch (error) {
    const message = messageOf(error);
    send(
      encodeFrame(
        channels.error,
        JSON.stringify({
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          reason: 'InternalError',
          code: 500,
          message,
        }),
      ),
    );
    close();
    return frameResponse(body);
  }
  const reading = pump(duplex.readable, channels.stdout, send, ending.signal);
  const writer = duplex.writable.getWriter();
  ending.signal.addEventListener('abort', () => void writer.abort().catch(() => {}), { once: true });
  const inbound = request.body;
  void (async () => {
    if (!inbound) return;
    for await (const { channel, payload } of decodeFrames(inbound)) {
      if (channel === channels.stdin) await writer.write(payload);
      else if (channel === channels.close && payload[0] === channels.stdin) break;
    }
    await writer.close();
  })().catch(() => {});
  void reading.then(() => {
    send(encodeFrame(channels.close, new Uint8Array([channels.stdout])));
    close();
  });
  return frameResponse(body);
}

function frameBody(onCancel: () => void) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let open = true;
  const body = new ReadableStream<Uint8Array>({
    start(c) {
      controller = c;
    },
    cancel() {
      open = false;
      onCancel();
    },
  });
  return {
    body,
    send(frame: Uint8Array) {
      if (open) controller?.enqueue(frame);
    },
    close() {
      if (open) controller?.close();
      open = false;
    },
  };
}

function frameResponse(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: { 'Content-Type': channelStreamType } });
}

async function pump(
  stream: ReadableStream<Uint8Array>,
  channel: number,
  send: (frame: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const reader = stream.getReader();
  signal?.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      send(encodeFrame(channel, value));
    }
  } catch {
    // the other end broke: what came is sent
  }
}
