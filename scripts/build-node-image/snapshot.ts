// Boots the node once under Node.js, warms what every container start needs, and saves the machine's state.
//
//   tsx snapshot.ts <kernel> <initramfs> <bios> <vga bios> <v86.wasm> <images directory> <memory MiB> <images to preload, comma-separated> <out>

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { streamOf } from '../../src/env/bytes.ts';
import { Agent } from '../../src/machine/agent.ts';
import { createEmulator } from '../../src/machine/emulator.ts';

const [
  kernel = '',
  initrd = '',
  bios = '',
  vgaBios = '',
  wasm = '',
  imagesDirectory = '',
  memory = '',
  preload = '',
  out = '',
] = process.argv.slice(2);
const memoryMiB = Number(memory);
const started = Date.now();
const say = (words: string) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s: ${words}`);
const file = (path: string): ArrayBuffer => {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};

// memmap: SeaBIOS would keep the top 12-16 MiB for itself
const commandLine = [
  'console=ttyS0 rdinit=/sbin/node-start mitigations=off nowatchdog random.trust_cpu=on tsc=reliable cgroup_no_v1=all lsm=capability audit=0',
  'init_on_alloc=0 rcupdate.rcu_expedited=1 nokaslr nosmp lapic noapic quiet ipv6.disable_ipv6=1',
  `memmap=exactmap memmap=639K@0 memmap=${memoryMiB - 1}M@1M`,
].join(' ');

let console_ = '';
let onReady = () => {};
const ready = new Promise<void>((resolve) => {
  onReady = resolve;
});
let agent: Agent | undefined;
const emulator = await createEmulator(
  {
    memoryMiB,
    wasm: file(wasm),
    bios: file(bios),
    vgaBios: file(vgaBios),
    start: { kernel: file(kernel), initrd: file(initrd), commandLine },
  },
  {
    onAgentBytes: (bytes) => agent?.receive(bytes),
    onConsole: (text) => {
      console_ = (console_ + text).slice(-8000);
      if (process.env.DRYDOCK_CONSOLE) process.stdout.write(text);
      if (console_.endsWith('agent: ready')) onReady();
    },
  },
);
agent = new Agent({ send: (bytes) => emulator.sendAgentBytes(bytes), busy: () => {} });
const guest = agent;
emulator.run();
const limit = setTimeout(() => {
  console.error(`the node did not boot:\n${console_}`);
  process.exit(1);
}, 600_000);
await ready;
say('booted');

async function shell(script: string): Promise<string> {
  const result = await guest.run({ command: ['sh', '-c', script], env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] });
  const text = new TextDecoder().decode(result.stdout) + new TextDecoder().decode(result.stderr);
  if (result.exitCode !== 0) throw new Error(`exit ${result.exitCode}: ${script}\n${text}\n${console_}`);
  return text;
}

// layers of popular images, unpacked where cri/v86 looks for them
interface Descriptor {
  digest: string;
  annotations?: Record<string, string>;
}
const blob = (digest: string) => readFileSync(join(imagesDirectory, 'blobs', 'sha256', digest.slice(7)));
const index = JSON.parse(readFileSync(join(imagesDirectory, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
for (const wanted of preload.split(',').filter(Boolean)) {
  const [name, tag] = wanted.split(':') as [string, string];
  const found = index.manifests.find(
    ({ annotations }) =>
      annotations?.['org.opencontainers.image.base.name']?.endsWith(`/${name}`) &&
      annotations['dev.drydock.tags']?.split(' ').includes(tag),
  );
  if (!found) throw new Error(`image ${wanted} is not there`);
  const manifest = JSON.parse(blob(found.digest).toString()) as { config: Descriptor; layers: Descriptor[] };
  const config = JSON.parse(blob(manifest.config.digest).toString()) as { rootfs: { diff_ids: string[] } };
  for (const [i, layer] of manifest.layers.entries()) {
    const directory = `/var/lib/images/${(config.rootfs.diff_ids[i] as string).slice(7)}`;
    await guest.untar(directory, streamOf(gunzipSync(blob(layer.digest))));
    // the same bytes as the node's own busybox: keep one copy
    await shell(`cmp -s /bin/busybox ${directory}/bin/busybox && ln -f /bin/busybox ${directory}/bin/busybox; true`);
  }
  say(`${wanted} unpacked`);
}

// warm the page cache and the dentries of what starts containers
const layer = `/var/lib/images/${await shell('ls /var/lib/images | head -1').then((text) => text.trim())}`;
const spec = {
  ociVersion: '1.0.2',
  process: { terminal: false, user: { uid: 0, gid: 0 }, args: ['true'], env: ['PATH=/bin'], cwd: '/' },
  root: { path: 'rootfs', readonly: false },
  hostname: 'warm',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
  ],
  linux: {
    cgroupsPath: '/kubepods/warm',
    namespaces: ['pid', 'ipc', 'uts', 'mount', 'network', 'cgroup'].map((type) => ({ type })),
  },
};
await guest.batch([
  'mkdir',
  '/tmp/w/rootfs',
  '755',
  'mkdir',
  '/tmp/w/upper',
  '755',
  'mkdir',
  '/tmp/w/work',
  '755',
  'mount',
  'overlay',
  '/tmp/w/rootfs',
  'overlay',
  `lowerdir=${layer},upperdir=/tmp/w/upper,workdir=/tmp/w/work`,
  'file',
  '/tmp/w/config.json',
  '644',
  JSON.stringify(spec),
]);
for (let i = 0; i < 2; i++) {
  const items = ['container', 'id', 'warm', 'bundle', '/tmp/w', 'log', '/tmp/w/log', 'cgroup', '/kubepods/warm'];
  const end = await guest.open(items).result;
  if (end.get('exit') !== '0') throw new Error(`the first container failed: ${JSON.stringify([...end])}`);
  await guest.batch(['remove', '/run/crun/warm', 'rmdir', '/sys/fs/cgroup/kubepods/warm']);
}
await shell('nft list tables; iptables -V > /dev/null');
await guest.batch(['umount', '/tmp/w/rootfs', 'remove', '/tmp/w']);
const version = await shell('crun --version | head -1; uname -r');
// the smaller the state, the faster it loads: give back caches of what is not needed and clear what is free
await shell(
  "sync; echo 1 > /proc/sys/vm/compact_memory 2> /dev/null; mkdir /tmp/z; mount -t tmpfs -o size=95% z /tmp/z; free=$(awk '/MemFree/{print int($2/1024)-4}' /proc/meminfo); dd if=/dev/zero of=/tmp/z/z bs=1M count=$free 2> /dev/null; umount /tmp/z; rmdir /tmp/z",
);
say(`warm; ${(await shell('awk \'/MemFree|MemAvailable/{printf "%s %d MiB  ", $1, $2/1024}\' /proc/meminfo')).trim()}`);
await new Promise((resolve) => setTimeout(resolve, 300));
await emulator.stop();
const state = await emulator.save();
writeFileSync(out, new Uint8Array(state));
writeFileSync(`${out}.json`, JSON.stringify({ crun: version.split('\n')[0], kernel: version.split('\n')[1] }));
say(`saved ${(state.byteLength / 1048576).toFixed(1)} MiB`);
clearTimeout(limit);
process.exit(0);
