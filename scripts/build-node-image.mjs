// Builds the Linux worker node: kernel, root file system, container images, and a snapshot of a booted, warmed machine.
//
//   node scripts/build-node-image.mjs        called by npm start when public/node is missing, and by npm test
//
// Leaves public/node (manifest.json last) and public/images, both ignored by git. Every part is kept in a cache by the hash of its recipe, so a second
// clone copies and an agent change recompiles no kernel. On Debian 12 as root it builds here; else with Docker in a Debian container (docker.mjs says what can
// be set); else it says so and ends with 0, and the page runs on hollow nodes.

import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildContainerImages } from './build-node-image/container-images.mjs';
import { cache, cached, images, locked, program, recipeHash, root, say, sha256 } from './build-node-image/context.mjs';
import { hasApt, installTools } from './build-node-image/debian.mjs';
import { buildInDocker, buildsHere, whyNoDocker } from './build-node-image/docker.mjs';
import { buildKernel } from './build-node-image/kernel.mjs';
import { buildRootfs } from './build-node-image/rootfs.mjs';
import { bundle } from './lib/bundle.mjs';

const publicDirectory = join(root, 'public');
const recipe = JSON.parse(readFileSync(join(images, 'node', 'packages.json'), 'utf8'));
const wasmPath = join(root, 'node_modules', 'v86', 'build', 'v86.wasm');

/** A hash over everything that goes into the image. */
const everything = () =>
  recipeHash(
    ['images', 'scripts/build-node-image', 'src/machine/emulator.ts', 'src/machine/agent.ts', 'src/machine/frames.ts'],
    sha256(readFileSync(wasmPath)),
  );

/** The installed image's version, or undefined. */
function installed() {
  const manifest = join(publicDirectory, 'node', 'manifest.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

async function buildSnapshot(kernel, rootfs, layouts, snapshotProgram) {
  const hash = recipeHash(
    ['scripts/build-node-image/snapshot.ts', 'src/machine/emulator.ts', 'src/machine/frames.ts'],
    kernel,
    rootfs,
    layouts,
    sha256(readFileSync(wasmPath)),
    JSON.stringify(recipe),
  );
  return cached('snapshot', hash, async (out) => {
    const state = join(out, 'state.bin');
    const parts = [
      join(kernel, 'bzImage'),
      join(rootfs, 'initramfs.cpio'),
      join(rootfs, 'bios.bin'),
      join(rootfs, 'vgabios.bin'),
      wasmPath,
      layouts,
      String(recipe.memoryMiB),
      recipe.preload.join(','),
      state,
    ];
    say('snapshot', 'booting the node');
    await program(process.execPath, [snapshotProgram, ...parts], {
      line: (text) => say('snapshot', text),
    });
    say('snapshot', 'compressing');
    writeFileSync(`${state}.gz`, gzipSync(readFileSync(state), { level: 6 }));
    rmSync(state);
  });
}

/** Puts the parts together under a temporary name and moves them into place, the manifest last. */
function install(version, { kernel, rootfs, layouts, snapshot }) {
  const place = join(publicDirectory, 'node');
  const next = `${place}.next`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  const put = (name, from) => {
    cpSync(from, join(next, name));
    return { name, size: statSync(from).size, sha256: sha256(readFileSync(from)) };
  };
  const facts = JSON.parse(readFileSync(join(snapshot, 'state.bin.json'), 'utf8'));
  const { source } = JSON.parse(readFileSync(join(kernel, 'kernel.json'), 'utf8'));
  const index = JSON.parse(readFileSync(join(layouts, 'index.json'), 'utf8'));
  const manifest = {
    version,
    memoryMiB: recipe.memoryMiB,
    kernelVersion: facts.kernel,
    osImage: 'Debian GNU/Linux 12 (bookworm)',
    runtimeVersion: /version (\S+)/.exec(facts.crun)?.[1] ?? 'unknown',
    files: {
      state: put('state.bin.gz', join(snapshot, 'state.bin.gz')),
      bios: put('bios.bin', join(rootfs, 'bios.bin')),
      vgaBios: put('vgabios.bin', join(rootfs, 'vgabios.bin')),
      wasm: put('v86.wasm', wasmPath),
    },
    packages: [
      { name: recipe.kernel.package, version: source },
      ...JSON.parse(readFileSync(join(rootfs, 'packages.json'), 'utf8')),
      ...JSON.parse(readFileSync(join(layouts, 'packages.json'), 'utf8')),
    ],
    preloaded: index.manifests
      .filter(({ annotations: a }) =>
        recipe.preload.some((wanted) =>
          a['dev.drydock.tags']
            .split(' ')
            .some((tag) => `${a['org.opencontainers.image.base.name'].split('/').pop()}:${tag}` === wanted),
        ),
      )
      .map(({ digest }) => digest),
  };
  const imagesNext = join(publicDirectory, 'images.next');
  rmSync(imagesNext, { recursive: true, force: true });
  cpSync(layouts, imagesNext, { recursive: true });
  rmSync(join(publicDirectory, 'images'), { recursive: true, force: true });
  renameSync(imagesNext, join(publicDirectory, 'images'));
  rmSync(place, { recursive: true, force: true });
  renameSync(next, place);
  writeFileSync(join(place, 'manifest.json.next'), JSON.stringify(manifest, null, 1));
  renameSync(join(place, 'manifest.json.next'), join(place, 'manifest.json'));
  const total = Object.values(manifest.files).reduce((sum, file) => sum + file.size, 0);
  say('image', `ready: ${(total / 1048576).toFixed(1)} MiB in public/node, kernel ${manifest.kernelVersion}`);
}

/** Makes the parts that the cache does not have, on Debian, and writes down in the file `record` which directories they are in. */
async function makeParts(snapshotProgram, record) {
  await installTools().catch((error) => {
    throw new Error(`the build tools could not be installed from Debian's package sources:\n${error.message}`);
  });
  const layouts = await buildContainerImages();
  const rootfs = await buildRootfs(recipe);
  const kernel = await buildKernel(recipe.kernel);
  const snapshot = await buildSnapshot(kernel, rootfs, layouts, snapshotProgram);
  writeFileSync(record, JSON.stringify({ kernel, rootfs, layouts, snapshot }));
}

/** The directories of the parts, if the record of an earlier build is there and they still are too. */
function partsOf(record) {
  if (!existsSync(record)) return undefined;
  const parts = JSON.parse(readFileSync(record, 'utf8'));
  return Object.values(parts).every((directory) => existsSync(directory)) ? parts : undefined;
}

async function main() {
  const version = everything();
  if (installed() === version) {
    say('image', 'public/node is up to date');
    return;
  }
  const record = join(cache, `parts-${version}.json`);
  const osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const here = buildsHere({ arch: process.arch, isRoot: process.getuid?.() === 0, hasApt: hasApt(), osRelease });
  const why = here || partsOf(record) ? undefined : whyNoDocker();
  if (why) {
    console.log(why);
    return;
  }
  await locked(async () => {
    if (installed() === version) return;
    if (!partsOf(record)) {
      // plain JavaScript, made here: a container has another system's programs than those in node_modules
      const snapshotProgram = await bundle('scripts/build-node-image/snapshot.ts');
      if (here) await makeParts(snapshotProgram, record);
      else await buildInDocker(['--parts', snapshotProgram, record]);
    }
    const parts = partsOf(record);
    if (!parts) throw new Error(`the parts are not in ${cache}: is this folder shared with Docker?`);
    install(version, parts);
  });
}

const [mode, ...args] = process.argv.slice(2);
const inContainer = mode === '--parts'; // started by buildInDocker: fills the cache, no more
try {
  await (inContainer ? makeParts(...args) : main());
} catch (error) {
  const what = error instanceof Error ? error.message : error;
  console.error(inContainer ? what : `building the node image failed: ${what}`);
  process.exitCode = 1;
}
