// A machine whose computer is behind a port, as in the page; here both ends are in one thread.

import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmulatorPort, EmulatorReport, EmulatorRequest } from './emulator-messages.ts';
import { serveEmulator } from './emulator-thread.ts';
import { Machine } from './machine.ts';
import { type EmulatorThread, remoteEmulator } from './remote-emulator.ts';
import { builtImage, imageIsBuilt, notBuilt } from './testing/image.ts';

let closed = 0;
const threads = remoteEmulator(() => {
  const { port1, port2 } = new MessageChannel();
  serveEmulator(port2 as unknown as EmulatorPort<EmulatorReport, EmulatorRequest>);
  const thread = port1 as unknown as EmulatorThread;
  return Object.assign(thread, {
    close: () => {
      closed++;
      port2.close();
    },
  });
});

describe.skipIf(!imageIsBuilt)(
  imageIsBuilt ? 'a computer behind a port' : `a computer behind a port (${notBuilt})`,
  { timeout: 60_000 },
  () => {
    let machine: Machine;
    const frames: Uint8Array[] = [];
    beforeAll(async () => {
      machine = await Machine.boot({
        image: await builtImage(),
        createEmulator: threads,
        onFrames: (batch) => frames.push(...batch),
      });
    }, 60_000);
    afterAll(() => machine?.stop());

    const shell = async (script: string) => {
      const result = await machine.agent.run({
        command: ['sh', '-c', script],
        env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      });
      return new TextDecoder().decode(result.stdout) + new TextDecoder().decode(result.stderr);
    };

    test('runs programs, also with more output than one message holds', async () => {
      expect(await shell('echo $((6 * 7))')).toBe('42\n');
      const { stdout } = await machine.agent.run({ command: ['/bin/busybox', 'seq', '1', '30000'] });
      expect(new TextDecoder().decode(stdout)).toBe(Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join(''));
    });

    test('sends and takes Ethernet frames', async () => {
      const before = frames.length;
      await shell('ip link set eth0 up; ip addr add 10.9.0.1/24 dev eth0; ping -c 1 -W 1 10.9.0.2');
      const arp = frames.slice(before).find((frame) => frame[12] === 0x08 && frame[13] === 0x06) as Uint8Array;
      expect([...arp.subarray(38, 42)]).toEqual([10, 9, 0, 2]);
      const reply = arp.slice();
      const mac = [2, 0, 0, 0, 0, 9];
      reply.set(arp.subarray(6, 12), 0);
      reply.set(mac, 6);
      reply[21] = 2;
      reply.set([...mac, 10, 9, 0, 2], 22);
      reply.set([...arp.subarray(6, 12), 10, 9, 0, 1], 32);
      machine.receiveFrames([reply]);
      expect(await shell('sleep 0.2; ip neigh show 10.9.0.2')).toContain('02:00:00:00:00:09');
    });

    test('unpacks layers, and says why it cannot', async () => {
      const layer = await packTar([{ header: { name: 'hello', size: 2 }, body: 'hi' }]);
      const path = await machine.files.unpack('layer', layer);
      expect(await shell(`cat ${path}/hello`)).toBe('hi');
      const bad = await packTar([{ header: { name: '../hello', size: 2 }, body: 'hi' }]);
      await expect(machine.files.unpack('bad', bad)).rejects.toThrow('leaves the layer');
    });

    test('paused, its time stands still, and a call makes it run for as long as it takes', async () => {
      const before = machine.clock.now();
      await shell('sleep 0.3');
      expect(machine.clock.now()).toBeGreaterThanOrEqual(before + 300);
      await machine.pause();
      const paused = machine.clock.now();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(machine.clock.now()).toBe(paused);
      expect(await shell('echo awake')).toBe('awake\n');
      await machine.pause();
      expect(machine.clock.now()).toBeGreaterThan(paused);
      machine.resume();
      expect(await shell('echo on')).toBe('on\n');
    });

    test('stopped, calls fail and the thread is ended', async () => {
      const call = expect(shell('sleep 100')).rejects.toThrow('the machine was stopped');
      await machine.stop();
      await call;
      expect(closed).toBe(1);
    });

    test('a computer that cannot be built says why', async () => {
      const image = await builtImage();
      await expect(
        Machine.boot({ image: { ...image, wasm: new ArrayBuffer(8) }, createEmulator: threads }),
      ).rejects.toThrow(/wasm|WebAssembly/i);
      expect(closed).toBe(2);
    });
  },
);
