import { describe, expect, test } from 'vitest';
import { Simulation } from '../env/simulated/simulation.ts';
import type { Trace } from '../env/trace.ts';
import { Conductor } from './conductor.ts';

/** A process in a simulation under a conductor, with a loop that passes one gate a second. */
function looping(names: string[]) {
  const conductor = new Conductor();
  const simulation = new Simulation({ onArrived: (process, id, record) => conductor.arrived(process, id, record) });
  const passed: string[] = [];
  const start = (name: string) => {
    const env = simulation.env(name);
    const trace = simulation.gates(name)!;
    conductor.attach(name, { hold: (gates) => trace.hold(gates), release: (id) => trace.release(id) });
    const loop = async (t: Trace) => {
      const held = t.gate({ gate: 'reconcile', will: name });
      if (held) await held;
      passed.push(name);
      env.clock.after(1000, () => void loop(t));
    };
    env.clock.after(1000, () => void loop(env.trace));
  };
  names.forEach(start);
  return { conductor, simulation, passed, start };
}

describe('Conductor', () => {
  test('lets everything pass while it is not pausing', async () => {
    const { simulation, passed } = looping(['a', 'b']);
    await simulation.run(3500);
    expect(passed).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('pause holds, step lets exactly one through, resume all', async () => {
    const { conductor, simulation, passed } = looping(['a', 'b']);
    conductor.pause();
    await simulation.run(5000);
    expect(passed).toEqual([]);
    expect(conductor.state.waiting.map((gate) => gate.event.will)).toEqual(['a', 'b']);
    conductor.step();
    await simulation.run(10);
    expect(passed).toEqual(['a']);
    const second = conductor.state.waiting.find((gate) => gate.event.component === 'b')!;
    expect(conductor.step(second.id)).toBe(second);
    await simulation.run(10);
    expect(passed).toEqual(['a', 'b']);
    expect(conductor.state.steps).toBe(2);
    expect(conductor.step()).toBeUndefined();
    conductor.resume();
    await simulation.run(3000);
    expect(passed.length).toBeGreaterThan(4);
  });

  test('holds only the gates it was asked to hold', async () => {
    const { conductor, simulation, passed } = looping(['a']);
    conductor.pause(['bind']);
    await simulation.run(2500);
    expect(passed.length).toBe(2);
  });

  test('a process that dies takes its waiting gates along; a new one is held as well', async () => {
    const { conductor, simulation, passed, start } = looping(['a']);
    conductor.pause();
    await simulation.run(2000);
    expect(conductor.state.waiting.length).toBe(1);
    simulation.kill('a');
    conductor.detach('a');
    expect(conductor.state.waiting).toEqual([]);
    start('a');
    await simulation.run(2000);
    expect(passed).toEqual([]);
    expect(conductor.state.waiting.length).toBe(1);
  });
});
