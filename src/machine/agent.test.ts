// The agent's page side against a pretended guest that speaks frames.

import { beforeEach, describe, expect, test } from 'vitest';
import { collect } from '../env/bytes.ts';
import { Agent, exitCodeOf } from './agent.ts';
import { AgentError } from './agent-stream.ts';
import {
  type AgentFrame,
  decodeList,
  decodeUint32,
  encodeAgentFrame,
  encodeList,
  encodeUint32,
  FrameReader,
  frameTypes,
} from './frames.ts';

let agent: Agent;
let received: AgentFrame[];
let pieces: number;
let largest: number;
let busy: number;

beforeEach(() => {
  received = [];
  pieces = 0;
  largest = 0;
  busy = 0;
  const reader = new FrameReader((frame) => received.push(frame));
  agent = new Agent({
    send: (bytes) => {
      pieces++;
      largest = Math.max(largest, bytes.length);
      reader.push(bytes);
    },
    busy: (change) => {
      busy += change;
    },
  });
});

const answer = (stream: number, type: number, payload?: Uint8Array) =>
  agent.receive(encodeAgentFrame(stream, type, payload));
const acknowledge = (count: number) => answer(0, frameTypes.ack, encodeUint32(count));
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe('Agent', () => {
  test('never has more than 14 pieces of 4096 bytes under way', async () => {
    const stream = agent.open(['write', 'path', '/x']);
    void stream.write(new Uint8Array(200_000));
    await turn();
    expect(pieces).toBe(14);
    expect(largest).toBeLessThanOrEqual(4096);
    acknowledge(3);
    expect(pieces).toBe(17);
    for (let i = 0; i < 20; i++) {
      acknowledge(14);
      await turn();
    }
    const sent = received
      .filter(({ type }) => type === frameTypes.data)
      .reduce((sum, { payload }) => sum + payload.length, 0);
    expect(sent).toBe(200_000);
  });

  test('a stream sends no more than its window until it is granted more', async () => {
    const stream = agent.open(['exec', 'arg', 'cat', 'stdin', '1']);
    const all = stream.write(new Uint8Array(300 * 1024));
    for (let i = 0; i < 40; i++) {
      acknowledge(14);
      await turn();
    }
    const sent = () =>
      received.filter(({ type }) => type === frameTypes.data).reduce((sum, { payload }) => sum + payload.length, 0);
    expect(sent()).toBe(256 * 1024);
    answer(1, frameTypes.credit, encodeUint32(64 * 1024));
    for (let i = 0; i < 20; i++) {
      acknowledge(14);
      await turn();
    }
    await all;
    expect(sent()).toBe(300 * 1024);
  });

  test('run collects both outputs and the exit code', async () => {
    const run = agent.run({ command: ['sh', '-c', 'x'], env: ['A=1'], timeout: 5 });
    expect(decodeList(received[0]?.payload ?? new Uint8Array())).toEqual([
      'exec',
      'arg',
      'sh',
      'arg',
      '-c',
      'arg',
      'x',
      'env',
      'A=1',
      'timeout',
      '5',
    ]);
    answer(1, frameTypes.started, encodeList(['pid', '42']));
    answer(1, frameTypes.data, new TextEncoder().encode('out'));
    answer(1, frameTypes.dataErr, new TextEncoder().encode('err'));
    answer(1, frameTypes.result, encodeList(['ok', 'signal', '9', 'timeout', '1']));
    const { stdout, stderr, exitCode, timedOut } = await run;
    expect(new TextDecoder().decode(stdout)).toBe('out');
    expect(new TextDecoder().decode(stderr)).toBe('err');
    expect({ exitCode, timedOut }).toEqual({ exitCode: 137, timedOut: true });
  });

  test('credit is given for what a reader took, and only for that', async () => {
    const stream = agent.open(['exec', 'arg', 'yes']);
    answer(1, frameTypes.data, new Uint8Array(1000));
    answer(1, frameTypes.data, new Uint8Array(500));
    await turn();
    const credits = () =>
      received.filter(({ type }) => type === frameTypes.credit).map(({ payload }) => decodeUint32(payload));
    expect(credits()).toEqual([]);
    const reader = stream.stdout.getReader();
    await reader.read();
    expect(credits()).toEqual([1000]);
    await reader.cancel();
    expect(credits()).toEqual([1000, 500]);
    answer(1, frameTypes.data, new Uint8Array(7));
    expect(credits()).toEqual([1000, 500, 7]);
  });

  test('what came before the end can be read after it', async () => {
    const stream = agent.open(['log', 'path', '/x'], true);
    answer(1, frameTypes.data, new TextEncoder().encode('line\n'));
    answer(1, frameTypes.result, encodeList(['ok']));
    await stream.result;
    expect(new TextDecoder().decode(await collect(stream.stdout))).toBe('line\n');
  });

  test('a refusal carries errno and words; started rejects with it', async () => {
    const stream = agent.open(['tcp', 'host', '10.0.0.1', 'port', '1']);
    answer(1, frameTypes.result, encodeList(['error', '111', 'connect: Connection refused']));
    await expect(stream.result).rejects.toBeInstanceOf(AgentError);
    await expect(stream.started).rejects.toMatchObject({ errno: 111, message: 'connect: Connection refused' });
  });

  test('busy while a call lasts; a container only until it started; a follower not at all', async () => {
    const call = agent.batch(['mkdir', '/x', '755']);
    const container = agent.open(['container', 'id', 'c'], 'started');
    agent.open(['log', 'path', '/x', 'follow', '1'], true);
    expect(busy).toBe(2);
    answer(1, frameTypes.result, encodeList(['ok']));
    await call;
    answer(container.id, frameTypes.started, encodeList(['pid', '9']));
    await container.started;
    await turn();
    expect(busy).toBe(0);
  });

  test('read tells missing files from empty ones', async () => {
    const read = agent.read(['/a', '/b', '/c']);
    const item = (bytes: Uint8Array) => answer(1, frameTypes.data, bytes);
    item(encodeUint32(2));
    item(Uint8Array.of(1, 2));
    item(encodeUint32(0xffffffff));
    item(encodeUint32(0));
    answer(1, frameTypes.result, encodeList(['ok']));
    expect(await read).toEqual([Uint8Array.of(1, 2), undefined, new Uint8Array(0)]);
  });

  test('when the machine stops every stream ends, and no new one begins', async () => {
    const stream = agent.open(['exec', 'arg', 'sleep']);
    agent.abandon(new Error('the machine was stopped'));
    await expect(stream.result).rejects.toThrow('the machine was stopped');
    await expect(agent.batch(['mkdir', '/x', '755'])).rejects.toThrow('the machine was stopped');
    expect(busy).toBe(0);
  });
});

test('exit codes are those of a shell', () => {
  expect(exitCodeOf(new Map([['exit', '3']]))).toBe(3);
  expect(exitCodeOf(new Map([['signal', '15']]))).toBe(143);
});
