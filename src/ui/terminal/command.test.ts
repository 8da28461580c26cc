import { expect, test } from 'vitest';
import type { KubectlIo } from '../../kubectl/io.ts';
import { Command } from './command.ts';

function start(program: (io: KubectlIo) => Promise<number>) {
  let shown = '';
  const command = new Command({
    write: (data) => {
      shown += typeof data === 'string' ? data : new TextDecoder().decode(data);
    },
    columns: () => 80,
    rows: () => 24,
  });
  const code = command.run((_line: string, io) => program(io), '', {} as KubectlIo);
  return { command, code, shown: () => shown };
}

const readAll = async (io: KubectlIo) => {
  io.stdout(`read ${JSON.stringify(await new Response(io.stdin).text())}`);
  return 0;
};

test('lines go to stdin, echoed and editable, until Ctrl-D on an empty line', async () => {
  const { command, code, shown } = start(readAll);
  command.input('onf\x7fe\rtwo\r');
  command.input('\x04');
  expect(await code).toBe(0);
  expect(shown()).toBe('onf\b \be\r\ntwo\r\nread "one\\ntwo\\n"');
  expect(command.unread()).toBe('');
});

test('what a command never read is kept for the prompt after it', async () => {
  let finish = (_code: number) => {};
  const { command, code } = start(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  command.input('get pods\rget no');
  finish(0);
  await code;
  expect(command.unread()).toBe('get pods\rget no');
});

test('a command that reads once leaves the rest', async () => {
  let finish = () => {};
  const { command, code } = start(async (io) => {
    const reader = io.stdin!.getReader();
    io.stdout(new TextDecoder().decode((await reader.read()).value));
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return 3;
  });
  command.input('y\r');
  await new Promise((resolve) => setTimeout(resolve, 0));
  command.input('next\r');
  finish();
  expect(await code).toBe(3);
  expect(command.unread()).toBe('next\r');
});

test('Ctrl-C aborts, ends stdin and forgets what was typed', async () => {
  const { command, code, shown } = start(async (io) => {
    await new Promise((resolve) => io.signal?.addEventListener('abort', resolve));
    return (await new Response(io.stdin).text()) === '' ? 130 : 0;
  });
  command.input('lost\rlost too\x03');
  expect(await code).toBe(130);
  expect(shown()).toContain('^C');
  expect(command.unread()).toBe('');
});

test('in raw mode every key is sent as it is', async () => {
  const { command, code, shown } = start(async (io) => {
    io.tty?.setRaw?.(true);
    const reader = io.stdin!.getReader();
    const { value } = await reader.read();
    io.stdout(JSON.stringify(new TextDecoder().decode(value)));
    return 0;
  });
  command.input('\x03\x1b[A');
  await code;
  expect(shown()).toBe('"\\u0003\\u001b[A"');
});
