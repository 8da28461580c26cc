// A node's console: a shell on the machine itself, served at <node>:22 to the page only (no cluster component knows it).

import type { NodeOs } from '../../cri/node-os.ts';
import type { Env } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import type { Closable } from '../../env/network.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame } from '../../env/streams.ts';

/** Serves POST /shell?columns=&rows= as a channel stream with a tty. */
export function serveNodeConsole(env: Env, os: NodeOs): Closable {
  return env.network.serve(`${env.name}:22`, async (request) => {
    const url = new URL(request.url);
    if (request.method !== 'POST' || url.pathname !== '/shell' || !request.body)
      return new Response('POST /shell only', { status: 404 });
    let shell: Awaited<ReturnType<NodeOs['shell']>>;
    try {
      shell = await os.shell({ command: ['/bin/sh', '-l'], tty: true, stdin: true });
    } catch (error) {
      return new Response(messageOf(error), { status: 501 });
    }
    shell.resize(Number(url.searchParams.get('columns') ?? 80), Number(url.searchParams.get('rows') ?? 24));
    const stdin = shell.stdin.getWriter();
    const receive = async (body: ReadableStream<Uint8Array>) => {
      try {
        for await (const { channel, payload } of decodeFrames(body)) {
          if (channel === channels.stdin) await stdin.write(payload);
          else if (channel === channels.resize) {
            const { Width, Height } = JSON.parse(new TextDecoder().decode(payload)) as {
              Width: number;
              Height: number;
            };
            shell.resize(Width, Height);
          }
        }
      } catch {
        // the page went away: so does the shell
      }
      shell.kill();
    };
    void receive(request.body);
    request.signal.addEventListener('abort', () => shell.kill(), { once: true });

    const reader = shell.stdout.getReader();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(encodeFrame(channels.stdout, value));
          return;
        }
        controller.enqueue(encodeFrame(channels.error, JSON.stringify(exitStatus(await shell.exited))));
        controller.close();
      },
      cancel: () => shell.kill(),
    });
    return new Response(body, { headers: { 'content-type': channelStreamType } });
  });
}

function exitStatus(code: number) {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
