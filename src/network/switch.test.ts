import { beforeEach, describe, expect, test } from 'vitest';
import { Simulation } from '../env/simulated/simulation.ts';
import { packFrames, unpackFrames } from './frames.ts';
import { EthernetSwitch, type TappedFrame } from './switch.ts';

const mac = (n: number) => [0x02, 0x42, 0xac, 0x12, 0, n];
const broadcast = [255, 255, 255, 255, 255, 255];
const frame = (to: number[], from: number[], ...payload: number[]) => Uint8Array.of(...to, ...from, 8, 0, ...payload);

describe('frame batches', () => {
  test('survive packing', () => {
    const frames = [frame(mac(1), mac(2), 1, 2, 3), frame(mac(3), mac(4)), new Uint8Array(1514).fill(7)];
    expect(unpackFrames(packFrames(frames))).toEqual(frames);
    expect(unpackFrames(packFrames([]))).toEqual([]);
  });

  test('a batch that is cut short gives the whole frames before the cut', () => {
    const batch = packFrames([frame(mac(1), mac(2), 9), frame(mac(1), mac(2), 8)]);
    expect(unpackFrames(batch.subarray(0, batch.length - 1))).toEqual([frame(mac(1), mac(2), 9)]);
  });
});

describe('EthernetSwitch', () => {
  const names = ['node-1', 'node-2', 'node-3'];
  let simulation: Simulation;
  let ends: { ethernet: EthernetSwitch; got: Uint8Array[] }[];
  const settle = () => simulation.run(1000);
  const takeAll = () => ends.map(({ got }) => got.splice(0).length);

  beforeEach(() => {
    simulation = new Simulation({ seed: 1 });
    ends = names.map((name) => {
      const got: Uint8Array[] = [];
      const ethernet = new EthernetSwitch(simulation.env(name).network, {
        name,
        peers: names,
        deliver: (frames) => got.push(...frames),
      });
      return { ethernet, got };
    });
  });

  test('floods what it does not know, then sends to the one place', async () => {
    ends[0]?.ethernet.send([frame(mac(2), mac(1))]);
    await settle();
    expect(takeAll()).toEqual([0, 1, 1]);
    ends[1]?.ethernet.send([frame(mac(1), mac(2))]);
    await settle();
    expect(takeAll()).toEqual([1, 0, 0]);
    ends[0]?.ethernet.send([frame(mac(2), mac(1))]);
    await settle();
    expect(takeAll()).toEqual([0, 1, 0]);
    expect(ends[0]?.ethernet.counters.flooded).toBe(1);
  });

  test('broadcasts reach all but the sender', async () => {
    ends[2]?.ethernet.send([frame(broadcast, mac(3)), frame(broadcast, mac(3))]);
    await settle();
    expect(takeAll()).toEqual([2, 2, 0]);
  });

  test('an address moves when it shows up elsewhere', async () => {
    ends[1]?.ethernet.send([frame(broadcast, mac(9))]);
    await settle();
    expect(ends[0]?.ethernet.locate('02:42:ac:12:00:09')).toBe('node-2');
    ends[2]?.ethernet.send([frame(broadcast, mac(9))]);
    await settle();
    expect(ends[0]?.ethernet.locate('02:42:ac:12:00:09')).toBe('node-3');
  });

  test('a cut peer neither gets nor gives, until it is healed', async () => {
    ends[0]?.ethernet.cut('node-2');
    ends[0]?.ethernet.send([frame(broadcast, mac(1))]);
    ends[1]?.ethernet.send([frame(broadcast, mac(2))]);
    await settle();
    expect(takeAll()).toEqual([0, 0, 2]);
    ends[0]?.ethernet.heal('node-2');
    ends[0]?.ethernet.send([frame(broadcast, mac(1))]);
    await settle();
    expect(takeAll()).toEqual([0, 1, 1]);
  });

  test('a tap sees both directions and may keep what it sees', async () => {
    const seen: TappedFrame[] = [];
    const untap = ends[0]?.ethernet.tap((tapped) => seen.push(tapped));
    const original = frame(mac(2), mac(1), 5);
    ends[0]?.ethernet.send([original]);
    original.fill(0);
    ends[1]?.ethernet.send([frame(mac(1), mac(2), 6)]);
    await settle();
    expect(seen.map(({ from, to }) => ({ from, to }))).toEqual([
      { from: 'node-1', to: ['node-2', 'node-3'] },
      { from: 'node-2', to: ['node-1'] },
    ]);
    expect(seen[0]?.frame).toEqual(frame(mac(2), mac(1), 5));
    untap?.();
    ends[0]?.ethernet.send([frame(mac(2), mac(1))]);
    await settle();
    expect(seen).toHaveLength(2);
  });

  test('runts and foreign messages are dropped', async () => {
    ends[0]?.ethernet.send([Uint8Array.of(1, 2, 3)]);
    await settle();
    expect(takeAll()).toEqual([0, 0, 0]);
  });
});
