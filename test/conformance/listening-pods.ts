// Pods of a hollow node, as if a server listened on one of their ports: a second door to a headless cluster, behind which port 80 of every pod answers in capitals.

import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Headless } from '../../src/bridge/headless.ts';
import { openHttpsGateway } from '../../src/bridge/https-gateway.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame, type Frame } from '../../src/env/streams.ts';

/** Opens the door. The kubeconfig named `listening` in `home` leads through it. */
export async function openListeningPods(cluster: Headless, home: string): Promise<{ close(): Promise<void> }> {
  const clock = new ScaledClock();
  const { certificate, key } = await cluster.authority.issueServer(['localhost'], ['127.0.0.1']);
  const gateway = await openHttpsGateway({
    host: '127.0.0.1',
    port: 0,
    certificate,
    key,
    clientCa: cluster.caBundle,
    frontKey: 'nobody knows it',
    clock,
    handler: async (request) =>
      /\/portforward\?ports=80$/.test(request.url) && request.body ? shout(request.body) : cluster.handle(request),
  });
  const config = cluster.kubeconfig.replaceAll(cluster.url, `https://127.0.0.1:${gateway.port}`);
  writeFileSync(join(home, 'listening'), config, { mode: 0o600 });
  return {
    async close() {
      await gateway.close();
      clock.close();
    },
  };
}

function shout(body: ReadableStream<Uint8Array>): Response {
  const frames: AsyncGenerator<Frame> = decodeFrames(body);
  const answer = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await frames.next();
      if (!done && value.channel === channels.stdin) {
        const text = Buffer.from(value.payload).toString('latin1').toUpperCase();
        controller.enqueue(encodeFrame(channels.stdout, Buffer.from(text, 'latin1')));
      } else if (done || value.channel === channels.close) controller.close();
      else controller.enqueue(encodeFrame(channels.stdout, new Uint8Array()));
    },
  });
  return new Response(answer, { headers: { 'content-type': channelStreamType } });
}

/** Sends text to a local port and hangs up; resolves with what came back. */
export function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk as Buffer));
    socket.on('end', () => resolve(Buffer.concat(answer).toString('latin1')));
    socket.on('error', reject);
    socket.end(text);
  });
}
