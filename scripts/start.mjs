// npm start: from a fresh clone to the page in the browser. Installs, builds the page, serves it, and meanwhile builds the node image if it is missing;
// the page runs on hollow nodes until the image is there and takes the Linux nodes in by itself.
//
//   npm start [-- --port=4173] [-- --host=127.0.0.1]

import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bin, ensureDependencies, ensureGenerated, must, root, run } from './lib/run.mjs';

const option = (name, fallback) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback;
const port = Number(option('port', process.env.PORT ?? '4173'));
const host = option('host', '127.0.0.1');

await ensureDependencies();
await ensureGenerated();
console.log('building the page ...');
// v86 names Node's modules, which a browser does not have and v86 does not use there: not a newcomer's worry
await must(bin('vite'), ['build', '--logLevel=error']);

const { preview } = await import('vite');
const server = await preview({ root, logLevel: 'warn', preview: { port, host, strictPort: false } });
const address = server.resolvedUrls?.local[0] ?? `http://${host}:${port}/`;
console.log(`\n  Drydock is at ${address}\n`);

if (!existsSync(join(root, 'public', 'node', 'manifest.json'))) {
  console.log('  The Linux node image is not there yet: until it is built, the page runs on hollow nodes.\n');
  const code = await run('node', [join('scripts', 'build-node-image.mjs')]);
  if (code === 0 && existsSync(join(root, 'public', 'node', 'manifest.json'))) {
    publish('images');
    publish('node');
    console.log('\n  The Linux nodes are ready: the page takes them in by itself.\n');
  } else if (code !== 0) {
    console.log('\n  The node image could not be built; the page goes on with hollow nodes.\n');
  }
}

/** Puts a folder of public/ into the served site, whole or not at all. */
function publish(folder) {
  const target = join(root, 'dist', folder);
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  cpSync(join(root, 'public', folder), fresh, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}
