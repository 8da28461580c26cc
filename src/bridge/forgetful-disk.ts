// The disk of a store that need not outlive its process: takes every write and keeps nothing.
//
// Invariant: nothing is ever there to be read, so each member on it starts empty.

import type { Disk } from '../env/disk.ts';

export function forgetfulDisk(): Disk {
  return {
    async openLog() {
      let last = 0;
      return {
        read: async () => [],
        append: async () => ++last,
        dropBefore: async () => {},
        dropFrom: async () => {},
        close: () => {},
      };
    },
    get: async () => undefined,
    put: async () => {},
    delete: async () => {},
    list: async () => [],
    wipe: async () => {},
  };
}
