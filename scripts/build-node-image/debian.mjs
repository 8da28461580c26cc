// Debian packages: the build tools on this machine, and i386 packages in a private apt state that leaves the machine's own alone.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, program, say } from './context.mjs';

export const hasApt = () => existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;

const tools = {
  gcc: '/usr/bin/gcc',
  make: '/usr/bin/make',
  flex: '/usr/bin/flex',
  bison: '/usr/bin/bison',
  bc: '/usr/bin/bc',
  lz4: '/usr/bin/lz4',
  'xz-utils': '/usr/bin/xz',
  binutils: '/usr/bin/readelf',
  seabios: '/usr/share/seabios/bios.bin',
  'linux-source-6.1': '/usr/src/linux-source-6.1.tar.xz',
  'libc6-dev-i386': '/usr/include/gnu/stubs-32.h',
  'gcc-multilib': '/usr/share/doc/gcc-multilib',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
};

/** Installs what the build needs on this machine, if anything is missing. */
export async function installTools() {
  const missing = Object.entries(tools)
    .filter(([, path]) => !existsSync(path))
    .map(([name]) => name);
  if (missing.length === 0) return;
  say('tools', `installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=600'];
  await program('apt-get', [...wait, 'update', '-qq'], { env });
  await program('apt-get', [...wait, 'install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

const updated = new Set();

/** The mirror that this machine uses for Debian's main archive. */
function mirror() {
  const files = ['/etc/apt/sources.list'];
  if (existsSync('/etc/apt/sources.list.d'))
    for (const name of readdirSync('/etc/apt/sources.list.d')) files.push(join('/etc/apt/sources.list.d', name));
  for (const file of files) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const found = /https?:\/\/[^\s#]+\/debian\/?(?=\s)/.exec(text);
    if (found && !found[0].includes('security')) return found[0];
  }
  throw new Error('no Debian mirror in /etc/apt');
}

/**
 * Downloads i386 packages of a suite and unpacks them into `directory`.
 * Resolves with their names and versions, in the given order.
 */
export async function unpackPackages(suite, names, directory) {
  if (names.length === 0) return [];
  const state = join(cache, `apt-${suite}-i386`);
  for (const part of ['lists/partial', 'archives/partial', 'debs']) mkdirSync(join(state, part), { recursive: true });
  writeFileSync(join(state, 'status'), '');
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(join(state, 'sources.list'), `deb [signed-by=${key}] ${mirror()} ${suite} main\n`);
  const settings = {
    'APT::Architecture': 'i386',
    'APT::Architectures': 'i386',
    'APT::Sandbox::User': 'root',
    'Dir::State': state,
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
  };
  const apt = (args) =>
    program('apt-get', [...Object.entries(settings).flatMap(([k, v]) => ['-o', `${k}=${v}`]), ...args], {
      cwd: join(state, 'debs'),
    });
  say('packages', `fetching ${names.length} of ${suite} (i386)`);
  if (!updated.has(suite)) await apt(['update', '-qq']);
  updated.add(suite);
  await apt(['download', '-qq', ...names]);
  const files = readdirSync(join(state, 'debs'));
  const versions = [];
  mkdirSync(directory, { recursive: true });
  for (const name of names) {
    const candidates = files.filter((file) => file.startsWith(`${name}_`));
    let newest;
    for (const file of candidates) {
      const path = join(state, 'debs', file);
      const version = (await program('dpkg-deb', ['-f', path, 'Version'])).trim();
      const later =
        newest &&
        (await program('dpkg', ['--compare-versions', version, 'gt', newest.version]).then(
          () => true,
          () => false,
        ));
      if (!newest || later) newest = { path, version };
    }
    if (!newest) throw new Error(`package ${name} was not downloaded`);
    await program('dpkg-deb', ['-x', newest.path, directory]);
    versions.push({ name, version: newest.version });
  }
  return versions;
}

/**
 * Unpacks the busybox that the node and all images share. It is trixie's, static: bookworm's crashes on `wget -T`, which the Kubernetes docs tell people to
 * type.
 */
export const unpackBusybox = (directory) => unpackPackages('trixie', ['busybox-static'], directory);
