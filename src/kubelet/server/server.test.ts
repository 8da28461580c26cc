import { describe, expect, test } from 'vitest';
import { pods } from '../../client/resources.ts';
import { channelStreamType, channels, decodeFrames, encodeFrame } from '../../env/streams.ts';
import { boundPod, NodeWorld } from '../testing/node-world.ts';

let shared: Promise<NodeWorld> | undefined;

/** A node with one pod that printed four lines, one that restarted and one whose image is missing. */
function world(): Promise<NodeWorld> {
  shared ??= (async () => {
    const world = await NodeWorld.start();
    await world.node('node-1', { hollow: { images: ['busybox'] } });
    const script = 'echo one; echo two >&2; sleep 5; echo three; echo four; sleep 1000';
    await world.create(pods, boundPod('talk', { command: ['sh', '-c', script] }));
    await world.create(pods, boundPod('again', { command: ['sh', '-c', 'echo a life; exit 1'] }));
    await world.create(pods, boundPod('absent', { image: 'nothing-like-it' }));
    await world.until('talk', (pod) => pod.status?.phase === 'Running');
    await world.simulation.run(30_000);
    return world;
  })();
  return shared;
}

async function get(
  path: string,
  init?: RequestInit,
): Promise<{ code: number; text: string; bytes: Uint8Array; type: string | null }> {
  const at = await world();
  return at.call(
    (async () => {
      const response = await at.user.network.fetch(`http://node-1:10250${path}`, init);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return {
        code: response.status,
        text: new TextDecoder().decode(bytes),
        bytes,
        type: response.headers.get('content-type'),
      };
    })(),
  );
}

async function frames(bytes: Uint8Array) {
  const out: { channel: number; text: string }[] = [];
  for await (const { channel, payload } of decodeFrames(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()))
    out.push({ channel, text: new TextDecoder().decode(payload) });
  return out;
}

function post(...body: Uint8Array[]): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': channelStreamType },
    body: new Blob(body as Uint8Array<ArrayBuffer>[]).stream(),
    duplex: 'half',
  } as RequestInit;
}

describe('logs', () => {
  const logs = (query: string, pod = 'talk') => get(`/containerLogs/default/${pod}/main${query}`);

  test('whole, by tail, by bytes, by stream, with timestamps', async () => {
    expect((await logs('')).text).toBe('one\ntwo\nthree\nfour\n');
    expect((await logs('?tailLines=2')).text).toBe('three\nfour\n');
    expect((await logs('?tailLines=0')).text).toBe('');
    expect((await logs('?limitBytes=6')).text).toBe('one\ntw');
    expect((await logs('?stream=Stderr')).text).toBe('two\n');
    expect((await logs('?timestamps=true&tailLines=1')).text).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z four\n$/);
    expect((await logs('?sinceSeconds=10')).text).toBe('');
    expect((await logs('?sinceSeconds=3600')).text).toBe('one\ntwo\nthree\nfour\n');
  });

  test('of the attempt before', async () => {
    expect((await logs('?previous=true', 'again')).text).toBe('a life\n');
    expect(await logs('?previous=true')).toMatchObject({
      code: 400,
      text: 'previous terminated container "main" in pod "talk" not found',
    });
  });

  test('that are not there', async () => {
    expect(await logs('', 'nobody')).toMatchObject({ code: 404, text: 'pod "nobody" not found' });
    expect((await get('/containerLogs/default/talk/other')).code).toBe(404);
    expect(await logs('', 'absent')).toMatchObject({
      code: 400,
      text: 'container "main" in pod "absent" is waiting to start: trying and failing to pull image',
    });
    expect((await logs('?tailLines=x')).code).toBe(400);
  });
});

describe('exec', () => {
  test('plays what it can and ends with a status', async () => {
    const answer = await get(
      '/exec/default/talk/main?command=sh&command=-c&command=echo+hi%3B+exit+3&stdout=true&stderr=true',
      post(),
    );
    expect(answer.type).toBe(channelStreamType);
    const [out, error] = await frames(answer.bytes);
    expect(out).toEqual({ channel: channels.stdout, text: 'hi\n' });
    expect(error?.channel).toBe(channels.error);
    expect(JSON.parse(error?.text ?? '')).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('says that nothing runs on a hollow node', async () => {
    const answer = await get(
      '/exec/default/talk/main?command=bash&stdin=true&tty=false',
      post(encodeFrame(channels.stdin, 'ls\n')),
    );
    const all = await frames(answer.bytes);
    expect(all[0]).toMatchObject({ channel: channels.stderr, text: expect.stringContaining('this is a hollow node') });
    expect(JSON.parse(all.at(-1)?.text ?? '').details.causes[0].message).toBe('126');
  });

  test('needs a command and a running container', async () => {
    expect((await get('/exec/default/talk/main', post())).code).toBe(400);
    expect((await get('/exec/default/talk/other?command=true', post())).code).toBe(404);
    expect((await get('/exec/default/absent/main?command=true', post())).code).toBe(404);
  });
});

test('port-forward and dial end with the reason why they cannot connect', async () => {
  for (const path of ['/portForward/default/talk?port=80', '/dial?host=10.96.0.1&port=443']) {
    const [error] = await frames((await get(path, post())).bytes);
    expect(error).toMatchObject({ channel: channels.error, text: expect.stringContaining('hollow node') });
  }
  expect((await get('/dial?port=443', post())).code).toBe(400);
  expect((await get('/dial?host=10.96.0.1&port=99999', post())).code).toBe(400);
});

test('health, pods, statistics, unknown paths', async () => {
  expect(await get('/healthz')).toMatchObject({ code: 200, text: 'ok' });
  expect(JSON.parse((await get('/pods')).text).items).toHaveLength(3);
  const summary = JSON.parse((await get('/stats/summary')).text);
  expect(summary.node.nodeName).toBe('node-1');
  expect(summary.pods.map((pod: { podRef: { name: string } }) => pod.podRef.name)).toEqual(['talk']);
  expect((await get('/nonsense')).code).toBe(404);
  expect((await get('/%E0%A4%A')).code).toBeGreaterThanOrEqual(400);
});
