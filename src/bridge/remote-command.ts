// exec and attach over SPDY: one stream each for errors, stdin, stdout, stderr and the terminal's size (pkg/kubelet/cri/streaming/remotecommand).
//
// Invariants: nothing is lost that the command says before the client has opened its streams; the outcome is the last that is written; a client that goes
// away, or has not opened its streams in 30 s, takes the command with it.

import { channels } from '../env/streams.ts';
import { type ClusterStream, drain, errorPayload, sayEnd, type Upgrade } from './cluster-stream.ts';
import { SpdyConnection, type SpdyStream } from './spdy/connection.ts';

const streamsTimeout = 30_000;

/** The versions of the protocol that are spoken, the best first. */
export const commandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/** The streams that a client opens for what its request asks. */
function wantedStreams(target: string, protocol: string): Set<string> {
  const query = new URL(target, 'http://kube-apiserver').searchParams;
  const asked = (name: string) => ['1', 'true'].includes(query.get(name) ?? '');
  const wanted = new Set(['error']);
  for (const name of ['stdin', 'stdout']) if (asked(name)) wanted.add(name);
  // a terminal has one output; its size came with version 3
  if (!asked('tty')) {
    if (asked('stderr')) wanted.add('stderr');
  } else if (/^v[34]\./.test(protocol)) wanted.add('resize');
  return wanted;
}

/** Joins the streams of a SPDY client to a command that has begun; `abort` ends the command. Resolves when it is over. */
export async function serveCommand(
  upgrade: Upgrade,
  protocol: string,
  command: ClusterStream,
  abort: () => void,
): Promise<void> {
  const wanted = wantedStreams(upgrade.target, protocol);
  const streams = new Map<string, SpdyStream>();
  let complete: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const connection = new SpdyConnection(upgrade.socket, (stream) => {
    const type = stream.headers.get('streamtype') ?? '';
    if (!wanted.has(type) || streams.has(type)) return false;
    streams.set(type, stream);
    if (streams.size === wanted.size) complete();
    return true;
  });
  const cancel = upgrade.clock.after(streamsTimeout, () => connection.close());
  connection.gone.addEventListener('abort', () => {
    abort();
    complete();
  });
  void connection.run();
  await opened;
  cancel();
  if (connection.gone.aborted) return;
  receive(streams, command);
  await deliver(streams, command, protocol);
  for (const stream of streams.values()) stream.end();
  connection.close();
}

/** What the client sends: its input, and sizes of its terminal as JSON objects one after another. */
function receive(streams: Map<string, SpdyStream>, command: ClusterStream): void {
  const stdin = streams.get('stdin');
  if (stdin) {
    const sent = drain(stdin.input, (chunk) => command.send(channels.stdin, chunk));
    void sent.then(() => sayEnd(command, channels.stdin));
  }
  const resize = streams.get('resize');
  if (!resize) return;
  let text = '';
  const sizes = async (chunk: Uint8Array) => {
    text += new TextDecoder().decode(chunk);
    for (const [size] of text.matchAll(/\{[^{}]*\}/g)) await command.send(channels.resize, size);
    text = text.slice(text.lastIndexOf('}') + 1).slice(-1000);
  };
  void drain(resize.input, sizes);
}

/** What the command says, to its end. */
async function deliver(streams: Map<string, SpdyStream>, command: ClusterStream, protocol: string): Promise<void> {
  const outputs = new Map([
    [channels.stdout as number, streams.get('stdout')],
    [channels.stderr as number, streams.get('stderr')],
  ]);
  const error = streams.get('error');
  try {
    for await (const { channel, payload } of command.frames) {
      if (channel === channels.error) await error?.write(errorPayload(protocol, payload));
      else await outputs.get(channel)?.write(payload);
    }
  } catch (failed) {
    const message = `Internal error occurred: error executing command in container: ${(failed as Error).message}`;
    const status = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
    await error?.write(errorPayload(protocol, Buffer.from(JSON.stringify(status))));
  }
  command.end();
}
