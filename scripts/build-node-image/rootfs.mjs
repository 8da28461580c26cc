// The node's root file system as an initramfs: Debian's programs and their libraries, and our agent.

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addBusyboxLinks, addPrograms, cpio, Tree } from './archive.mjs';
import { cached, images, program, recipeHash, say } from './context.mjs';
import { unpackBusybox, unpackPackages } from './debian.mjs';

const node = join(images, 'node');

/** Debian's packages, unpacked: a directory with `tree/` and `packages.json`. Kept apart so that a change of the agent fetches nothing. */
function fetchPackages(recipe) {
  const names = [...new Set([...Object.keys(recipe.programs), ...recipe.libraries, ...Object.keys(recipe.files)])];
  return cached(
    'node-packages',
    recipeHash(['scripts/build-node-image/debian.mjs'], recipe.suite, ...names),
    async (out) => {
      const versions = await unpackPackages(recipe.suite, names, join(out, 'tree'));
      versions.push(...(await unpackBusybox(join(out, 'tree'))));
      writeFileSync(join(out, 'packages.json'), JSON.stringify(versions));
    },
  );
}

/** Resolves with a directory that holds `initramfs.cpio`, `packages.json` and the two BIOS images. */
export async function buildRootfs(recipe) {
  const packages = await fetchPackages(recipe);
  const hash = recipeHash(
    ['images/node', 'scripts/build-node-image/rootfs.mjs', 'scripts/build-node-image/archive.mjs'],
    packages,
  );
  const directory = await cached('rootfs', hash, async (out) => {
    say('rootfs', 'compiling the agent');
    const work = mkdtempSync(join(tmpdir(), 'drydock-rootfs-'));
    try {
      const compile = (output, ...args) =>
        program('gcc', [
          '-m32',
          '-march=i686',
          '-O2',
          '-Wall',
          '-Wextra',
          '-Werror',
          '-s',
          '-o',
          join(work, output),
          ...args,
        ]);
      const agent = join(node, 'agent');
      await compile(
        'agent',
        '-static',
        ...readdirSync(agent)
          .filter((name) => name.endsWith('.c'))
          .map((name) => join(agent, name)),
      );
      await compile(
        'libsystemd.so.0',
        '-shared',
        '-fPIC',
        '-nostdlib',
        '-Wl,-soname,libsystemd.so.0',
        `-Wl,--version-script=${join(node, 'stub-systemd.map')}`,
        join(node, 'stub-systemd.c'),
      );
      const base = join(packages, 'tree');
      const tree = new Tree();
      for (const path of [
        '/bin',
        '/dev',
        '/etc',
        '/lib',
        '/newroot',
        '/proc',
        '/root',
        '/sbin',
        '/sys',
        '/usr/bin',
        '/usr/sbin',
        '/var/lib',
        '/var/log',
      ])
        tree.directory(path);
      const provided = new Map([['libsystemd.so.0', readFileSync(join(work, 'libsystemd.so.0'))]]);
      addPrograms(tree, base, ['/bin/busybox', ...Object.values(recipe.programs).flat()], provided);
      addBusyboxLinks(tree, base);
      for (const name of [
        'iptables',
        'iptables-save',
        'iptables-restore',
        'ip6tables',
        'ip6tables-save',
        'ip6tables-restore',
      ])
        tree.link(`/usr/sbin/${name}`, 'xtables-nft-multi');
      for (const name of recipe.xtables)
        tree.file(
          `/usr/lib/i386-linux-gnu/xtables/${name}.so`,
          readFileSync(join(base, 'usr/lib/i386-linux-gnu/xtables', `${name}.so`)),
        );
      for (const path of Object.values(recipe.files).flat()) tree.file(path, readFileSync(join(base, path)));
      tree.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n');
      tree.file('/etc/group', 'root:x:0:\nnogroup:x:65534:\n');
      tree.file('/etc/hosts', '127.0.0.1 localhost\n');
      tree.file('/etc/resolv.conf', '');
      tree.file(
        '/etc/os-release',
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm), Drydock node"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
      );
      tree.file('/etc/profile', "PS1='\\u@\\h:\\w\\$ '\n");
      tree.link('/usr/local', '.');
      tree.file('/init', readFileSync(join(work, 'agent')), 0o755);
      tree.file('/sbin/node-start', readFileSync(join(node, 'start.sh')), 0o755);
      writeFileSync(join(out, 'initramfs.cpio'), cpio(tree));
      copyFileSync(join(packages, 'packages.json'), join(out, 'packages.json'));
      copyFileSync('/usr/share/seabios/bios.bin', join(out, 'bios.bin'));
      copyFileSync('/usr/share/seabios/vgabios-stdvga.bin', join(out, 'vgabios.bin'));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return directory;
}
