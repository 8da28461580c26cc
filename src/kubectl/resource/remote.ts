// A running command of a container: our channel streams (src/env/streams.ts) joined to the terminal.

import { channelStreamType, channels, decodeFrames, encodeFrame } from '../../env/streams.ts';
import { CliError, type Status, StatusError } from '../cli/errors.ts';
import type { Kube } from '../kube.ts';
import { withQuery } from '../rest/client.ts';

/** What attaching says first, as upstream words it. */
export const attachNotice = `All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
If you don't see a command prompt, try pressing enter.
`;

export interface RemoteOptions {
  path: string;
  query: Record<string, string | boolean | string[] | undefined>;
  stdin: ReadableStream<Uint8Array> | undefined;
  tty: boolean;
  stdout?: (data: Uint8Array) => void;
  stderr?: (data: Uint8Array) => void;
}

/** Runs until the other side ends; resolves with the exit code of the command. */
export async function runRemote(kube: Kube, options: RemoteOptions): Promise<number> {
  const { io } = kube;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
    undefined,
    { highWaterMark: 64 },
    { highWaterMark: 64 },
  );
  const writer = writable.getWriter();
  const send = (channel: number, payload: Uint8Array | string) =>
    writer.write(encodeFrame(channel, payload)).catch(() => {});
  const stopped = new AbortController();
  const tty = options.tty ? io.tty : undefined;
  // a raw terminal sends Ctrl-C to the command; otherwise it ends the request
  const signal = tty ? stopped.signal : io.signal ? AbortSignal.any([io.signal, stopped.signal]) : stopped.signal;
  const cleanup: (() => void)[] = [];
  if (tty) {
    tty.setRaw?.(true);
    cleanup.push(() => tty.setRaw?.(false));
    const size = (columns: number, rows: number) =>
      void send(channels.resize, JSON.stringify({ Width: columns, Height: rows }));
    size(tty.columns, tty.rows);
    cleanup.push(tty.onResize(size));
  }
  const reader = options.stdin?.getReader();
  const pump = async () => {
    if (!reader) return;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      await send(channels.stdin, value);
    }
    await send(channels.close, new Uint8Array([channels.stdin]));
  };
  if (reader) cleanup.push(() => reader.releaseLock());
  void pump().catch(() => {});
  try {
    const path = withQuery(options.path, options.query);
    const response = await kube.client.request(path, {
      method: 'POST',
      rawBody: readable,
      contentType: channelStreamType,
      accept: channelStreamType,
      signal,
    });
    if (!response.body) throw new CliError('unable to upgrade connection: empty server response');
    for await (const { channel, payload } of decodeFrames(response.body as ReadableStream<Uint8Array>)) {
      if (channel === channels.stdout) (options.stdout ?? kube.out.bind(kube))(payload);
      else if (channel === channels.stderr) (options.stderr ?? io.stderr.bind(io))(payload);
      else if (channel === channels.error) return exitCodeOf(JSON.parse(new TextDecoder().decode(payload)) as Status);
    }
    return 0;
  } finally {
    for (const each of cleanup) each();
    stopped.abort();
    await writer.close().catch(() => {});
  }
}

function exitCodeOf(status: Status): number {
  if (status.status === 'Success') return 0;
  if (status.reason === 'NonZeroExitCode') {
    const code = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
    return Number(code ?? 1);
  }
  if (status.reason) throw new StatusError(status);
  throw new CliError(status.message ?? 'the stream ended with an error');
}
