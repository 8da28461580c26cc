// The worker of one node's computer, a child of the node's worker: they live and die together.

import type { EmulatorPort, EmulatorReport, EmulatorRequest } from '../src/machine/emulator-messages.ts';
import { serveEmulator } from '../src/machine/emulator-thread.ts';
import { compileTranslationsAtOnce } from '../src/machine/guest-code.ts';

compileTranslationsAtOnce();
serveEmulator(globalThis as unknown as EmulatorPort<EmulatorReport, EmulatorRequest>);
