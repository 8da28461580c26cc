// Small pod configurations for tests, each with a uid of its own.

import { plainSandbox } from '../../plain-config.ts';
import type { PodSandboxConfig } from '../../runtime.ts';

let serial = 0;

export function sandboxConfig(name: string, change: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  serial++;
  return plainSandbox(name, `00000000-0000-4000-9000-${String(serial).padStart(12, '0')}`, change);
}
