// The conformance suite of runtimes on a real emulated node: real processes, namespaces, limits. Skipped where the node image is not built.

import { describe, test } from 'vitest';
import { imageIsBuilt, notBuilt } from '../../machine/testing/image.ts';
import { testContainerRuntime } from '../conformance.ts';
import { startTestNodes } from './testing/node.ts';

if (imageIsBuilt)
  testContainerRuntime(
    'v86',
    async () => {
      const [node] = await startTestNodes(1);
      if (!node) throw new Error('no node');
      const { machine, runtime, os } = node;
      return {
        runtime,
        os,
        pass: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
        close: () => machine.stop(),
      };
    },
    { timeout: 60_000 },
  );
else describe(`container runtime: v86 (${notBuilt})`, () => test.skip('conformance', () => {}));
