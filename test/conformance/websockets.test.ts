// Plain WebSockets against a control plane over HTTPS, as dashboards and the official conformance tests open them: exec, logs and watches.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type Headless, startHeadless } from '../../src/bridge/headless.ts';
import { plainCluster } from './plain-cluster.ts';

let cluster: Headless;
const namespace = '/api/v1/namespaces/default';

beforeAll(async () => {
  cluster = await startHeadless(plainCluster);
  await until(async () => (await call('GET', `${namespace}/serviceaccounts/default`)).status === 200);
  const container = { name: 'main', image: 'busybox', command: ['sh', '-c', 'echo hello; sleep 3600'] };
  await call('POST', `${namespace}/pods`, { metadata: { name: 'talker' }, spec: { containers: [container] } });
  await until(async () => (await (await call('GET', `${namespace}/pods/talker`)).json()).status.phase === 'Running');
}, 60_000);

afterAll(() => cluster?.stop());

function call(method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${cluster.adminToken}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  return cluster.handle(new Request(`http://kube-apiserver:6443${path}`, init));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come about');
}

interface Opened {
  protocol: string;
  /** Text frames as they came, binary ones as their bytes in latin1. */
  messages: string[];
  /** Whether each message came as text. */
  text: boolean[];
  closed: Promise<number>;
  close(): void;
}

/** Opens a WebSocket; rejects with the code and body of an answer in plain HTTP. */
function open(path: string, protocols: string[] = [], token = cluster.adminToken): Promise<Opened> {
  const socket = new WebSocket(cluster.url.replace('https', 'wss') + path, protocols, {
    ca: cluster.caBundle,
    headers: { authorization: `Bearer ${token}` },
  });
  const messages: string[] = [];
  const text: boolean[] = [];
  socket.on('message', (data, binary) => {
    messages.push((data as Buffer).toString('latin1'));
    text.push(!binary);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  return new Promise((resolve, reject) => {
    socket.on('open', () =>
      resolve({ protocol: socket.protocol, messages, text, closed, close: () => socket.close() }),
    );
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)));
    });
  });
}

describe('exec', () => {
  const path = (command: string) => `${namespace}/pods/talker/exec?stdout=1&stderr=1&${command}`;

  test('channel.k8s.io and no protocol at all: output on channel 1, silence about success, text about failure', async () => {
    for (const protocols of [['channel.k8s.io'], []]) {
      const good = await open(path('command=echo&command=hi'), protocols);
      expect(await good.closed).toBe(1000);
      expect(good.protocol).toBe(protocols[0] ?? '');
      expect(good.messages).toEqual(['\x01hi\n', '\x03']);
      const bad = await open(path('command=sh&command=-c&command=exit+7'), protocols);
      await bad.closed;
      expect(bad.messages.at(-1)).toMatch(/^\x03command terminated with non-zero exit code: .*7$/);
    }
  });

  test('v4.channel.k8s.io and v5.channel.k8s.io: a Status ends it', async () => {
    for (const protocol of ['v4.channel.k8s.io', 'v5.channel.k8s.io']) {
      const bad = await open(path('command=sh&command=-c&command=exit+7'), [protocol]);
      await bad.closed;
      const status = bad.messages.find((message) => message.startsWith('\x03'))?.slice(1) ?? '';
      expect(JSON.parse(status)).toMatchObject({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: '7' }] },
      });
    }
  });

  test('is refused before the upgrade', async () => {
    await expect(open(path('command=ls'), ['v9.channel.k8s.io'])).rejects.toThrow('400');
    await expect(open(path('command=ls'), ['v5.channel.k8s.io'], 'nobody')).rejects.toThrow('401');
    const gone = path('command=ls').replace('talker', 'gone');
    await expect(open(gone, ['v5.channel.k8s.io'])).rejects.toThrow('pods \\"gone\\" not found');
  });
});

describe('logs', () => {
  const path = `${namespace}/pods/talker/log?container=main`;

  test('come as binary messages after an empty one, or in base64', async () => {
    for (const [protocols, decode] of [
      [[], (text: string) => text],
      [['binary.k8s.io'], (text: string) => text],
      [['base64.binary.k8s.io'], (text: string) => atob(text)],
    ] as const) {
      const log = await open(path, [...protocols]);
      expect(await log.closed).toBe(1000);
      expect(log.protocol).toBe(protocols[0] ?? '');
      expect(log.messages[0]).toBe('');
      expect(log.messages.map(decode).join('')).toBe('hello\n');
      expect(new Set(log.text)).toEqual(new Set([protocols[0] === 'base64.binary.k8s.io']));
    }
  });

  test('that cannot be had are refused in HTTP', async () => {
    await expect(open(path.replace('main', 'other'))).rejects.toThrow('container other is not valid for pod talker');
  });
});

describe('watches', () => {
  test('send an event a message, as text, until the client goes', async () => {
    const watch = await open(`${namespace}/configmaps?watch=true&fieldSelector=metadata.name%3Dseen`);
    await call('POST', `${namespace}/configmaps`, { metadata: { name: 'seen' }, data: { ship: 'Größe' } });
    await call('DELETE', `${namespace}/configmaps/seen`);
    await until(async () => watch.messages.length >= 2);
    const events = watch.messages.map((text) => JSON.parse(Buffer.from(text, 'latin1').toString()));
    expect(events.map(({ type, object }) => [type, object.metadata.name, object.data.ship])).toEqual([
      ['ADDED', 'seen', 'Größe'],
      ['DELETED', 'seen', 'Größe'],
    ]);
    expect(watch.text).toEqual([true, true]);
    watch.close();
    await watch.closed;
  });

  test('end with the server’s time-out', async () => {
    const watch = await open(`${namespace}/secrets?watch=true&timeoutSeconds=1`);
    expect(await watch.closed).toBe(1000);
  });

  test('what does not stream is answered in HTTP', async () => {
    await expect(open(`${namespace}/configmaps`)).rejects.toThrow(/^200 \{"kind":"ConfigMapList"/);
    await expect(open(`${namespace}/nothing?watch=true`)).rejects.toThrow('404');
  });
});
