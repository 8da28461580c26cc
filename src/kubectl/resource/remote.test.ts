import { expect, test } from 'vitest';
import { channels, decodeFrames, encodeFrame } from '../../env/streams.ts';
import { runKubectl } from '../index.ts';
import type { KubectlIo } from '../io.ts';
import { podsTerminal, textOf } from '../testing/pods-server.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { containers: [{ name: 'app' }, { name: 'side' }] },
  status: { phase: 'Running' },
};

/** A server that answers exec with what its input was, and the exit code that the input names. */
function terminal(over: Partial<KubectlIo> = {}) {
  const { io, seen: printed } = podsTerminal(async (path, init) => {
    if (!/\/(exec|attach)/.test(path)) return Response.json(pod);
    seen.path = path;
    const input = init?.body as ReadableStream<Uint8Array>;
    const output = new ReadableStream<Uint8Array>({
      async start(controller) {
        for await (const { channel, payload } of decodeFrames(input)) {
          seen.frames.push([channel, channel === channels.close ? String(payload[0]) : textOf(payload)]);
          if (channel === channels.stdin) controller.enqueue(encodeFrame(channels.stdout, `got ${textOf(payload)}`));
          if (channel === channels.close) break;
        }
        controller.enqueue(encodeFrame(channels.stderr, 'bye\n'));
        const causes = [{ reason: 'ExitCode', message: '3' }];
        const failed = {
          kind: 'Status',
          status: 'Failure',
          reason: 'NonZeroExitCode',
          message: 'exit 3',
          details: { causes },
        };
        controller.enqueue(encodeFrame(channels.error, JSON.stringify(failed)));
        controller.close();
      },
    });
    return new Response(output);
  });
  const seen = Object.assign(printed, { path: '', frames: [] as [number, string][] });
  const stdin = new Blob(['hello']).stream() as ReadableStream<Uint8Array>;
  return { io: { ...io, stdin, ...over }, seen };
}

test('exec joins stdin, stdout and stderr, and ends with the exit code of the command', async () => {
  const { io, seen } = terminal();
  expect(await runKubectl('exec -i p -- sh -c "exit 3"', io)).toBe(3);
  expect(seen.out).toBe('got hello');
  expect(seen.err).toBe('Defaulted container "app" out of: app, side\nbye\ncommand terminated with exit code 3\n');
  expect(seen.path).toBe(
    '/api/v1/namespaces/default/pods/p/exec?command=sh&command=-c&command=exit+3&container=app&stdin=true&stdout=true&stderr=true',
  );
  expect(seen.frames).toEqual([
    [channels.stdin, 'hello'],
    [channels.close, '0'],
  ]);
});

test('with -t the terminal is raw meanwhile, and its size is sent', async () => {
  const raw: boolean[] = [];
  const tty = { columns: 80, rows: 24, onResize: () => () => {}, setRaw: (on: boolean) => void raw.push(on) };
  const { io, seen } = terminal({ tty });
  expect(await runKubectl('exec -it p -c side -- sh', io)).toBe(3);
  expect(raw).toEqual([true, false]);
  expect(seen.frames[0]).toEqual([channels.resize, '{"Width":80,"Height":24}']);
  expect(seen.path).toContain('container=side&stdin=true&stdout=true&tty=true');
});

test('without a terminal -t is said to be impossible', async () => {
  const { io, seen } = terminal();
  await runKubectl('exec -it p -c app -- sh', io);
  expect(seen.err).toContain('Unable to use a TTY - input is not a terminal or the right kind of file\n');
});

test('attach uses a terminal only where the process has one', async () => {
  const raw: boolean[] = [];
  const tty = { columns: 80, rows: 24, onResize: () => () => {}, setRaw: (on: boolean) => void raw.push(on) };
  const { io, seen } = terminal({ tty });
  await runKubectl('attach -it p -c app', io);
  expect(seen.err).toMatch(
    /^error: Unable to use a TTY - container app did not allocate one\nAll commands and output from this session will be recorded.*\nIf you don't see a command prompt, try pressing enter.\n/,
  );
  expect(raw).toEqual([]);
  expect(seen.path).toBe('/api/v1/namespaces/default/pods/p/attach?container=app&stdin=true&stdout=true&stderr=true');
});

test('a container that is not there', async () => {
  const { io, seen } = terminal();
  expect(await runKubectl('exec p -c nope -- sh', io)).toBe(1);
  expect(seen.err).toBe('error: container nope not found in pod p\n');
});
