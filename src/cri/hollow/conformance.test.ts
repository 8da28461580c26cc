import { Simulation } from '../../env/simulated/simulation.ts';
import { testContainerRuntime } from '../conformance.ts';
import { createHollowNode } from './index.ts';

testContainerRuntime(
  'hollow',
  async () => {
    const simulation = new Simulation({ seed: 1 });
    const { runtime, os } = createHollowNode(simulation.env('node-1'), { images: ['busybox', 'nginx:1.27'] });
    return { runtime, os, pass: (milliseconds: number) => simulation.run(milliseconds) };
  },
  { processes: false, timeout: 5000 },
);
