import { expect, test } from 'vitest';
import { AgentError } from '../../machine/agent-stream.ts';
import { dialError, logLines } from './process.ts';

const encode = (text: string) => new TextEncoder().encode(text);

async function lines(text: string, chunk: number) {
  const bytes = encode(text);
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunk) controller.enqueue(bytes.subarray(at, at + chunk));
      controller.close();
    },
  });
  const out = [];
  for await (const line of logLines(source)) out.push({ ...line, content: new TextDecoder().decode(line.content) });
  return out;
}

const file = [
  '2026-11-21T01:02:03.000000004Z stdout F hello wörld',
  '2026-11-21T01:02:03.000000005Z stderr P a long li',
  '2026-11-21T01:02:03.000000006Z stderr F ne',
  'not a log line',
  '2026-11-21T01:02:03.000000007Z stdout F ',
  '',
].join('\n');

test.each([1, 7, 64, 4096])(
  'log lines in chunks of %i bytes: pieces have no newline, malformed lines are left out',
  async (chunk) => {
    expect(await lines(file, chunk)).toEqual([
      { timestamp: '2026-11-21T01:02:03.000000004Z', stream: 'stdout', content: 'hello wörld\n' },
      { timestamp: '2026-11-21T01:02:03.000000005Z', stream: 'stderr', content: 'a long li' },
      { timestamp: '2026-11-21T01:02:03.000000006Z', stream: 'stderr', content: 'ne\n' },
      { timestamp: '2026-11-21T01:02:03.000000007Z', stream: 'stdout', content: '\n' },
    ]);
  },
);

test('why a dial failed, in the words of Go', () => {
  expect(dialError(new AgentError(111, 'connect: Connection refused'), '10.244.1.5', 80)).toBe(
    'dial tcp 10.244.1.5:80: connect: connection refused',
  );
  expect(dialError(new AgentError(110, 'connect: Connection timed out'), '10.0.0.1', 1)).toBe(
    'dial tcp 10.0.0.1:1: i/o timeout',
  );
  expect(dialError(new AgentError(5, 'read: Input/output error'), 'h', 1)).toBe(
    'dial tcp h:1: read: Input/output error',
  );
});
