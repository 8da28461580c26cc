// What kubectl's upgrades become in the cluster: SPDY exec, attach and port-forward against a handler that speaks channel streams.

import { type Duplex, duplexPair } from 'node:stream';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Simulation } from '../env/simulated/simulation.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame, type Frame } from '../env/streams.ts';
import { failure } from './cluster-stream.ts';
import { servePortForward } from './port-forward.ts';
import { controlFrame, fin, types } from './spdy/frames.ts';
import { serveSpdy } from './spdy-gateway.ts';
import { SpdyClient } from './testing/spdy-client.ts';

const simulation = new Simulation({ seed: 1 });
const { clock } = simulation.env('kube-apiserver-1');

/** Requests as they reach the handler, with what came up their streams. */
let asked: { url: URL; request: Request; frames: Frame[]; over: boolean }[] = [];
let answer: (request: Request, frames: AsyncGenerator<Frame>) => Response | Promise<Response>;

beforeEach(() => {
  asked = [];
});

async function handler(request: Request): Promise<Response> {
  const entry = { url: new URL(request.url), request, frames: [] as Frame[], over: false };
  asked.push(entry);
  request.signal.addEventListener('abort', () => {
    entry.over = true;
  });
  return answer(
    request,
    request.body ? noted(decodeFrames(request.body), entry.frames) : decodeFrames(new Blob([]).stream()),
  );
}

async function* noted(frames: AsyncGenerator<Frame>, notes: Frame[]): AsyncGenerator<Frame> {
  for await (const frame of frames) {
    notes.push(frame);
    yield frame;
  }
}

const texts = (frames: Frame[]) =>
  frames.map(({ channel, payload }) => [channel, Buffer.from(payload).toString('latin1')]);
const stream = (...frames: [number, string][]) =>
  new Response(new Blob(frames.map(([channel, text]) => encodeFrame(channel, text))).stream(), {
    headers: { 'content-type': channelStreamType },
  });
const streamOf = (frames: AsyncGenerator<Uint8Array<ArrayBuffer>>) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await frames.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
const success = JSON.stringify({ metadata: {}, status: 'Success' });
const exit7 = JSON.stringify({
  metadata: {},
  status: 'Failure',
  reason: 'NonZeroExitCode',
  message: 'command terminated with non-zero exit code: exit 7',
  details: { causes: [{ reason: 'ExitCode', message: '7' }] },
});

/** Sends the upgrade; resolves with the client's end and the head of the answer. */
async function upgrade(
  target: string,
  protocols?: string,
): Promise<{ head: string; socket: Duplex; served: Promise<void> }> {
  const [near, far] = duplexPair();
  const headers = new Headers({ connection: 'Upgrade', upgrade: 'SPDY/3.1', authorization: 'Bearer me' });
  if (protocols !== undefined) headers.set('x-stream-protocol-version', protocols);
  const served = serveSpdy({ target, headers, socket: far, head: Buffer.of(), handler, clock });
  let head = '';
  while (!head.includes('\r\n\r\n')) {
    const chunk = (near.read() as Buffer | null)?.toString('latin1');
    if (chunk === undefined) await new Promise((resolve) => near.once('readable', resolve));
    else head += chunk;
  }
  return { head, socket: near, served };
}

const pod = '/api/v1/namespaces/default/pods/web';

describe('exec', () => {
  const run = async (query: string, protocol: string, wanted: string[]) => {
    const { head, socket, served } = await upgrade(`${pod}/exec?${query}`, protocol);
    expect(head).toContain('101 Switching Protocols');
    expect(head).toContain(`X-Stream-Protocol-Version: ${protocol}`);
    const client = new SpdyClient(socket);
    const ids: Record<string, number> = {};
    for (const type of wanted) ids[type] = await client.open({ streamtype: type });
    const of = (type: string) => client.stream(ids[type] as number);
    return { client, ids, of, served };
  };

  test('version 4: output, errors and the outcome in JSON, each on its stream', async () => {
    answer = () => stream([1, 'out'], [2, 'err'], [1, 'more'], [3, exit7]);
    const { client, of, served } = await run('command=ls&stdout=true&stderr=true', 'v4.channel.k8s.io', [
      'error',
      'stdout',
      'stderr',
    ]);
    await served;
    await vi.waitFor(() => expect(client.closed).toBe(true));
    expect(of('stdout')).toMatchObject({ text: 'outmore', ended: true });
    expect(of('stderr')).toMatchObject({ text: 'err', ended: true });
    expect(of('error')).toMatchObject({ text: exit7, ended: true });
    expect(client.goAway).toMatchObject({ status: 0 });
    const { url, request } = asked[0] as (typeof asked)[0];
    expect(url.pathname + url.search).toBe(`${pod}/exec?command=ls&stdout=true&stderr=true`);
    expect(request.method).toBe('POST');
    expect(Object.fromEntries(request.headers)).toMatchObject({
      authorization: 'Bearer me',
      'content-type': channelStreamType,
    });
    expect(request.headers.has('upgrade')).toBe(false);
  });

  test('before version 4 the outcome is text, and silence if it is good', async () => {
    for (const [status, text] of [
      [exit7, 'command terminated with non-zero exit code: exit 7'],
      [success, ''],
    ] as const) {
      answer = () => stream([3, status]);
      const { client, of, served } = await run('command=ls&stdout=1', 'v2.channel.k8s.io', ['error', 'stdout']);
      await served;
      await vi.waitFor(() => expect(client.closed).toBe(true));
      expect(of('error')).toMatchObject({ text, ended: true });
    }
  });

  test('input and the size of the terminal go in; a terminal has no stderr', async () => {
    answer = async (_request, frames) => {
      const echo = async function* () {
        for await (const { channel, payload } of frames) {
          if (channel === channels.stdin) yield encodeFrame(channels.stdout, payload);
          if (channel === channels.close && payload[0] === channels.stdin) break;
        }
        yield encodeFrame(channels.error, success);
      };
      return new Response(streamOf(echo()), { status: 200 });
    };
    const { client, ids, of, served } = await run(
      'command=sh&stdin=true&stdout=true&stderr=true&tty=true',
      'v4.channel.k8s.io',
      ['error', 'stdin', 'stdout', 'resize'],
    );
    client.send(ids['resize'] as number, '{"Width":80,"Hei');
    client.send(ids['resize'] as number, 'ght":24}\n{"Width":81,"Height":24}\n');
    client.send(ids['stdin'] as number, 'echo\n');
    await vi.waitFor(() => expect(of('stdout').text).toBe('echo\n'));
    await vi.waitFor(() =>
      expect(asked[0]?.frames.filter(({ channel }) => channel === channels.resize)).toHaveLength(2),
    );
    client.send(ids['stdin'] as number, '', fin);
    await served;
    const said = texts(asked[0]?.frames ?? []);
    expect(said.filter(([channel]) => channel === channels.resize)).toEqual([
      [4, '{"Width":80,"Height":24}'],
      [4, '{"Width":81,"Height":24}'],
    ]);
    expect(said.filter(([channel]) => channel !== channels.resize)).toEqual([
      [0, 'echo\n'],
      [255, '\0'],
    ]);
  });

  test('a stream that breaks off is told as an error', async () => {
    answer = () => new Response(new Blob([encodeFrame(1, 'out'), Uint8Array.of(0, 0)]).stream());
    const { client, of, served } = await run('command=ls&stdout=1', 'v4.channel.k8s.io', ['error', 'stdout']);
    await served;
    await vi.waitFor(() => expect(client.closed).toBe(true));
    expect(of('stdout').text).toBe('out');
    expect(JSON.parse(of('error').text)).toMatchObject({
      reason: 'InternalError',
      message: expect.stringContaining('error executing command in container'),
    });
  });

  test('the command ends with its client, and when the streams do not come', async () => {
    answer = () => new Response(new ReadableStream());
    const gone = await run('command=sh&stdin=1', 'v4.channel.k8s.io', ['error', 'stdin']);
    await vi.waitFor(() => expect(gone.of('stdin').replied).toBe(true));
    gone.client.socket.end();
    await vi.waitFor(() => expect(asked[0]?.over).toBe(true));

    const late = await run('command=sh&stdin=1', 'v4.channel.k8s.io', ['error']);
    await vi.waitFor(() => expect(late.of('error').replied).toBe(true));
    await simulation.run(31_000);
    await late.served;
    expect(asked[1]?.over).toBe(true);
    await vi.waitFor(() => expect(late.client.closed).toBe(true));
  });
});

describe('refusals come before the upgrade', () => {
  test('of the API server, as a Status', async () => {
    answer = () => failure(404, 'NotFound', 'pods "web" not found');
    for (const [kind, protocol] of [
      ['exec', 'v4.channel.k8s.io'],
      ['portforward', 'portforward.k8s.io'],
    ] as const) {
      const { head, socket } = await upgrade(`${pod}/${kind}?command=ls`, protocol);
      expect(head).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
      expect(head).toMatch(/content-type: application\/json/i);
      const body = head.split('\r\n\r\n')[1] || String(await new Promise((resolve) => socket.once('data', resolve)));
      expect(JSON.parse(body)).toMatchObject({ reason: 'NotFound', message: 'pods "web" not found' });
    }
  });

  test('of versions that nobody speaks', async () => {
    answer = () => stream();
    expect((await upgrade(`${pod}/exec?command=ls`)).head).toMatch(/^HTTP\/1.1 400 /);
    const { head } = await upgrade(`${pod}/exec?command=ls`, 'v9.channel.k8s.io');
    expect(head).toMatch(/^HTTP\/1.1 403 Forbidden/);
    expect(head).toContain('x-accepted-stream-protocol-versions: v4.channel.k8s.io, v3.channel.k8s.io');
    expect(asked).toEqual([]);
    const { head: second } = await upgrade(`${pod}/exec?command=ls`, 'v5.channel.k8s.io, v4.channel.k8s.io');
    expect(second).toContain('X-Stream-Protocol-Version: v4.channel.k8s.io');
  });
});

describe('port-forward', () => {
  const forward = async () => {
    const { head, socket } = await upgrade(`${pod}/portforward`, 'portforward.k8s.io');
    expect(head).toContain('X-Stream-Protocol-Version: portforward.k8s.io');
    return new SpdyClient(socket);
  };
  const pair = async (client: SpdyClient, port: string, requestid?: string) => {
    const more: Record<string, string> = requestid === undefined ? {} : { requestid };
    const error = await client.open({ streamtype: 'error', port, ...more });
    client.send(error, '', fin);
    const data = await client.open({ streamtype: 'data', port, ...more });
    return { error, data };
  };
  /** A pod that shouts back at port 80 and refuses at others. */
  const shouting = async (request: Request, frames: AsyncGenerator<Frame>) => {
    const port = new URL(request.url).searchParams.get('ports');
    if (port === null) return new Response(null, { status: 204 });
    if (port === '81') return failure(400, 'BadRequest', 'no such port');
    if (port !== '80') return stream([3, JSON.stringify({ status: 'Failure', message: 'dial: connection refused' })]);
    const shout = async function* () {
      for await (const { channel, payload } of frames) {
        if (channel === channels.close) break;
        yield encodeFrame(channels.stdout, Buffer.from(payload).toString().toUpperCase());
      }
      yield encodeFrame(channels.close, Uint8Array.of(channels.stdout));
    };
    return new Response(streamOf(shout()));
  };

  test('connections go on side by side; those that fail say so on their error stream', async () => {
    answer = shouting;
    const client = await forward();
    const one = await pair(client, '80', '0');
    const two = await pair(client, '80', '1');
    client.send(two.data, 'second', fin);
    await vi.waitFor(() => expect(client.stream(two.data)).toMatchObject({ text: 'SECOND', ended: true }));
    const refused = await pair(client, '9999', '2');
    await vi.waitFor(() => expect(client.stream(refused.error)).toMatchObject({ ended: true }));
    expect(client.stream(refused.error).text).toBe(
      'error forwarding port 9999 to pod web, uid : dial: connection refused',
    );
    expect(client.stream(refused.data)).toMatchObject({ text: '', ended: true });
    const worse = await pair(client, '81', '3');
    await vi.waitFor(() => expect(client.stream(worse.error).text).toContain('no such port'));
    client.send(one.data, 'first', fin);
    await vi.waitFor(() => expect(client.stream(one.data)).toMatchObject({ text: 'FIRST', ended: true }));
    expect(client.stream(one.error)).toMatchObject({ text: '', ended: true });
    expect(asked.map(({ url }) => url.search)).toEqual(['', '?ports=80', '?ports=80', '?ports=9999', '?ports=81']);
  });

  test('streams without request ID belong together by their numbers', async () => {
    answer = shouting;
    const client = await forward();
    const { data } = await pair(client, '80');
    client.send(data, 'old', fin);
    await vi.waitFor(() => expect(client.stream(data)).toMatchObject({ text: 'OLD', ended: true }));
  });

  test('streams of no known type, without a port, or twice, are refused', async () => {
    answer = shouting;
    const client = await forward();
    const headers = { streamtype: 'data', port: '80', requestid: '1' };
    await client.open(headers);
    const bad = [
      await client.open({ ...headers, streamtype: 'odd' }),
      await client.open({ ...headers, port: '0' }),
      await client.open({ ...headers, port: '70000' }),
      await client.open({ streamtype: 'data' }),
      await client.open(headers),
    ];
    await vi.waitFor(() => expect(bad.map((id) => client.stream(id).reset)).toEqual([3, 3, 3, 3, 3]));
  });

  test('half a pair is given up after 30 seconds', async () => {
    answer = shouting;
    const client = await forward();
    const error = await client.open({ streamtype: 'error', port: '80', requestid: '4' });
    await vi.waitFor(() => expect(client.stream(error).replied).toBe(true));
    await simulation.run(31_000);
    await vi.waitFor(() => expect(client.stream(error)).toMatchObject({ ended: true }));
    expect(client.stream(error).text).toContain('timed out waiting for streams of request 4');
  });

  test('a reset, or the end of the client, ends the connection into the cluster', async () => {
    answer = (request) =>
      request.url.includes('?') ? new Response(new ReadableStream()) : new Response(null, { status: 204 });
    const [near, far] = duplexPair();
    const upgraded = {
      target: `${pod}/portforward`,
      headers: new Headers(),
      socket: far,
      head: Buffer.of(),
      handler,
      clock,
    };
    const served = servePortForward(upgraded, far);
    const client = new SpdyClient(near);
    const first = await pair(client, '80', '0');
    await pair(client, '80', '1');
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    client.socket.write(controlFrame(types.rstStream, 0, first.data, 5));
    await vi.waitFor(() => expect(asked[0]?.over).toBe(true));
    expect(asked[1]?.over).toBe(false);
    client.socket.end();
    await served;
    await vi.waitFor(() => expect(asked[1]?.over).toBe(true));
  });
});
