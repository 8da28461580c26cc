// A raw TCP connection out of a node, through its kubelet's /dial.

import { channelStreamType, channels, decodeFrames, encodeFrame } from '../../env/streams.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core } from '../server/core.ts';
import type { Connection } from './http1.ts';
import { askKubelet, passOn } from './kubelet.ts';

/** Connects from `node` to `host:port`. Throws InternalError, ServiceUnavailable. */
export async function dialFrom(
  core: Core,
  context: RequestContext,
  node: string,
  host: string,
  port: number,
): Promise<Connection> {
  const { readable: up, writable } = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => controller.enqueue(encodeFrame(channels.stdin, chunk)),
  });
  const answer = await askKubelet(core, node, `/dial?host=${encodeURIComponent(host)}&port=${port}`, context, {
    method: 'POST',
    headers: { 'content-type': channelStreamType },
    body: up,
    duplex: 'half',
  } as RequestInit);
  const response = await passOn(answer, `connect to ${host}:${port}`);
  const frames = decodeFrames(response.body as ReadableStream<Uint8Array>);
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const { done, value } = await frames.next();
        if (done) return controller.close();
        if (value.channel === channels.error) {
          const status = JSON.parse(new TextDecoder().decode(value.payload) || '{}') as {
            status?: string;
            message?: string;
          };
          if (status.status === 'Failure')
            return controller.error(new TypeError(status.message ?? 'connection failed'));
          continue;
        }
        if (value.channel === channels.stdout && value.payload.length > 0) return controller.enqueue(value.payload);
      }
    },
    async cancel() {
      await frames.return(undefined);
    },
  });
  return { readable, writable };
}
