// npm run serve: the control plane without a browser (src/bridge/serve.ts), bundled for a quick start.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, ensureGenerated, root } from './lib/run.mjs';

await ensureDependencies();
if (!existsSync(join(root, 'src', 'api', 'generated', 'schema.ts'))) await ensureGenerated();
const { bundle } = await import('./lib/bundle.mjs');
await import(pathToFileURL(await bundle('src/bridge/serve.ts')).href);
